#include "cli/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace senet {

StandardOutput::StandardOutput() {
  buffer_.descriptor = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (buffer_.descriptor < 0) buffer_.error = errno;
  // A closed descriptor would be given to the next file that is opened, and what is printed would be written into it.
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) < 0) (void)open("/dev/null", O_RDWR);
  }
  dup2(STDERR_FILENO, STDOUT_FILENO);
}

int StandardOutput::Buffer::sync() {
  const std::string pending = str();
  str("");
  for (size_t written = 0; written < pending.size();) {
    if (error != 0) return -1;
    const ssize_t some = write(descriptor, pending.data() + written, pending.size() - written);
    if (some >= 0) {
      written += static_cast<size_t>(some);
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  return 0;
}

std::string StandardOutput::finish() {
  stream_.flush();
  return stream_.good() ? "" : std::strerror(buffer_.error);
}

}  // namespace senet
