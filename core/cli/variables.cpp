#include "cli/variables.h"

#include <charconv>
#include <cstdlib>

#include "senet/error.h"

namespace senet {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

int number_of(const std::string& word, const char* name, int least, int most, const std::string& means) {
  int number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size() || number < least || number > most)
    fail_usage("the environment has ", name, "=", word, "; expected a number from ", least, " to ", most, means);
  return number;
}

int number_in(const char* name, int least, int most, const std::string& means) {
  return number_of(variable(name), name, least, most, means);
}

}  // namespace senet
