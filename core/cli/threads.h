#pragma once

#include <string>

namespace senet {

// Lets LibTorch and its libraries compute with `wanted` threads, or with fewer where OpenMP gives fewer: oneDNN waits
// for ever for promised threads that do not come. Returns how many a parallel region has.
int set_threads(int wanted);

// The environment variables that may be why OpenMP gives fewer threads, as "OMP_THREAD_LIMIT=1"; empty: none is set.
std::string thread_limits();

}  // namespace senet
