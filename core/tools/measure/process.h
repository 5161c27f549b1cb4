#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace senet {

// A running program. It is ended with this object, and with this process however the process ends.
class ChildProcess {
 public:
  // command[0]: the program's path. What it writes to stdout and stderr goes into `output`.
  ChildProcess(const std::vector<std::string>& command, const std::filesystem::path& output);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  bool running();  // does not wait
  // Of a program that has ended: whether nothing went wrong, and how it ended in words.
  bool succeeded() const { return status_ == 0; }
  std::string how_it_ended() const;
  void end();

 private:
  pid_t pid_ = -1;
  int status_ = -1;  // of waitpid
};

}  // namespace senet
