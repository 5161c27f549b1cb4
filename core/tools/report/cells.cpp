#include "tools/report/cells.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "config/format.h"
#include "senet/error.h"

namespace senet {

namespace {

int64_t relus_of(const MeasuredCell& cell) { return cell.first().at("budget").value("relus", int64_t{0}); }

// What results of one cell and budget have in common, whatever the seed.
Json identity(const Result& result) {
  const Json& json = result.json;
  const Json& dataset = json.at("dataset");
  return {{"cell.method", json.at("cell").value("method", Json())},
          {"budget.relus", json.at("budget").value("relus", Json())},
          {"dataset.fingerprint", dataset.value("fingerprint", Json())},
          {"dataset.train", dataset.value("train", Json())},
          {"dataset.test", dataset.value("test", Json())},
          {"model.variant", json.at("model").value("variant", Json())},
          {"precision", json.value("precision", Json())},
          {"deviations", json.value("deviations", Json())}};
}

// Settings that say where files lie and how often work is saved, which change no number.
bool without_effect(const std::string& setting) {
  for (const char* name : {".path", ".packed", ".memory", ".checkpoint_seconds"}) {
    const std::string ending = name;
    if (setting.size() > ending.size() && setting.compare(setting.size() - ending.size(), ending.size(), ending) == 0)
      return true;
  }
  return false;
}

void check_same_cell(const Result& a, const Result& b) {
  const auto same = [&](const std::string& name, const Json& x, const Json& y) {
    if (x != y) {
      fail_usage(a.file.string(), " and ", b.file.string(), " are of one cell and budget but differ in ", name, ": ",
                 x.dump(), " and ", y.dump(), "; run both again with the same settings, or remove one");
    }
  };
  const Json ours = identity(a), theirs = identity(b);
  for (const auto& [name, value] : ours.items()) same(name, value, theirs.at(name));
  // One side may be of a version that has more options.
  const Json &left = a.json.at("settings"), &right = b.json.at("settings");
  for (const auto& [name, value] : left.items()) {
    if (right.contains(name) && !without_effect(name)) same(name, value, right.at(name));
  }
  if (a.json.at("seed") == b.json.at("seed")) {
    fail_usage(a.file.string(), " and ", b.file.string(), " are the same cell, budget and seed twice; remove one");
  }
}

}  // namespace

Summary summary(const std::vector<double>& values) {
  Summary summary{static_cast<int64_t>(values.size()), 0, std::numeric_limits<double>::quiet_NaN()};
  const auto n = static_cast<double>(values.size());
  for (const double value : values) summary.mean += value / n;
  if (values.size() < 2) return summary;
  double squares = 0;
  for (const double value : values) squares += (value - summary.mean) * (value - summary.mean);
  summary.deviation = std::sqrt(squares / (n - 1));
  return summary;
}

std::string text_of(const Summary& summary, int digits) {
  const std::string spread = summary.n > 1 ? " ± " + fixed(summary.deviation, digits) : "";
  return fixed(summary.mean, digits) + spread + " (" + std::to_string(summary.n) + ")";
}

Summary MeasuredCell::over_seeds(const std::string& section, const std::string& name, double factor) const {
  std::vector<double> values;
  for (const Result* result : results) values.push_back(factor * result->json.at(section).at(name).get<double>());
  return summary(values);
}

std::vector<MeasuredCell> measured_cells(const std::vector<Result>& results) {
  std::vector<MeasuredCell> cells;
  std::map<std::vector<std::string>, size_t> index;
  for (const Result& result : results) {
    MeasuredCell one{{&result}};
    const auto [at, added] = index.try_emplace({one.experiment(), one.label(), one.budget()}, cells.size());
    if (added) {
      cells.push_back(std::move(one));
      continue;
    }
    MeasuredCell& cell = cells[at->second];
    for (const Result* other : cell.results) check_same_cell(*other, result);
    cell.results.push_back(&result);
  }
  for (MeasuredCell& cell : cells) {
    std::sort(cell.results.begin(), cell.results.end(), [](const Result* a, const Result* b) {
      return a->json.at("seed").get<int64_t>() < b->json.at("seed").get<int64_t>();
    });
  }
  // Labels keep the order in which they came; a label's budgets ascend.
  std::map<std::pair<std::string, std::string>, size_t> place;
  for (const MeasuredCell& cell : cells) place.try_emplace({cell.experiment(), cell.label()}, place.size());
  std::stable_sort(cells.begin(), cells.end(), [&](const MeasuredCell& a, const MeasuredCell& b) {
    return std::pair(place.at({a.experiment(), a.label()}), relus_of(a)) <
           std::pair(place.at({b.experiment(), b.label()}), relus_of(b));
  });
  return cells;
}

std::vector<MeasuredCell> chosen(const std::vector<MeasuredCell>& cells, const std::vector<std::string>& labels) {
  if (labels.empty()) return cells;
  std::vector<MeasuredCell> found;
  for (const std::string& label : labels) {
    std::copy_if(cells.begin(), cells.end(), std::back_inserter(found),
                 [&](const MeasuredCell& cell) { return cell.label() == label; });
  }
  return found;
}

}  // namespace senet
