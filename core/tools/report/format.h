#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace senet {

std::string fixed(double value, int digits);  // "3.30"; "" for NaN
std::string grouped(int64_t count);           // "69,632"

// What a text takes on a terminal, for the texts used here.
size_t columns_of(const std::string& text);

// Rows of text as columns of equal width; the first row is the heading.
std::string aligned(const std::vector<std::vector<std::string>>& rows);

std::string joined(const std::vector<std::string>& texts, const std::string& between);

}  // namespace senet
