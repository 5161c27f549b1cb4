#pragma once

#include <sched.h>

#include <algorithm>

namespace senet {

// Processors that the calling thread may run on. OpenMP may bind the main thread to one of them (OMP_PROC_BIND,
// OMP_PLACES) as soon as its library is loaded, so the program asks before that.
inline int available_threads() {
  cpu_set_t processors[16];  // one holds 1,024
  if (sched_getaffinity(0, sizeof processors, processors) != 0) return 1;
  return std::max(1, CPU_COUNT_S(sizeof processors, processors));
}

}  // namespace senet
