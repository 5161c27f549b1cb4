#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace senet {

// The JSON of a file, which errors call `name`. Throws (exit code 2) where it does not parse, and where it is nested
// deeper than any file of the harness: whatever walks through a document recurses.
nlohmann::ordered_json parse_json(const std::string& bytes, const std::string& name);

}  // namespace senet
