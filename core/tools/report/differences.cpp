#include "tools/report/differences.h"

#include <cmath>
#include <map>
#include <set>

#include "senet/error.h"
#include "tools/report/cells.h"

namespace senet {

namespace {

double accuracy_of(const Result& result) { return result.json.at("result").at("accuracy").get<double>(); }

std::string label_of(const Result& result) { return result.json.at("cell").at("label").get<std::string>(); }

std::string budget_of(const Result& result) { return result.json.at("budget").at("asked").get<std::string>(); }

Json teacher_of(const Result& result) {
  for (const Json& phase : result.json.value("phases", Json::array())) {
    if (phase.at("kind") == "teacher") return phase.at("key");
  }
  return {};
}

void check_pair(const Result& a, const Result& b) {
  const auto same = [&](const std::string& what, const Json& x, const Json& y) {
    if (x != y) {
      fail_usage(a.file.string(), " and ", b.file.string(), " cannot be compared: ", what, " is ", x.dump(), " and ",
                 y.dump());
    }
  };
  for (const auto& [section, what] : {std::pair{"dataset", "fingerprint"}, {"model", "variant"}})
    same(text(section, ".", what), a.json.at(section).value(what, Json()), b.json.at(section).value(what, Json()));
  same("precision", a.json.value("precision", Json()), b.json.value("precision", Json()));
  same("the teacher's phase", teacher_of(a), teacher_of(b));
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
    const Summary found = summary(cell.differences);
    const auto n = static_cast<double>(found.n);
    all.push_back({key.first, key.second, found.n, cell.accuracy / n, found.mean, found.deviation / std::sqrt(n)});
  }
  return all;
}

}  // namespace senet
