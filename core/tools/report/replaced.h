#pragma once

#include <string>
#include <utility>
#include <vector>

namespace senet {

// Each of some texts in place of another, in one pass from the left.
inline std::string replaced(const std::string& text,
                            const std::vector<std::pair<std::string, std::string>>& replacements) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    bool found = false;
    for (const auto& [from, to] : replacements) {
      if (text.compare(at, from.size(), from) != 0) continue;
      out += to;
      at += from.size();
      found = true;
      break;
    }
    if (!found) out += text[at++];
  }
  return out;
}

}  // namespace senet
