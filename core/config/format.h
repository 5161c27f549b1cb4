#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace senet {

std::string fixed(double value, int digits);  // "3.30"; "" for NaN
std::string grouped(int64_t count);           // "69,632"

std::string duration(double seconds);  // "1 h 02 min", "3 min 05 s", "12 s"

// What a text takes on a terminal, for the texts used here.
size_t columns_of(const std::string& text);

// Rows of text as columns of equal width; the first row is the heading.
std::string aligned(const std::vector<std::vector<std::string>>& rows);

template <class Texts>
std::string joined(const Texts& texts, const std::string& between) {
  std::string all;
  for (const std::string& text : texts) all += (&text == &*texts.begin() ? "" : between) + text;
  return all;
}

}  // namespace senet
