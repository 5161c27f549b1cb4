#pragma once

#include <string>
#include <vector>

namespace senet {

// Numbers the texts that "[i]" in a table or figure stands for.
class Notes {
 public:
  // " [i]"; nothing for an empty note.
  std::string mark(const std::string& note);
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::vector<std::string> texts_;
};

}  // namespace senet
