#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace senet {

// A program that ends with this object, and with this process, however that ends.
class ChildProcess {
 public:
  // command[0]: the program's path. What it writes to stdout and stderr goes into `output`.
  ChildProcess(const std::vector<std::string>& command, const std::filesystem::path& output);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  bool running();  // does not wait
  // Of one that has ended: nothing went wrong; what did, in words.
  bool succeeded() const { return status_ == 0; }
  std::string how_it_ended() const;
  void end();

 private:
  pid_t pid_ = -1;
  int status_ = -1;  // of waitpid
};

}  // namespace senet
