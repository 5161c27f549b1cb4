#include "cli/threads.h"

#include <ATen/Parallel.h>

#include <atomic>
#include <cstdlib>

// Of the OpenMP library that LibTorch brings, GNU's or LLVM's: a parallel region of our own would need a compiler that
// takes the same one.
extern "C" [[gnu::weak]] void GOMP_parallel(void (*body)(void*), void* data, unsigned threads, unsigned flags);

namespace senet {

namespace {

int threads_of_a_parallel_region() {
  if (!GOMP_parallel) return at::get_num_threads();
  std::atomic<int> count = 0;
  GOMP_parallel([](void* counter) { ++*static_cast<std::atomic<int>*>(counter); }, &count, 0, 0);
  return count;
}

}  // namespace

int set_threads(int wanted) {
  at::set_num_threads(wanted);
  const int given = threads_of_a_parallel_region();
  if (given < wanted) at::set_num_threads(given);
  return given;
}

std::string thread_limits() {
  std::string found;
  for (const char* name : {"OMP_THREAD_LIMIT", "OMP_MAX_ACTIVE_LEVELS", "KMP_DEVICE_THREAD_LIMIT", "KMP_ALL_THREADS"}) {
    if (const char* value = std::getenv(name)) found += (found.empty() ? "" : ", ") + std::string(name) + "=" + value;
  }
  return found;
}

}  // namespace senet
