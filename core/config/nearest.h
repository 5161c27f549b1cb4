#pragma once

#include <set>
#include <string>

namespace senet {

// The name in `known` nearest to `name` by edit distance, if near enough to be meant; else empty.
std::string nearest_name(const std::string& name, const std::set<std::string>& known);

// "; did you mean 'x'?" or nothing.
std::string did_you_mean(const std::string& name, const std::set<std::string>& known);

}  // namespace senet
