#pragma once

#include <string>

namespace senet {

// Lets LibTorch and its libraries compute with so many threads, or with as many as OpenMP gives when that is fewer:
// oneDNN waits for ever for threads that were promised and never came. Returns the number, counted in a parallel
// region.
int set_threads(int wanted);

// The environment variables that may be why OpenMP gives fewer threads, as "OMP_THREAD_LIMIT=1"; empty: none is set.
std::string thread_limits();

}  // namespace senet
