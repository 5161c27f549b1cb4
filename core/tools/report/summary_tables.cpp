#include "tools/report/summary_tables.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "config/joined.h"
#include "display/format.h"
#include "senet/error.h"

namespace senet {

namespace {

struct MethodRow {
  std::string method;
  std::map<std::string, const MeasuredCell*> best;  // by budget
  std::vector<const Result*> results;
};

// All cells of one data set and model.
struct Compared {
  const MeasuredCell* first;
  std::vector<MethodRow> rows;
  std::vector<std::pair<int64_t, std::string>> budgets;  // ReLUs, as they were asked for
  size_t results = 0;
};

void add(Compared& compared, const MeasuredCell& cell) {
  const std::string& method = cell.first().method;
  auto row = std::find_if(compared.rows.begin(), compared.rows.end(),
                          [&](const MethodRow& one) { return one.method == method; });
  if (row == compared.rows.end()) row = compared.rows.insert(row, {method, {}, {}});
  const MeasuredCell*& best = row->best[cell.budget()];
  if (!best || best->accuracy().mean < cell.accuracy().mean) best = &cell;
  row->results.insert(row->results.end(), cell.results.begin(), cell.results.end());
  const std::pair budget(cell.first().budget, cell.budget());
  if (std::find(compared.budgets.begin(), compared.budgets.end(), budget) == compared.budgets.end())
    compared.budgets.push_back(budget);
  compared.results += cell.results.size();
}

std::vector<Compared> compared_cells(const Evidence& evidence) {
  std::vector<Compared> all;
  for (const MeasuredCell& cell : evidence.cells()) {
    auto at = std::find_if(all.begin(), all.end(), [&](const Compared& one) {
      return one.first->data() == cell.data() && one.first->variant() == cell.variant();
    });
    if (at == all.end()) at = all.insert(at, {&cell, {}, {}, 0});
    add(*at, cell);
  }
  std::stable_sort(all.begin(), all.end(), [](const Compared& a, const Compared& b) { return a.results > b.results; });
  for (Compared& compared : all) std::sort(compared.budgets.begin(), compared.budgets.end());
  return all;
}

std::string device_of(const Environment& environment) {
  if (!environment.gpu.empty()) return environment.gpu;
  return environment.cpu.empty() ? environment.device : environment.cpu;
}

}  // namespace

std::vector<Table> best_of_methods(const Evidence& evidence) {
  std::vector<Table> tables;
  for (const Compared& compared : compared_cells(evidence)) {
    const Result& first = compared.first->first();
    const std::string what = evidence.data_set(first).title + ", " + first.model.variant;
    Table table{"best " + std::to_string(tables.size() + 1), "The best of each method by budget: " + what, {}, {}, {}};
    table.columns = {name_column("method")};
    for (const auto& [relus, budget] : compared.budgets)
      table.columns.emplace_back("acc % at " + budget + (budget.back() == '%' ? " (n)" : " ReLUs (n)"));
    for (const MethodRow& row : compared.rows) {
      std::vector<Table::Cell> cells = {row.method};
      for (const auto& [relus, budget] : compared.budgets) {
        const auto best = row.best.find(budget);
        cells.push_back(best == row.best.end() ? Table::Cell(kNone) : mean_cell(best->second->accuracy()));
        if (best != row.best.end()) cells.back().addition = " " + best->second->label();
      }
      table.rows.push_back({table.name + "/" + slug(row.method), std::move(cells), row.results});
    }
    table.remarks.emplace_back(
        "Of all cells that share method and budget, the one with the highest test accuracy, whose label stands below "
        "it: "
        "a first look. The tables below compare like with like.");
    tables.push_back(std::move(table));
  }
  return tables;
}

Table where_it_ran(const Evidence& evidence) {
  Table table{"runs", "What was run where", {}, {}, {}};
  table.columns = {name_column("experiment"),
                   "results",
                   "cells",
                   "seeds",
                   "image passes, millions",
                   "hours of training",
                   "device",
                   "threads",
                   "precision",
                   "LibTorch",
                   "last finished"};
  std::map<std::string, std::vector<const Result*>> experiments;
  for (const Result& result : evidence.results()) experiments[result.folder()].push_back(&result);
  for (const auto& [name, results] : experiments) {
    std::set<std::string> cells, devices, threads, precisions, libraries;
    std::set<int64_t> seeds;
    std::map<std::string, std::pair<double, double>> phases;  // shared ones once: seconds, image passes
    std::string last;
    for (const Result* result : results) {
      cells.insert(result->label + " " + result->budget_asked);
      seeds.insert(result->seed);
      precisions.insert(result->precision);
      last = std::max(last, result->finished);
      for (const ResultPhase& phase : result->phases) {
        phases[phase.key] = {phase.training_seconds, static_cast<double>(phase.image_passes.value_or(0))};
        for (const Environment& environment : phase.environments()) {
          devices.insert(device_of(environment));
          threads.insert(std::to_string(environment.threads));
          libraries.insert(environment.libtorch);
        }
      }
    }
    double seconds = 0, passes = 0;
    for (const auto& [key, of_phase] : phases) seconds += of_phase.first, passes += of_phase.second;
    table.rows.push_back(
        {"runs/" + slug(name),
         {name, count_cell(static_cast<int64_t>(results.size())), count_cell(static_cast<int64_t>(cells.size())),
          count_cell(static_cast<int64_t>(seeds.size())), number_cell(passes * 1e-6, 1), number_cell(seconds / 3600, 1),
          joined(devices, "; "), joined(threads, ", "), joined(precisions, ", "), joined(libraries, ", "),
          last.substr(0, 10)},
         results});
  }
  table.remarks.emplace_back("Trainings that results of an experiment share are counted once.");
  return table;
}

}  // namespace senet
