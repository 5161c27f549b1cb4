#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace senet {

// Numbers the texts that "[i]" in a table or figure stands for.
class Notes {
 public:
  // From 1; 0 for an empty note.
  size_t number(const std::string& note) {
    if (note.empty()) return 0;
    const auto at = std::find(texts_.begin(), texts_.end(), note);
    if (at != texts_.end()) return static_cast<size_t>(at - texts_.begin()) + 1;
    texts_.push_back(note);
    return texts_.size();
  }
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::vector<std::string> texts_;
};

}  // namespace senet
