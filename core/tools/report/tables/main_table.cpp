#include <algorithm>
#include <cmath>
#include <map>

#include "config/joined.h"
#include "senet/error.h"
#include "tools/report/table_kinds.h"
#include "tools/report/tables/table_maker.h"

namespace senet {

namespace {

// What is published of the method that the source says the cell reproduces.
const PublishedPoint* published_of(const MeasuredCell& cell, const Source& source, const Evidence& evidence) {
  return evidence.published().nearest(evidence.data_set(cell.first()).published,
                                      source.of_label("reproduces", cell.label()), cell.variant(),
                                      cell.relus().mean * 1e-3);
}

std::string unsure(const PublishedPoint& point) {
  return point.model_certain ? "" : "which model this published accuracy belongs to is not certain";
}

bool same_teacher(const MeasuredCell& a, const MeasuredCell& b) {
  const auto settings = [](const MeasuredCell& cell) {
    std::vector<std::string> all;
    for (const Change& change : cell.first().changes) {
      if (change.section == "teacher" || change.section == "training" || change.section == "dataset")
        all.push_back(change.section + "." + change.option + "=" + to_json(change.value).dump());
    }
    return all;
  };
  return a.data() == b.data() && a.variant() == b.variant() && settings(a) == settings(b);
}

// Over all seeds that a teacher like the cell's was trained with: those of one budget may be fewer.
Summary teacher_accuracy(const MeasuredCell& cell, const std::vector<MeasuredCell>& cells) {
  std::map<int64_t, double> of_seed;
  for (const MeasuredCell& other : cells) {
    if (!same_teacher(cell, other)) continue;
    for (const Result* result : other.results) of_seed.emplace(result->seed, 100 * result->teacher.accuracy);
  }
  std::vector<double> accuracies;
  for (const auto& [seed, accuracy] : of_seed) accuracies.push_back(accuracy);
  return summary(accuracies);
}

// Of one data set and model, budgets ascend; cells of a budget stay in their order.
std::vector<MeasuredCell> by_budget(std::vector<MeasuredCell> cells) {
  std::map<std::pair<std::string, std::string>, size_t> place;
  const auto data_and_model = [](const MeasuredCell& cell) { return std::pair(cell.data(), cell.variant()); };
  for (const MeasuredCell& cell : cells) place.try_emplace(data_and_model(cell), place.size());
  std::stable_sort(cells.begin(), cells.end(), [&](const MeasuredCell& a, const MeasuredCell& b) {
    return std::pair(place.at(data_and_model(a)), a.first().budget) <
           std::pair(place.at(data_and_model(b)), b.first().budget);
  });
  return cells;
}

// "Published and not run here: CIFAR-10: SENet (3), SNL (4); …": how many accuracies of each method.
std::string not_run_here(const Source& source, const Evidence& evidence,
                         const std::vector<const PublishedPoint*>& run) {
  std::vector<std::string> of_sets;
  for (const std::string& dataset : source.texts("published")) {
    std::vector<std::pair<std::string, int>> methods;
    bool any = false;
    for (const PublishedPoint& point : evidence.published().points) {
      if (point.dataset != dataset || !point.via.empty()) continue;  // what is read off plots would swamp the others
      any = true;
      if (std::find(run.begin(), run.end(), &point) != run.end()) continue;
      auto at =
          std::find_if(methods.begin(), methods.end(), [&](const auto& one) { return one.first == point.method; });
      if (at == methods.end()) at = methods.insert(at, {point.method, 0});
      ++at->second;
    }
    if (!any && !evidence.published().points.empty())
      fail_usage(source.file.string(), ": nothing is published for the data set '", dataset, "'");
    std::vector<std::string> words;
    for (const auto& [method, count] : methods) words.push_back(text(method, " (", count, ")"));
    if (!words.empty()) of_sets.push_back(evidence.title_of(dataset) + ": " + joined(words, ", "));
  }
  if (of_sets.empty()) return "";
  return "Published and not run here: " + joined(of_sets, "; ") + ". Their figures: results/published/accuracy.toml.";
}

}  // namespace

Table main_table(const Source& source, const Evidence& evidence) {
  TableMaker maker(
      source, evidence,
      {condition("data"), condition("model"), condition("ReLUs"), condition("AR acc % (n)"), condition("budget"),
       name_column("method"), condition("ReLUs counted"), accuracy_column("acc % (n)"), "acc/kReLU", "comm. saving",
       "published acc %", "difference", "published at kReLUs"});
  std::vector<const PublishedPoint*> run;
  for (const MeasuredCell& cell : by_budget(maker.cells)) {
    const Summary accuracy = cell.accuracy(), relus = cell.relus();
    const int64_t all = cell.teacher_relus();
    const PublishedPoint* point = published_of(cell, source, evidence);
    const bool any = relus.mean > 0;
    std::vector<Table::Cell> row = {maker.data(cell.first()),
                                    cell.variant(),
                                    count_cell(all),
                                    mean_cell(teacher_accuracy(cell, maker.cells)),
                                    cell.budget(),
                                    maker.label(cell),
                                    count_cell(cell.counted()),
                                    mean_cell(accuracy),
                                    any ? number_cell(accuracy.mean / (relus.mean / 1000), 2) : kNone,
                                    any ? number_cell(static_cast<double>(all) / relus.mean, 2, "×") : kNone};
    if (point) {
      run.push_back(point);
      row.push_back(number_cell(point->accuracy, 2)
                        .mark(maker.notes.number(unsure(*point)))
                        .mark(maker.notes.number(point->via)));
      row.push_back(number_cell(accuracy.mean - point->accuracy, 2));
      row.back().with_sign = true;
      row.push_back(number_cell(point->relus_k, 1));
    }
    row.resize(maker.table.columns.size(), kNone);
    maker.add(maker.id_of(cell), std::move(row), cell.results);
  }
  maker.say_what_was_not_run();
  if (const std::string published = not_run_here(source, evidence, run); !published.empty())
    maker.table.remarks.push_back(published);
  return maker.finished();
}

}  // namespace senet
