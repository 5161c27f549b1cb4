#include "tools/report/results_list.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "display/charges.h"
#include "display/format.h"
#include "tools/report/table.h"

namespace senet {

namespace {

// A share as a percentage that shows every image of a test set of 100,000.
Json percent(double share) { return std::round(share * 1e5) / 1e3; }

std::vector<std::pair<std::string, Json>> numbers_of(const Result& result) {
  double seconds = 0;
  for (const ResultPhase& phase : result.phases)
    seconds += &phase == result.teacher_phase() ? 0 : phase.training_seconds;
  const auto passes = method_passes(result, &ResultPhase::image_passes);
  return {{"experiment", result.folder()},
          {"cell", result.label},
          {"method", result.method},
          {"budget", result.budget_asked},
          {"budget ReLUs", result.budget},
          {"seed", result.seed},
          {"data", result.dataset.plugin},
          {"training images", result.dataset.train},
          {"model", result.model.variant},
          {"accuracy %", percent(result.network.accuracy)},
          {"ReLUs", result.network.relus},
          {"squares", result.network.multiplications.squares},
          {"MACs", result.model.macs},
          {"teacher accuracy %", percent(result.teacher.accuracy)},
          {"teacher ReLUs", result.teacher.relus},
          {"image passes", passes ? Json(*passes) : Json()},
          {"training seconds", std::round(10 * seconds) / 10},
          {"device", result.environment.gpu.empty() ? result.environment.device : result.environment.gpu},
          {"threads", result.environment.threads},
          {"precision", result.precision},
          {"revision", result.environment.revision},
          {"finished", result.finished},
          {"file", result.file.string()}};
}

// Keys that have more than one value among the results that have them, in the order in which they first appear.
std::vector<std::string> differing_settings(const std::vector<Result>& results) {
  std::vector<std::string> keys;
  for (const Result& result : results) {
    for (const Setting& setting : result.settings) {
      if (setting.affects_result && std::find(keys.begin(), keys.end(), setting.key) == keys.end())
        keys.push_back(setting.key);
    }
  }
  const auto same = [&](const std::string& key) {
    std::set<std::string> values;
    for (const Result& result : results) {
      if (const Json value = result.setting(key); !value.is_null()) values.insert(value.dump());
    }
    return values.size() < 2;
  };
  keys.erase(std::remove_if(keys.begin(), keys.end(), same), keys.end());
  return keys;
}

}  // namespace

ResultsList results_list(const std::vector<Result>& results) {
  ResultsList list;
  const std::vector<std::string> settings = differing_settings(results);
  for (const Result& result : results) {
    std::vector<Json>& row = list.rows.emplace_back();
    for (const auto& [name, value] : numbers_of(result)) {
      if (list.rows.size() == 1) list.columns.push_back(name);
      row.push_back(value);
    }
    for (const std::string& key : settings) row.push_back(result.setting(key));
  }
  list.columns.insert(list.columns.end(), settings.begin(), settings.end());
  return list;
}

std::string to_csv(const ResultsList& list) {
  std::string out = csv_line(list.columns);
  for (const std::vector<Json>& row : list.rows) {
    std::vector<std::string> cells;
    for (const Json& value : row)
      cells.push_back(value.is_string() ? value.get<std::string>() : value.is_null() ? "" : value.dump());
    out += csv_line(cells);
  }
  return out;
}

Json to_json(const ResultsList& list) {
  Json json = Json::array();
  for (const std::vector<Json>& row : list.rows) {
    Json& object = json.emplace_back(Json::object());
    for (size_t i = 0; i < row.size(); ++i) object[list.columns[i]] = row[i];
  }
  return json;
}

}  // namespace senet
