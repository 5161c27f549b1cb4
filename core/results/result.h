#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace senet {

using Json = nlohmann::ordered_json;

// The version of the result files' schema; files of another are refused.
constexpr int kResultSchema = 1;
// That of the measurements which lie in `measured/` beside them.
constexpr int kMeasurementSchema = 2;

// One finished (cell, budget, seed): numbers, settings, environment, phases. A JSON file under
// `<results>/<experiment>/`.
struct Result {
  std::filesystem::path file;
  Json json;

  std::string id() const;  // "<experiment>/<label>-<budget>-s<seed>", as the file is named
};

// Letters, digits, '.', '_' and '-' of a text; '%' becomes "pct", '+' a 'p', '=' stays a '-'.
std::string slug(const std::string& text);

std::filesystem::path result_path(const std::filesystem::path& results, const std::string& experiment,
                                  const std::string& label, const std::string& budget, int64_t seed);

// A document as results are written: indented, but a list of plain values on one line.
std::string readable(const Json& json, const std::string& indent = "");

// Throws (exit code 2) with the file's name when it is not a sound result of this schema.
Result load_result(const std::filesystem::path& file);
void save_result(const Result& result);

// What a phase of the result ran on, its precision among it; where processes of several environments worked on the
// phase, each, the last first. An older result names one environment, which counts for all its phases.
std::vector<Json> environments_of(const Result& result, const Json& phase);
// The version of each part of the program that a phase was made by, by the part's name ("mask", "model plugin
// 'resnet18'"). An older result names none: they were all 1 then.
std::map<std::string, int64_t> versions_of(const Result& result, const Json& phase);
// The names of those parts, for a phase of this kind.
std::vector<std::string> versioned_parts(const Json& result, const std::string& kind);

// The phase that left the finished network, as the result names it: {"kind", "key", …}. Throws when it names none.
const Json& network_phase(const Result& result);

// Every result in a folder called `experiment`, however deep under `results`, in the order of their paths; of all
// folders when it is empty. `published/`, `benchmarks/` and a folder called `measured` hold none.
std::vector<Result> load_results(const std::filesystem::path& results, const std::string& experiment = "");

// RUN on the command line: a result file, or a part of an id that only one result has. Throws (exit code 2) with the
// ids there are.
Result find_result(const std::filesystem::path& results, const std::string& run);

}  // namespace senet
