#include "tools/measure/compiled.h"

#include <array>
#include <regex>
#include <sstream>

#include "senet/error.h"

namespace senet {

namespace {

// Elements of the last tensor type on a line, which is the operation's result: "tensor<20x1x!pphlo.secret<i1>>".
int64_t elements_of_result(const std::string& line) {
  const size_t at = line.rfind("tensor<");
  SENET_CHECK(at != std::string::npos, "the compiled program has an operation without a result type: ", line);
  std::istringstream type(line.substr(at + 7));
  int64_t product = 1, size = 0;
  char separator = 0;
  while (type >> size >> separator && separator == 'x') product *= size;
  return product;
}

int64_t product_of_list(const std::string& line, const std::string& name) {
  const size_t at = line.find(name + " = array<i64: ");
  SENET_CHECK(at != std::string::npos, "the compiled program has a reduction without ", name, ": ", line);
  std::istringstream list(line.substr(at + name.size() + 14));
  int64_t product = 1, size = 0;
  char separator = ',';
  while (separator == ',' && list >> size >> separator) product *= size;
  return product;
}

int64_t comparisons_of(const std::string& line) {
  static const std::array<const char*, 10> names = {"less",      "less_equal", "greater", "greater_equal", "equal",
                                                    "not_equal", "maximum",    "minimum", "max",           "min"};
  if (line.find("!pphlo.secret") == std::string::npos) return 0;
  for (const char* name : names) {
    if (line.find(std::string("= pphlo.") + name + " ") != std::string::npos) return elements_of_result(line);
  }
  if (line.find("= pphlo.clamp ") != std::string::npos) return 2 * elements_of_result(line);
  if (line.find("= pphlo.sign ") != std::string::npos) return elements_of_result(line);
  return 0;
}

}  // namespace

Multiplications count_multiplications(const std::string& compiled) {
  // The types of both operands stand in brackets where they differ, else once for all three.
  static const std::regex product(R"(= pphlo\.multiply (%\w+), (%\w+) : (\(.*\) -> |)(.*))");
  Multiplications total;
  std::istringstream lines(compiled);
  std::string line;
  std::smatch found;
  while (std::getline(lines, line)) {
    if (!std::regex_search(line, found, product)) continue;
    const std::string types = found[3].length() > 0 ? found[3].str() : found[4].str() + found[4].str();
    const size_t first = types.find("!pphlo.secret");
    if (first == std::string::npos || types.find("!pphlo.secret", first + 1) == std::string::npos) continue;
    (found[1] == found[2] ? total.squares : total.coefficients) += elements_of_result(line);
  }
  return total;
}

Comparisons count_comparisons(const std::string& compiled) {
  Comparisons total;
  std::istringstream lines(compiled);
  std::string line;
  while (std::getline(lines, line)) {
    if (line.find("\"pphlo.reduce_window\"") == std::string::npos) {
      total.elementwise += comparisons_of(line);
      continue;
    }
    const int64_t window = product_of_list(line, "window_dimensions");
    int64_t each = 0;
    while (std::getline(lines, line) && line.find("})") == std::string::npos) each += comparisons_of(line);
    total.in_windows += each * (window - 1) * elements_of_result(line);
  }
  return total;
}

}  // namespace senet
