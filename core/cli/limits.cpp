#include "cli/limits.h"

#include <sys/mman.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>

#include "senet/error.h"

namespace senet {

namespace {

struct Limit {
  int resource;
  const char* command;
};
constexpr Limit kLimits[] = {{RLIMIT_AS, "ulimit -v"}, {RLIMIT_DATA, "ulimit -d"}};

rlim_t value_of(const Limit& limit) {
  rlimit value{};
  return getrlimit(static_cast<__rlimit_resource>(limit.resource), &value) == 0 ? value.rlim_cur : RLIM_INFINITY;
}

}  // namespace

bool memory_is_limited() {
  for (const Limit& limit : kLimits) {
    if (value_of(limit) != RLIM_INFINITY) return true;
  }
  return false;
}

std::string memory_shortage(size_t bytes) {
  if (!memory_is_limited()) return "";
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory != MAP_FAILED) {
    munmap(memory, bytes);
    return "";
  }
  const int error = errno;
  std::string limits;
  for (const Limit& limit : kLimits) {
    const rlim_t value = value_of(limit);
    if (value != RLIM_INFINITY) limits += text(limits.empty() ? "" : ", ", limit.command, " ", value >> 10);
  }
  return text("memory is limited (", limits, "), and ", bytes >> 20, " MiB more are needed: ", std::strerror(error),
              "; raise the limit, or ask the job scheduler for more memory");
}

}  // namespace senet
