#include "cli/shell_word.h"

#include <algorithm>
#include <cctype>
#include <cstring>

namespace senet {

std::string shell_word(const std::string& text) {
  const auto is_plain = [](unsigned char letter) { return std::isalnum(letter) || std::strchr("/._-+=:,@%", letter); };
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_plain)) return text;
  std::string word = "'";
  for (const char letter : text) word += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return word + "'";
}

}  // namespace senet
