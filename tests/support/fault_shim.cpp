// System calls as a bad disk, a busy server or a file system without locks answers them. The environment says which:
//   SENET_TEST_OPEN, SENET_TEST_READ   "<errno> <part of a path>": such a file cannot be opened or read
//   SENET_TEST_LOCK                    "<errno>": no file can be locked; "local": each process has locks of its own
//   SENET_TEST_INTERRUPTIONS           "<n>": the first n calls for a lock are interrupted
//   SENET_TEST_FLUSHED                 a file that the path of each flushed file is added to

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>

namespace {

bool fails(const char* variable, const char* path) {
  const char* fault = std::getenv(variable);
  const char* part = fault ? std::strchr(fault, ' ') : nullptr;
  if (!part || !std::strstr(path, part + 1)) return false;
  errno = std::atoi(fault);
  return true;
}

const char* path_of(int descriptor, char (&path)[4096]) {
  char link[64] = "/proc/self/fd/";
  char digits[16];
  int count = 0, at = static_cast<int>(std::strlen(link));
  for (int rest = descriptor; rest > 0 || count == 0; rest /= 10) digits[count++] = static_cast<char>('0' + rest % 10);
  while (count > 0) link[at++] = digits[--count];
  link[at] = '\0';
  const ssize_t length = ::readlink(link, path, sizeof path - 1);
  path[length > 0 ? length : 0] = '\0';
  return path;
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const int mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, int) : 0;
  va_end(arguments);
  if (fails("SENET_TEST_OPEN", path)) return -1;
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

__attribute__((visibility("default"))) ssize_t read(int descriptor, void* bytes, size_t count) {
  char path[4096];
  if (std::getenv("SENET_TEST_READ") && fails("SENET_TEST_READ", path_of(descriptor, path))) return -1;
  return ::syscall(SYS_read, descriptor, bytes, count);
}

__attribute__((visibility("default"))) int fcntl(int descriptor, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  const char* fault = std::getenv("SENET_TEST_LOCK");
  const bool of_locks = command == F_OFD_SETLK || command == F_OFD_SETLKW || command == F_OFD_GETLK;
  if (const char* interruptions = std::getenv("SENET_TEST_INTERRUPTIONS"); interruptions && of_locks) {
    static int calls = 0;
    if (calls++ < std::atoi(interruptions)) {
      errno = EINTR;
      return -1;
    }
  }
  if (fault && of_locks && std::strcmp(fault, "local") == 0) {
    if (command == F_OFD_GETLK) static_cast<struct flock*>(argument)->l_type = F_UNLCK;
    return 0;
  }
  if (fault && of_locks) {
    errno = std::atoi(fault);
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fcntl, descriptor, command, argument));
}

__attribute__((visibility("default"))) int fsync(int descriptor) {
  char path[4096];
  if (const char* flushed = std::getenv("SENET_TEST_FLUSHED")) {
    const auto log = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, flushed, O_WRONLY | O_CREAT | O_APPEND, 0644));
    path_of(descriptor, path);
    const size_t length = std::strlen(path);
    path[length] = '\n';
    ::syscall(SYS_write, log, path, length + 1);
    ::syscall(SYS_close, log);
  }
  return static_cast<int>(::syscall(SYS_fsync, descriptor));
}
}
