#pragma once

#include <sched.h>

#include <algorithm>
#include <optional>
#include <string>

namespace senet {

// Processors that the calling thread may run on. OpenMP may bind the main thread to one of them (OMP_PROC_BIND,
// OMP_PLACES) as soon as its library is loaded, so the program asks before that.
inline int available_threads() {
  cpu_set_t processors[16];  // one holds 1,024
  if (sched_getaffinity(0, sizeof processors, processors) != 0) return 1;
  return std::max(1, CPU_COUNT_S(sizeof processors, processors));
}

// The threads that somebody asked for. `asked_by`: "--threads", a variable of the scheduler's, or empty: nobody did,
// and they are as many as the processors.
struct WantedThreads {
  int count = 1;
  std::string asked_by;
};
// What --threads says (0: nothing), else SLURM_CPUS_PER_TASK, else the first number of OMP_NUM_THREADS, else
// `processors`. Throws (exit code 2) where a variable holds no number.
WantedThreads wanted_threads(int option, int processors);

// Lets LibTorch and its libraries compute with `wanted` threads, or with fewer where OpenMP gives fewer: oneDNN waits
// for ever for promised threads that do not come. Returns how many a parallel region has.
int set_threads(int wanted);

// The environment variables that may be why OpenMP gives fewer threads, as "OMP_THREAD_LIMIT=1"; empty: none is set.
std::string thread_limits();

// How many of the `processors` that this process may run on other processes leave free, at least one, by looking for a
// third of a second. Processes of lower priority (nice) take none. Nothing where the system does not say.
std::optional<int> free_processors(int processors);

}  // namespace senet
