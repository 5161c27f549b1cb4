#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace senet {

// Joins its arguments into one string, each as `operator<<` writes it.
template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

// The process exit code an error leads to.
enum class Exit : int { failure = 1, usage = 2, interrupted = 130 };

// The one exception type of the harness. A message says what went wrong, where, what was found, what was expected, and
// what to do about it.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message, Exit exit = Exit::failure) : std::runtime_error(message), exit_(exit) {}
  Exit exit() const { return exit_; }

 private:
  Exit exit_;
};

template <class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  throw Error(text(parts...));
}

// For what the person at the keyboard can put right: a wrong option, file or budget (exit code 2).
template <class... Parts>
[[noreturn]] void fail_usage(const Parts&... parts) {
  throw Error(text(parts...), Exit::usage);
}

}  // namespace senet

// A check that stays on in Release; the remaining arguments are joined into the message.
#define SENET_CHECK(condition, ...)             \
  do {                                          \
    if (!(condition)) senet::fail(__VA_ARGS__); \
  } while (false)
