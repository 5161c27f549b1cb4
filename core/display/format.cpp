#include "display/format.h"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>

#include "senet/error.h"

namespace senet {

std::string fixed(double value, int digits) {
  if (std::isnan(value)) return "";
  std::ostringstream out;
  out << std::fixed << std::setprecision(digits) << value;
  return out.str();
}

std::string grouped(int64_t count) {
  std::string digits = std::to_string(count);
  const int sign = count < 0;
  for (int at = static_cast<int>(digits.size()) - 3; at > sign; at -= 3) digits.insert(at, ",");
  return digits;
}

std::string duration(double seconds) {
  if (!(seconds >= 0 && seconds < 1e15)) return "?";
  const auto total = static_cast<int64_t>(std::llround(seconds));
  const auto two = [](int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  if (total >= 3600) return text(total / 3600, " h ", two(total / 60 % 60), " min");
  if (total >= 60) return text(total / 60, " min ", two(total % 60), " s");
  return text(total, " s");
}

namespace {

// What a text takes on a terminal: one column a character of UTF-8, as all texts used here do.
size_t columns_of(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  std::string out;
  for (size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    for (size_t i = 0; i < rows[r].size(); ++i) {
      if (i > 0) line += "  ";
      line += rows[r][i] + std::string(widths[i] - columns_of(rows[r][i]), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
    if (r == 0) {
      size_t total = 0;
      for (const size_t width : widths) total += width + 2;
      out += std::string(total - 2, '-') + "\n";
    }
  }
  return out;
}

}  // namespace senet
