#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <map>
#include <set>

#include "cli/commands.h"
#include "display/format.h"
#include "method/phases.h"
#include "phase/metrics_log.h"
#include "results/result_json.h"
#include "senet/error.h"
#include "storage/safetensors.h"

namespace senet {

namespace {

// [{name, a, b}] of the keys whose values differ; a key that one side lacks counts as null.
Json differences(const Json& a, const Json& b) {
  std::set<std::string> keys;
  for (const auto& [key, value] : a.items()) keys.insert(key);
  for (const auto& [key, value] : b.items()) keys.insert(key);
  Json rows = Json::array();
  for (const std::string& key : keys) {
    const Json left = a.value(key, Json()), right = b.value(key, Json());
    if (left != right) rows.push_back({{"name", key}, {"a", left}, {"b", right}});
  }
  return rows;
}

Json settings_of(const Result& result) {
  Json settings = to_json(result.settings);
  settings["budget"] = result.budget_asked;
  settings["seed"] = result.seed;
  settings["method"] = result.method;
  return settings;
}

// Of several phases of a kind each has the name of its training.
std::string name_of(const ResultPhase& phase) {
  return phase.training.empty() ? phase.kind : phase.kind + " " + phase.training;
}

// [{name, a, b}] of the environments' fields; with the phases that it holds for, where these are not all.
Json environments(const Result& a, const Result& b) {
  const auto of = [](const Result& result) {
    std::map<std::string, Json> by_phase;
    for (const ResultPhase& phase : result.phases) by_phase[name_of(phase)] = to_json(phase.environment);
    return by_phase;
  };
  const std::map<std::string, Json> left = of(a), right = of(b);
  std::map<std::string, std::vector<std::pair<std::string, Json>>> fields;  // by name: phase, difference
  size_t shared = 0;
  for (const auto& [phase, environment] : left) {
    if (!right.count(phase)) continue;
    ++shared;
    for (Json& row : differences(environment, right.at(phase)))
      fields[row.at("name").get<std::string>()].emplace_back(phase, std::move(row));
  }
  Json rows = Json::array();
  for (auto& [field, found] : fields) {
    const bool everywhere = found.size() == shared &&
                            std::all_of(found.begin(), found.end(), [&first = found.front().second](const auto& one) {
                              return one.second == first;
                            });
    if (everywhere) {
      rows.push_back(found.front().second);
      continue;
    }
    for (auto& [phase, row] : found) {
      row["name"] = text(field, " of ", phase);
      rows.push_back(row);
    }
  }
  return rows;
}

Json metrics_of(const Result& result) {
  Json metrics = Json::object();
  const auto add = [&](const char* section, const Json& numbers) {
    for (const auto& [name, value] : numbers.items()) metrics[text(section, ".", name)] = value;
  };
  add("teacher", to_json(result.teacher));
  add("result", to_json(result.network));
  return metrics;
}

std::optional<PhaseRecord> stored(const ResultPhase& phase, const PhaseStore& store) {
  return store.find(phase.kind, phase.key);
}

// Of each site: ReLUs kept by both over ReLUs kept by either, from the masks stored with the networks.
std::optional<std::vector<Json>> mask_overlaps(const Result& a, const Result& b, const PhaseStore& store) {
  const auto left = stored(a.network_phase(), store), right = stored(b.network_phase(), store);
  if (!left || !right) return std::nullopt;
  const auto masks = [](const PhaseRecord& record) {
    return load_safetensors(record.folder / text(kNetwork, ".safetensors")).tensors;
  };
  const TensorMap ours = masks(*left), theirs = masks(*right);
  std::vector<Json> overlaps;
  for (const ResultSite& site : a.sites) {
    const std::string name = "mask." + site.name;
    if (!ours.count(name) || !theirs.count(name) || ours.at(name).sizes() != theirs.at(name).sizes())
      return std::nullopt;
    const torch::Tensor x = ours.at(name).to(torch::kBool), y = theirs.at(name).to(torch::kBool);
    const auto either = x.logical_or(y).sum().item<double>();
    overlaps.push_back(either > 0 ? Json(x.logical_and(y).sum().item<double>() / either) : Json());
  }
  return overlaps;
}

Json sites_of(const Result& a, const Result& b, const PhaseStore& store) {
  Json rows = Json::array();
  if (a.sites.size() != b.sites.size()) return rows;
  const auto overlaps = mask_overlaps(a, b, store);
  for (size_t l = 0; l < a.sites.size(); ++l) {
    if (a.sites[l].name != b.sites[l].name) return Json::array();
    rows.push_back({{"name", a.sites[l].name},
                    {"relus", a.sites[l].relus},
                    {"a", a.sites[l].counted},
                    {"b", b.sites[l].counted},
                    {"overlap", overlaps ? (*overlaps)[l] : Json()}});
  }
  return rows;
}

std::vector<Json> epochs_of(const PhaseRecord& phase) {
  if (!std::filesystem::exists(phase.folder / MetricsLog::kLines)) return {};
  std::vector<Json> epochs = MetricsLog::read(phase.folder);
  for (Json& epoch : epochs) {
    for (const char* timed : {"seconds", "images_per_second", "data_wait"}) epoch.erase(timed);
  }
  return epochs;
}

// The first phase and epoch whose numbers differ; null when all that both stores hold is the same.
Json parting(const Result& a, const Result& b, const PhaseStore& store) {
  for (const ResultPhase& phase : a.phases) {
    const std::string name = name_of(phase);
    if (phase.kind == "evaluation") continue;
    const auto other =
        std::find_if(b.phases.begin(), b.phases.end(), [&](const ResultPhase& one) { return name_of(one) == name; });
    if (other == b.phases.end())
      return {{"phase", name}, {"epoch", Json()}, {"why", "the other RUN has no such phase"}};
    if (other->key == phase.key) continue;
    const auto left = stored(phase, store), right = stored(*other, store);
    if (!left || !right) return {{"phase", name}, {"epoch", Json()}, {"why", "the store lacks this phase of one RUN"}};
    const std::vector<Json> ours = epochs_of(*left), theirs = epochs_of(*right);
    const size_t common = std::min(ours.size(), theirs.size());
    for (size_t e = 0; e < common; ++e) {
      const Json changed = differences(ours[e], theirs[e]);
      if (!changed.empty()) return {{"phase", name}, {"epoch", ours[e].at("epoch")}, {"metrics", changed}};
    }
    if (ours.size() != theirs.size()) return {{"phase", name}, {"epoch", common}, {"why", "one RUN ends here"}};
  }
  return {};
}

std::string shown(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.is_null() ? "–" : value.dump();
}

void print_rows(const std::string& heading, const Json& rows, const std::vector<std::string>& columns) {
  output() << heading << (rows.empty() ? ": the same\n" : "\n");
  if (rows.empty()) return;
  std::vector<std::vector<std::string>> table = {columns};
  for (const Json& row : rows) {
    std::vector<std::string> cells;
    for (const std::string& column : columns) cells.push_back(shown(row.value(column, Json())));
    table.push_back(std::move(cells));
  }
  output() << aligned(table) << "\n";
}

}  // namespace

int compare_runs(const Arguments& arguments) {
  const RunFolders folders = run_folders(arguments);
  const Result a = find_result(folders.results, arguments.subject), b = find_result(folders.results, arguments.other);
  const PhaseStore store(folders.runs);
  const Json json = {{"a", a.id()},
                     {"b", b.id()},
                     {"settings", differences(settings_of(a), settings_of(b))},
                     {"environment", environments(a, b)},
                     {"metrics", differences(metrics_of(a), metrics_of(b))},
                     {"sites", sites_of(a, b, store)},
                     {"part", parting(a, b, store)}};
  if (print_json(arguments, json)) return 0;
  output() << "a: " << a.id() << "\nb: " << b.id() << "\n\n";
  print_rows("settings", json.at("settings"), {"name", "a", "b"});
  print_rows("environment", json.at("environment"), {"name", "a", "b"});
  print_rows("metrics", json.at("metrics"), {"name", "a", "b"});
  if (json.at("sites").empty()) {
    output() << "ReLUs kept: the two models have other sites\n";
  } else {
    print_rows("ReLUs kept, and the share that both keep of what either keeps", json.at("sites"),
               {"name", "relus", "a", "b", "overlap"});
  }
  const Json& part = json.at("part");
  if (part.is_null()) {
    output() << "their trainings never part\n";
  } else {
    output() << "they part in phase " << shown(part.at("phase")) << ", epoch " << shown(part.at("epoch"))
             << (part.contains("why") ? ": " + shown(part.at("why")) : "") << "\n";
    if (part.contains("metrics")) print_rows("", part.at("metrics"), {"name", "a", "b"});
  }
  return 0;
}

}  // namespace senet
