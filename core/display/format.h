#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace senet {

std::string fixed(double value, int digits);  // "3.30"; "" for NaN
std::string grouped(int64_t count);           // "69,632"

std::string duration(double seconds);  // "1 h 02 min", "3 min 05 s", "12 s"

// Rows of text as columns of equal width; the first row is the heading.
std::string aligned(const std::vector<std::vector<std::string>>& rows);

}  // namespace senet
