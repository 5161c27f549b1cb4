#include "tools/report/notes.h"

#include <algorithm>

namespace senet {

std::string Notes::mark(const std::string& note) {
  if (note.empty()) return "";
  const auto at = std::find(texts_.begin(), texts_.end(), note);
  const auto number = at - texts_.begin() + 1;
  if (at == texts_.end()) texts_.push_back(note);
  return " [" + std::to_string(number) + "]";
}

}  // namespace senet
