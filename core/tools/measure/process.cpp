#include "tools/measure/process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "senet/error.h"

namespace senet {

ChildProcess::ChildProcess(const std::vector<std::string>& command, const std::filesystem::path& output) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const int descriptor = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  SENET_CHECK(descriptor >= 0, output.string(), ": cannot be written (", std::strerror(errno), ")");
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    // Only what is safe between fork and exec of a process with threads. Its own group: Ctrl-C is for us to pass on.
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    dup2(descriptor, STDOUT_FILENO);
    dup2(descriptor, STDERR_FILENO);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  const int error = errno;
  close(descriptor);
  SENET_CHECK(pid_ > 0, command[0], ": cannot be started (", std::strerror(error), ")");
}

ChildProcess::~ChildProcess() { end(); }

bool ChildProcess::running() {
  if (pid_ > 0 && waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = -1;
  return pid_ > 0;
}

std::string ChildProcess::how_it_ended() const {
  if (WIFSIGNALED(status_))
    return text("was ended by signal ", WTERMSIG(status_), " (", strsignal(WTERMSIG(status_)), ")");
  if (WEXITSTATUS(status_) == 127) return "could not be started";
  return text("ended with exit code ", WEXITSTATUS(status_));
}

void ChildProcess::end() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, &status_, 0);
  pid_ = -1;
}

}  // namespace senet
