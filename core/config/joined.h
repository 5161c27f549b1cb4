#pragma once

#include <string>

namespace senet {

// The texts in their order, with `between` between each two.
template <class Texts>
std::string joined(const Texts& texts, const std::string& between) {
  std::string all;
  for (const std::string& text : texts) all += (&text == &*texts.begin() ? "" : between) + text;
  return all;
}

}  // namespace senet
