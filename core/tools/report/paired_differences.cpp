#include "tools/report/paired_differences.h"

#include <cmath>
#include <map>
#include <set>

#include "senet/error.h"
#include "tools/report/cells.h"

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

std::vector<PairedDifference> paired_differences(const std::vector<Result>& results, const std::string& against) {
  std::map<std::pair<std::string, int64_t>, const Result*> base;  // by budget and seed
  std::set<std::string> labels;
  for (const Result& result : results) {
    labels.insert(result.label);
    if (result.label == against) base[{result.budget_asked, result.seed}] = &result;
  }
  if (base.empty()) {
    std::string known;
    for (const std::string& label : labels) known += "\n  " + label;
    fail_usage("no cell is called '", against, "'", known.empty() ? "; there are no results" : "; there are:" + known);
  }
  struct Pairs {
    double accuracy = 0;
    std::vector<double> differences;
  };
  std::map<std::pair<std::string, std::string>, Pairs> cells;
  for (const Result& result : results) {
    const auto pair = base.find({result.budget_asked, result.seed});
    if (result.label == against || pair == base.end()) continue;
    check_pair(*pair->second, result);
    Pairs& cell = cells[{result.label, result.budget_asked}];
    cell.accuracy += result.network.accuracy;
    cell.differences.push_back(result.network.accuracy - pair->second->network.accuracy);
  }
  std::vector<PairedDifference> all;
  for (const auto& [key, cell] : cells) {
    const Summary found = summary(cell.differences);
    const auto n = static_cast<double>(found.n);
    all.push_back({key.first, key.second, found.n, cell.accuracy / n, found.mean, found.deviation / std::sqrt(n)});
  }
  return all;
}

}  // namespace senet
