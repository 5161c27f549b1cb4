#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <set>

#include "results/result_json.h"

namespace senet {

using boost::algorithm::ends_with;

namespace {

// What an option is about, which schema 1 does not say: known by the core's own names, and by what names of options
// that baselines have for their steps end in.
OptionKind kind_of(const std::string& section, const std::string& option) {
  static const std::set<std::string> data = {"plugin", "train_limit", "mean", "deviation"};
  static const std::set<std::string> schedule = {
      "lr",    "momentum",     "weight_decay",   "schedule",       "lr_drops",
      "batch", "crop_padding", "lr_drop_factor", "random_resized", "flip"};
  if (section == "dataset" && data.count(option)) return OptionKind::data;
  if (option == "epochs" || ends_with(option, "_epochs")) return OptionKind::epochs;
  return schedule.count(option) || ends_with(option, "_lr") ? OptionKind::schedule : OptionKind::method;
}

// "mask.epochs = 8 (default 150)" as a change. Null for any other sentence.
Json change_of(const std::string& sentence) {
  const std::string between = " (default ";
  const size_t equals = sentence.find(" = "), dot = sentence.find('.'), end = sentence.rfind(between);
  if (equals == std::string::npos || end == std::string::npos || dot > equals || sentence.back() != ')') return {};
  const size_t begin = end + between.size();
  const Json value = Json::parse(sentence.substr(equals + 3, end - equals - 3), nullptr, false),
             standard = Json::parse(sentence.substr(begin, sentence.size() - 1 - begin), nullptr, false);
  if (value.is_discarded() || standard.is_discarded()) return {};
  const std::string section = sentence.substr(0, dot), option = sentence.substr(dot + 1, equals - dot - 1);
  return {{"section", section},
          {"option", option},
          {"value", value},
          {"default", standard},
          {"kind", name_of(kind_of(section, option))}};
}

void split_deviations(const Json& deviations, Json& json) {
  json["changes"] = Json::array();
  json["remarks"] = Json::array();
  for (const Json& deviation : deviations) {
    const Json change = deviation.is_string() ? change_of(deviation.get<std::string>()) : Json();
    json[change.is_null() ? "remarks" : "changes"].push_back(change.is_null() ? deviation : change);
  }
}

// A site's "kept" is now "counted"; what a plugin names of each site stands among the series, what the last epoch of
// mask identification lists among its curves.
void move_series(Json& json) {
  static const std::set<std::string> own = {"name", "shape", "relus", "stage", "conv", "allocated", "sensitivity"};
  for (Json& site : json["sites"]) {
    if (!site.is_object()) continue;
    Json kept = Json::object();
    for (const auto& [name, value] : site.items()) {
      if (name == "kept") {
        kept["counted"] = value;
      } else if (own.count(name)) {
        kept[name] = value;
      } else {
        json["series"][name].push_back(value);
      }
    }
    site = std::move(kept);
  }
  const Json last = json.value("mask_identification", Json::object());
  if (last.is_object() && last.contains("overlap_final"))
    json["curves"]["mask"]["overlap_final"] = last["overlap_final"];
}

// The parts of the program that a phase of a result was made by.
std::vector<std::string> parts_of(const Json& json, const std::string& kind) {
  static const std::set<std::string> core = {"teacher", "sensitivity", "mask", "finetune", "evaluation"};
  const auto plugin = [](const std::string& what, const Json& name) {
    return what + " plugin '" + (name.is_string() ? name.get<std::string>() : "") + "'";
  };
  const auto at = [&](const char* pointer) { return json.value(Json::json_pointer(pointer), Json()); };
  std::vector<std::string> parts = {core.count(kind) ? kind : "baseline", plugin("model", at("/model/plugin"))};
  const Json measure = at("/settings/sensitivity.plugin");
  if (kind == "sensitivity" && measure.is_string()) parts.push_back(plugin("sensitivity", measure));
  if (!core.count(kind)) parts.push_back(plugin("baseline", at("/cell/method")));
  return parts;
}

// Where a phase names no environment, the result's counts for it. Parts whose version a phase does not name were all of
// version 1 then.
void complete_phases(Json& json) {
  for (Json& phase : json["phases"]) {
    if (!phase.is_object()) continue;
    if (!phase.contains("environment")) phase["environment"] = json["environment"];
    const auto with_precision = [&](Json& environment) {
      if (environment.is_object() && !environment.contains("precision") && json.contains("precision"))
        environment["precision"] = json["precision"];
    };
    with_precision(phase["environment"]);
    if (phase.contains("earlier_environments")) {
      for (Json& earlier : phase["earlier_environments"]) with_precision(earlier);
    }
    const Json kind = phase.value("kind", Json());
    if (!kind.is_string() || (phase.contains("versions") && !phase["versions"].is_object())) continue;
    Json versions = Json::object();
    for (const std::string& part : parts_of(json, kind.get<std::string>()))
      versions[part] = phase.contains("versions") ? phase["versions"].value(part, Json(1)) : Json(1);
    phase["versions"] = std::move(versions);
  }
}

}  // namespace

Json from_schema_1(const Json& document) {
  Json json = document;
  json["schema"] = kResultSchema;
  split_deviations(json.value("deviations", Json::array()), json);
  if (json.contains("sites") && json["sites"].is_array()) move_series(json);
  if (json.contains("phases") && json["phases"].is_array()) complete_phases(json);
  json.erase("deviations");
  json.erase("mask_identification");
  json["settings_without_effect"] = Json::array();
  const Json settings = json.value("settings", Json::object());
  for (const auto& [key, value] : settings.items()) {
    for (const char* ending : {".path", ".packed", ".memory", ".checkpoint_seconds"}) {
      if (ends_with(key, ending)) json["settings_without_effect"].push_back(key);
    }
  }
  return json;
}

}  // namespace senet
