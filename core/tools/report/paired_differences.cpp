#include "tools/report/paired_differences.h"

#include <cmath>
#include <map>
#include <set>

#include "senet/error.h"

namespace senet {

namespace {

void check_pair(const Result& a, const Result& b) {
  const auto same = [&](const std::string& what, const std::string& x, const std::string& y) {
    if (x != y)
      fail_usage(a.file.string(), " and ", b.file.string(), " cannot be compared: ", what, " is '", x, "' and '", y,
                 "'");
  };
  const auto teacher = [](const Result& result) { return result.teacher_phase() ? result.teacher_phase()->key : ""; };
  same("dataset.fingerprint", a.dataset.fingerprint, b.dataset.fingerprint);
  same("model.variant", a.model.variant, b.model.variant);
  same("precision", a.precision, b.precision);
  same("the teacher's phase", teacher(a), teacher(b));
}

}  // namespace

std::optional<PairedDifference> paired_difference(const MeasuredCell& cell, const MeasuredCell& against) {
  double accuracy = 0;
  std::vector<double> differences;
  for (const Result* result : cell.results) {
    for (const Result* other : against.results) {
      if (other->seed != result->seed) continue;
      check_pair(*other, *result);
      accuracy += result->network.accuracy;
      differences.push_back(result->network.accuracy - other->network.accuracy);
    }
  }
  if (differences.empty()) return {};
  const Summary found = summary(differences);
  const auto n = static_cast<double>(found.n);
  return PairedDifference{cell.label(), cell.budget(), found.n,
                          accuracy / n, found.mean,    found.deviation / std::sqrt(n)};
}

std::vector<PairedDifference> paired_differences(const std::vector<Result>& results, const std::string& against) {
  const std::vector<MeasuredCell> cells = measured_cells(results);
  std::map<std::string, const MeasuredCell*> base;  // by budget
  std::set<std::string> labels;
  for (const MeasuredCell& cell : cells) {
    labels.insert(cell.label());
    if (cell.label() == against) base[cell.budget()] = &cell;
  }
  if (base.empty()) {
    std::string known;
    for (const std::string& label : labels) known += "\n  " + label;
    fail_usage("no cell is called '", against, "'", known.empty() ? "; there are no results" : "; there are:" + known);
  }
  std::map<std::pair<std::string, std::string>, PairedDifference> found;
  for (const MeasuredCell& cell : cells) {
    if (cell.label() == against || !base.count(cell.budget())) continue;
    if (auto difference = paired_difference(cell, *base.at(cell.budget())))
      found.emplace(std::pair(cell.label(), cell.budget()), *difference);
  }
  std::vector<PairedDifference> all;
  for (auto& [key, difference] : found) all.push_back(std::move(difference));
  return all;
}

}  // namespace senet
