#pragma once

#include <string>

namespace senet {

// A text as one word of a shell: in single quotes, where it needs them.
std::string shell_word(const std::string& text);

}  // namespace senet
