#include "cli/threads.h"

#include <ATen/Parallel.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <fstream>
#include <sstream>
#include <thread>

#include "cli/variables.h"
#include "storage/clock.h"

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

// Processor time in seconds.
struct Load {
  double all = 0;  // of what runs on the processors that this process may run on
  double own = 0;  // of this process
};

std::optional<Load> load_now() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return std::nullopt;
  const bool lower_counts = getpriority(PRIO_PROCESS, 0) > 0;
  Load load;
  std::ifstream file("/proc/stat");
  int seen = 0;
  for (std::string line; std::getline(file, line);) {
    int number = -1;
    if (line.rfind("cpu", 0) != 0 || std::sscanf(line.c_str(), "cpu%d", &number) != 1) continue;
    if (number >= CPU_SETSIZE || !CPU_ISSET(number, &allowed)) continue;
    std::istringstream fields(line);
    std::string name;
    double user = 0, nice = 0, system = 0, idle = 0, waiting = 0, interrupts = 0, soft = 0, stolen = 0;
    if (!(fields >> name >> user >> nice >> system >> idle >> waiting >> interrupts >> soft >> stolen))
      return std::nullopt;
    load.all += user + (lower_counts ? nice : 0) + system + interrupts + soft + stolen;
    ++seen;
  }
  if (seen == 0 || seen != CPU_COUNT(&allowed)) return std::nullopt;
  load.all /= static_cast<double>(sysconf(_SC_CLK_TCK));
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  load.own = seconds(used.ru_utime) + seconds(used.ru_stime);
  return load;
}

}  // namespace

WantedThreads wanted_threads(int option, int processors) {
  if (option > 0) return {option, "--threads"};
  constexpr int kMost = 1024;
  for (const char* name : {"SLURM_CPUS_PER_TASK", "OMP_NUM_THREADS"}) {
    const std::string value = variable(name);
    // OpenMP takes a number for each level of nested regions; the first is the outermost's.
    const std::string first = value.substr(0, value.find(','));
    if (!value.empty()) return {number_of(first, name, 1, kMost, ", of threads; unset it or say --threads N"), name};
  }
  return {processors, ""};
}

int set_threads(int wanted) {
  at::set_num_threads(wanted);
  const int given = threads_of_a_parallel_region();
  if (given < wanted) at::set_num_threads(given);
  return given;
}

std::string thread_limits() {
  std::string found;
  for (const char* name : {"OMP_THREAD_LIMIT", "OMP_MAX_ACTIVE_LEVELS", "KMP_DEVICE_THREAD_LIMIT", "KMP_ALL_THREADS"}) {
    if (const std::string value = variable(name); !value.empty())
      found += (found.empty() ? "" : ", ") + std::string(name) + "=" + value;
  }
  return found;
}

std::optional<int> free_processors(int processors) {
  constexpr std::chrono::milliseconds kLook{330};
  // Bound by OpenMP to a part of its processors, this thread no longer sees the others' load.
  if (available_threads() != processors) return std::nullopt;
  const std::optional<Load> before = load_now();
  const double began = seconds_now();
  std::this_thread::sleep_for(kLook);
  const std::optional<Load> after = load_now();
  if (!before || !after) return std::nullopt;
  const double busy = (after->all - before->all - (after->own - before->own)) / (seconds_now() - began);
  return std::clamp(processors - static_cast<int>(std::lround(busy)), 1, processors);
}

}  // namespace senet
