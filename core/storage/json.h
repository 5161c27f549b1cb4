#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace senet {

using Json = nlohmann::ordered_json;

// The JSON of a file, which errors call `name`. Throws (exit code 2) where it does not parse, and where it is nested
// deeper than any file of the harness: whatever walks through a document recurses.
Json parse_json(const std::string& bytes, const std::string& name);

}  // namespace senet
