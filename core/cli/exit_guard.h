#pragma once

#include <string>

namespace senet {

// While it lives, exit() ends the process with exit code 1 and a message: a plugin or a library that calls it would
// make unfinished work look like success.
class ExitGuard {
 public:
  explicit ExitGuard(const std::string& verb);
  ~ExitGuard();
  ExitGuard(const ExitGuard&) = delete;
  ExitGuard& operator=(const ExitGuard&) = delete;
};

}  // namespace senet
