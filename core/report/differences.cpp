#include "report/differences.h"

#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "senet/error.h"

namespace senet {

namespace {

double accuracy_of(const Result& result) { return result.json.at("result").at("accuracy").get<double>(); }

std::string label_of(const Result& result) { return result.json.at("cell").at("label").get<std::string>(); }

std::string budget_of(const Result& result) { return result.json.at("budget").at("asked").get<std::string>(); }

void check_pair(const Result& a, const Result& b) {
  for (const auto& [section, what] : {std::pair{"dataset", "fingerprint"}, {"model", "variant"}}) {
    const Json x = a.json.at(section).value(what, Json()), y = b.json.at(section).value(what, Json());
    if (x != y) {
      fail_usage(a.file.string(), " and ", b.file.string(), " cannot be compared: ", section, ".", what, " is ",
                 x.dump(), " and ", y.dump());
    }
  }
}

}  // namespace

std::vector<PairedDifference> paired_differences(const std::vector<Result>& results, const std::string& against) {
  std::map<std::pair<std::string, Json>, const Result*> base;  // by budget and seed
  std::set<std::string> labels;
  for (const Result& result : results) {
    labels.insert(label_of(result));
    if (label_of(result) == against) base[{budget_of(result), result.json.at("seed")}] = &result;
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
    const auto pair = base.find({budget_of(result), result.json.at("seed")});
    if (label_of(result) == against || pair == base.end()) continue;
    check_pair(*pair->second, result);
    Pairs& cell = cells[{label_of(result), budget_of(result)}];
    cell.accuracy += accuracy_of(result);
    cell.differences.push_back(accuracy_of(result) - accuracy_of(*pair->second));
  }
  std::vector<PairedDifference> all;
  for (const auto& [key, cell] : cells) {
    const auto n = static_cast<double>(cell.differences.size());
    double mean = 0, squares = 0;
    for (const double difference : cell.differences) mean += difference / n;
    for (const double difference : cell.differences) squares += (difference - mean) * (difference - mean);
    all.push_back({key.first, key.second, static_cast<int64_t>(cell.differences.size()), cell.accuracy / n, mean,
                   n > 1 ? std::sqrt(squares / (n - 1) / n) : std::numeric_limits<double>::quiet_NaN()});
  }
  return all;
}

}  // namespace senet
