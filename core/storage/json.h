#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace senet {

// The JSON of a file; `name` is what errors call it. Throws (exit code 2) where it does not parse, and where it is
// nested deeper than any file of ours: whatever walks through a document recurses.
nlohmann::ordered_json parse_json(const std::string& bytes, const std::string& name);

}  // namespace senet
