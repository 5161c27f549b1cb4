#include "results/result.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "senet/error.h"
#include "storage/files.h"
#include "storage/json.h"

namespace senet {

namespace fs = std::filesystem;

std::string Result::id() const { return file.parent_path().filename().string() + "/" + file.stem().string(); }

std::string slug(const std::string& text) {
  std::string slug;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_') {
      slug += c;
    } else if (c == '%') {
      slug += "pct";
    } else if (c == '+') {
      slug += 'p';
    } else if (!slug.empty() && slug.back() != '-') {
      slug += '-';
    }
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  return slug.empty() ? "unnamed" : slug;
}

std::string readable(const Json& json, const std::string& indent) {
  if (json.empty() || !json.is_structured()) return json.dump();
  const bool plain =
      json.is_array() && std::none_of(json.begin(), json.end(), [](const Json& item) { return item.is_structured(); });
  const std::string deeper = indent + "  ";
  std::string out = json.is_array() ? "[" : "{";
  bool first = true;
  for (const auto& [name, value] : json.items()) {
    if (!first) out += plain ? ", " : ",";
    if (!plain) out += "\n" + deeper;
    if (json.is_object()) out += Json(name).dump() + ": ";
    out += readable(value, deeper);
    first = false;
  }
  return out + (plain ? "" : "\n" + indent) + (json.is_array() ? "]" : "}");
}

fs::path result_path(const fs::path& results, const std::string& experiment, const std::string& label,
                     const std::string& budget, int64_t seed) {
  return results / experiment / (slug(label) + "-" + slug(budget) + "-s" + std::to_string(seed) + ".json");
}

namespace {

// What every reader of results relies on: where it stands, and what it has to be.
struct Field {
  const char* pointer;
  const char* expected;
  bool (*sound)(const Json&);
};
bool holds_text(const Json& value) { return value.is_string(); }
bool holds_count(const Json& value) { return value.is_number_integer() && value >= 0; }
bool holds_integer(const Json& value) { return value.is_number_integer(); }
bool holds_share(const Json& value) { return value.is_number() && value >= 0 && value <= 1; }
bool holds_amount(const Json& value) { return value.is_number() && value >= 0; }
bool holds_amount_or_nothing(const Json& value) { return value.is_null() || holds_amount(value); }
constexpr Field kFields[] = {
    {"/experiment", "a text", holds_text},      {"/seed", "an integer", holds_integer},
    {"/cell/label", "a text", holds_text},      {"/cell/method", "a text", holds_text},
    {"/budget/asked", "a text", holds_text},    {"/budget/relus", "a count", holds_count},
    {"/model/plugin", "a text", holds_text},    {"/model/variant", "a text", holds_text},
    {"/model/macs", "a count", holds_count},    {"/dataset/plugin", "a text", holds_text},
    {"/dataset/train", "a count", holds_count}, {"/teacher/accuracy", "a share of 1", holds_share},
    {"/teacher/relus", "a count", holds_count}, {"/result/accuracy", "a share of 1", holds_share},
    {"/result/relus", "a count", holds_count},
};
constexpr Field kSiteFields[] = {
    {"/name", "a text", holds_text}, {"/relus", "a count", holds_count}, {"/kept", "a count", holds_count}};
constexpr Field kPhaseFields[] = {{"/kind", "a text", holds_text},
                                  {"/key", "a text", holds_text},
                                  {"/training_seconds", "an amount", holds_amount},
                                  {"/image_passes", "an amount", holds_amount_or_nothing}};
// Not in every result.
bool holds_text_or_nothing(const Json& value) { return value.is_null() || holds_text(value); }
bool holds_count_or_nothing(const Json& value) { return value.is_null() || holds_count(value); }
constexpr Field kEnvironmentFields[] = {
    {"/revision", "a text", holds_text_or_nothing},  {"/libtorch", "a text", holds_text_or_nothing},
    {"/device", "a text", holds_text_or_nothing},    {"/gpu", "a text", holds_text_or_nothing},
    {"/cpu", "a text", holds_text_or_nothing},       {"/cpu_capability", "a text", holds_text_or_nothing},
    {"/precision", "a text", holds_text_or_nothing}, {"/threads", "a count", holds_count_or_nothing}};

template <size_t N>
void check_fields(const Json& json, const Field (&fields)[N], const std::string& where) {
  for (const Field& field : fields) {
    const Json value = json.value(Json::json_pointer(field.pointer), Json());
    SENET_CHECK(field.sound(value), where, field.pointer, " is ", value.dump(), ", expected ", field.expected);
  }
}

// Of a phase: the environments and versions that it may name.
void check_origin(const Json& phase, const std::string& where) {
  const Json environment = phase.value("environment", Json::object()),
             earlier = phase.value("earlier_environments", Json::array()),
             versions = phase.value("versions", Json::object());
  SENET_CHECK(environment.is_object(), where, "environment is ", environment.dump(), ", expected an object");
  SENET_CHECK(earlier.is_array(), where, "earlier_environments is ", earlier.dump(), ", expected a list");
  SENET_CHECK(versions.is_object(), where, "versions is ", versions.dump(), ", expected an object");
  check_fields(environment, kEnvironmentFields, where + "environment");
  for (const Json& one : earlier) {
    SENET_CHECK(one.is_object(), where, "earlier_environments has ", one.dump(), ", expected an object");
    check_fields(one, kEnvironmentFields, where + "earlier_environments");
  }
  for (const auto& [part, version] : versions.items())
    SENET_CHECK(holds_count(version), where, "versions/", part, " is ", version.dump(), ", expected a count");
}

}  // namespace

Result load_result(const fs::path& file) try {
  const std::string where = file.string() + ": ";
  Json json = parse_json(read_file(file), file.string());
  SENET_CHECK(json.is_object(), where, "is not a JSON object: not a result of `senet run`");
  const Json schema = json.value("schema", Json());
  SENET_CHECK(schema == kResultSchema, where, "has the schema ", schema.dump(), ", expected ", kResultSchema,
              "; run its experiment again with this version");
  for (const char* section : {"cell", "budget", "model", "dataset", "teacher", "result", "settings", "environment"}) {
    SENET_CHECK(json.value(section, Json()).is_object(), where, "has no section '", section, "'");
  }
  for (const char* section : {"sites", "phases"}) {
    SENET_CHECK(json.value(section, Json()).is_array(), where, "has no list '", section, "'");
  }
  check_fields(json, kFields, where);
  for (const Json& site : json.at("sites")) check_fields(site, kSiteFields, where + "a site's ");
  check_fields(json.at("environment"), kEnvironmentFields, where + "environment");
  for (const Json& phase : json.at("phases")) {
    check_fields(phase, kPhaseFields, where + "a phase's ");
    check_origin(phase, where + "a phase's ");
  }
  for (const Json& deviation : json.value("deviations", Json::array()))
    SENET_CHECK(deviation.is_string(), where, "a deviation is ", deviation.dump(), ", expected a text");
  return {file, std::move(json)};
} catch (const Error& error) {
  throw Error(error.what(), Exit::usage);
} catch (const Json::exception& error) {
  fail_usage(file.string(), ": ", error.what());
}

const Json& network_phase(const Result& result) {
  const Json& phases = result.json.at("phases");
  for (auto phase = phases.rbegin(); phase != phases.rend(); ++phase) {
    if (phase->at("kind") != "evaluation") return *phase;
  }
  fail(result.file.string(), ": names no phase that left a network");
}

std::vector<Json> environments_of(const Result& result, const Json& phase) {
  std::vector<Json> all = {phase.value("environment", result.json.at("environment"))};
  for (const Json& earlier : phase.value("earlier_environments", Json::array())) all.push_back(earlier);
  for (Json& one : all) {
    if (!one.contains("precision")) one["precision"] = result.json.value("precision", Json());
  }
  return all;
}

std::vector<std::string> versioned_parts(const Json& result, const std::string& kind) {
  static const std::set<std::string> core = {"teacher", "sensitivity", "mask", "finetune", "evaluation"};
  const auto plugin = [](const std::string& what, const std::string& name) { return what + " plugin '" + name + "'"; };
  const bool of_core = core.count(kind) > 0;
  std::vector<std::string> parts = {of_core ? kind : "baseline",
                                    plugin("model", result.at("model").at("plugin").get<std::string>())};
  if (kind == "sensitivity") {
    const Json measure = result.at("settings").value("sensitivity.plugin", Json());
    if (measure.is_string()) parts.push_back(plugin("sensitivity", measure.get<std::string>()));
  }
  if (!of_core) parts.push_back(plugin("baseline", result.at("cell").at("method").get<std::string>()));
  return parts;
}

std::map<std::string, int64_t> versions_of(const Result& result, const Json& phase) {
  std::map<std::string, int64_t> versions;
  const Json known = phase.value("versions", Json::object());
  for (const std::string& part : versioned_parts(result.json, phase.at("kind").get<std::string>()))
    versions[part] = known.value(part, int64_t{1});
  return versions;
}

void save_result(const Result& result) { write_atomically(result.file, readable(result.json) + "\n"); }

std::vector<Result> load_results(const fs::path& results, const std::string& experiment) {
  std::vector<fs::path> files;
  if (fs::is_directory(results)) {
    for (auto entry = fs::recursive_directory_iterator(results); entry != fs::recursive_directory_iterator(); ++entry) {
      const std::string name = entry->path().filename().string();
      const bool others = name == "measured" || (entry.depth() == 0 && (name == "published" || name == "benchmarks"));
      if (others) entry.disable_recursion_pending();
      const bool wanted = experiment.empty() || entry->path().parent_path().filename() == experiment;
      if (wanted && entry.depth() > 0 && entry->path().extension() == ".json") files.push_back(entry->path());
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<Result> loaded;
  for (const fs::path& file : files) loaded.push_back(load_result(file));
  return loaded;
}

Result find_result(const fs::path& results, const std::string& run) {
  if (fs::is_regular_file(run)) return load_result(run);
  std::vector<Result> all = load_results(results), matching;
  std::string ids;
  for (const Result& result : all) {
    ids += "\n  " + result.id();
    if (result.id() == run) return result;
    if (result.id().find(run) != std::string::npos) matching.push_back(result);
  }
  if (matching.size() == 1) return matching.front();
  fail_usage("RUN '", run, "' is ",
             matching.empty() ? "no result file and part of no result's name" : "part of several results' names",
             ids.empty() ? text("; there are no results under ", results.string()) : "; there are:" + ids);
}

}  // namespace senet
