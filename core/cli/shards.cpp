#include "cli/shards.h"

#include <ATen/Parallel.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <torch/cuda.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <sstream>

#include "cli/gpu_group.h"
#include "cli/rank_gpu.h"
#include "cli/threads.h"
#include "cli/variables.h"
#include "experiment/environment.h"
#include "senet/error.h"
#include "storage/files.h"
#include "storage/hash.h"

extern char** environ;

namespace senet {

namespace {

// For a process that another of ours has started: "rank address port number parent", the number on its host, and the
// other's process.
constexpr const char* kStarted = "SENET_SHARD";

// The processes that someone else has started for this run.
struct Launched {
  int rank = 0, size = 1;
  std::string by, address;
  int port = 0;
  const char* number_on_host = "LOCAL_RANK";
};

// "node7" of "node[7-9,12]".
std::string first_host(const std::string& hosts) {
  const size_t bracket = hosts.find('['), comma = hosts.find(',');
  if (bracket == std::string::npos || comma < bracket) return hosts.substr(0, comma);
  return hosts.substr(0, bracket) + hosts.substr(bracket + 1, hosts.find_first_of(",-]", bracket) - bracket - 1);
}

Launched launched() {
  constexpr int kMost = 1 << 20;
  Launched found;
  if (!variable("RANK").empty() && !variable("WORLD_SIZE").empty()) {
    found.by = "RANK and WORLD_SIZE";
    found.size = number_in("WORLD_SIZE", 1, kMost);
    found.rank = number_in("RANK", 0, found.size - 1);
    if (found.size > 1) {
      found.address = variable("MASTER_ADDR");
      if (found.address.empty()) fail_usage("RANK and WORLD_SIZE are set, and MASTER_ADDR, where ranks meet, is not");
      found.port = number_in("MASTER_PORT", 1, 65535);
    }
  } else if (!variable("SLURM_STEP_ID").empty() && !variable("SLURM_PROCID").empty()) {
    // A batch script without srun has SLURM_NTASKS too, and is one process.
    found.by = "srun";
    found.number_on_host = "SLURM_LOCALID";
    found.size = number_in("SLURM_STEP_NUM_TASKS", 1, kMost);
    found.rank = number_in("SLURM_PROCID", 0, found.size - 1);
    found.address = first_host(variable("SLURM_STEP_NODELIST"));
    const int job = variable("SLURM_JOB_ID").empty() ? 0 : number_in("SLURM_JOB_ID", 0, INT_MAX);
    found.port = variable("MASTER_PORT").empty() ? 20000 + job % 20000 : number_in("MASTER_PORT", 1, 65535);
  }
  return found;
}

// The GPU of this process, which is made the calling thread's.
torch::Device take_gpu(int number, int last) {
  const int index = gpu_of_rank(number, last, static_cast<int>(torch::cuda::device_count()));
  const torch::Device gpu(torch::kCUDA, static_cast<c10::DeviceIndex>(index));
  c10::impl::getDeviceGuardImpl(torch::kCUDA)->setDevice(gpu);
  return gpu;
}

// The value of a [training] option, which all cells have to share.
int64_t shared_setting(const Plan& plan, const char* name) {
  const Options::Item& first = plan.cells.front().section("training").item(name);
  for (const Cell& cell : plan.cells) {
    const Options::Item& other = cell.section("training").item(name);
    if (other.value != first.value)
      fail_usage(other.origin, ": training.", name, " differs between cells; all cells of a run need the same");
  }
  return plan.cells.front().section("training").integer(name);
}

// What all ranks need alike.
std::string fingerprint(const Plan& plan, int64_t threads, const torch::Device& device) {
  Environment here = environment(device);
  here.cpu = here.visible_devices = "";
  Hash hash;
  for (const EnvironmentField& field : fields_of(here)) hash.add(field.name).add(field.value);
  hash.add(text(threads, "|", plan.name));
  for (const Cell& cell : plan.cells) {
    hash.add(cell.label).add(cell.method);
    for (const auto& [name, options] : cell.sections) hash.add(name).add(to_json(options).dump());
  }
  return hash.hex();
}

std::vector<std::string> own_command() {
  const std::string line = read_file("/proc/self/cmdline");
  std::vector<std::string> words;
  for (size_t begin = 0; begin < line.size();) {
    const size_t end = line.find('\0', begin);
    words.push_back(line.substr(begin, end - begin));
    begin = end == std::string::npos ? line.size() : end + 1;
  }
  return words;
}

// With this process, whoever started it ends it too.
void end_with_parent(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(static_cast<int>(Exit::failure));
}

}  // namespace

ShardProcesses::ShardProcesses(const Plan& plan, const Arguments& arguments, const torch::Device& device) {
  const int64_t shards = shared_setting(plan, "shards"), threads = shared_setting(plan, "shard_threads");
  meeting_.device = device;
  if (shards == 1) {
    const std::string other = variable("WORLD_SIZE");
    if (!other.empty() && other != "1")
      summary_ = "WORLD_SIZE=" + other + ", and training.shards = 1: the processes share the phases of this run";
    return;
  }
  const std::string origin = plan.cells.front().section("training").item("shards").origin;
  if ((shards & (shards - 1)) != 0) fail_usage(origin, ": training.shards = ", shards, "; expected a power of two");
  if (!can_form_world()) form_world({}, [](int) {});
  if (device.is_cuda() && !can_join_gpus()) {
    fail_usage(
        origin, ": training.shards = ", shards,
        ": this build of senet cannot train in shards on GPUs: nccl.h was not there when it was built (the Python "
        "package nvidia-nccl-cu13); use --device cpu");
  }
  if (arguments.jobs > 1)
    fail_usage("--jobs ", arguments.jobs, ": the processes of ", shards,
               " shards run one phase together; leave --jobs out");
  if (arguments.threads > 0 && arguments.threads != threads) {
    fail_usage("--threads ", arguments.threads, ": each shard computes with training.shard_threads = ", threads,
               ", whoever runs it; leave --threads out");
  }
  set_threads(static_cast<int>(threads));
  if (at::get_num_threads() != threads)
    fail_usage(origin, ": OpenMP gives ", at::get_num_threads(), " of the ", threads, " threads of a shard");

  meeting_.size = static_cast<int>(shards);
  if (const std::string started = variable(kStarted); !started.empty()) {
    pid_t parent = 0;
    std::istringstream(started) >> meeting_.rank >> meeting_.address >> meeting_.port >> number_ >> parent;
    end_with_parent(parent);
  } else {
    take_part(threads);
  }
  if (device.is_cuda()) meeting_.device = take_gpu(number_, number_ + others_);
  fingerprint_ = fingerprint(plan, threads, meeting_.device);
}

void ShardProcesses::take_part(int64_t threads) {
  const Launched by = launched();
  if (meeting_.size % by.size != 0) {
    fail_usage(by.by, " started ", by.size, " processes, which do not divide training.shards = ", meeting_.size,
               "; start 1, 2, 4, … up to ", meeting_.size);
  }
  const int each = meeting_.size / by.size;
  others_ = each - 1;
  meeting_.rank = by.rank * each;
  const bool on_gpus = meeting_.device.is_cuda();
  if (on_gpus && by.size > 1) {
    number_ = each * number_in(by.number_on_host, 0, by.size - 1, ", which says the GPU of this rank");
  }
  others_started_ = by.size > 1;
  if (others_started_) {
    meeting_.address = by.address;
    meeting_.port = by.port;
  }
  summary_ = shards_in_words(meeting_.size, threads, by.size, by.by, on_gpus);
}

void ShardProcesses::meet_started() {
  if (others_started_) form();
}

void ShardProcesses::form() {
  const auto start_others = [&](int port) {
    for (int i = 1; i <= others_; ++i) start(i, port);
  };
  if (meeting_.rank > 0) start_others(meeting_.port);
  world_ = form_world(meeting_, start_others);
}

void ShardProcesses::meet() {
  if (meeting_.size == 1) return;
  if (!world_) form();
  set_world(std::move(world_));
  met_ = true;
  const std::string first = first_does([&] { return fingerprint_; });
  if (any_rank(fingerprint_ != first)) {
    fail_usage("rank ", rank(), fingerprint_ == first ? ": another rank has" : ": has",
               " other settings or another program than the first; start all with the same file, options and version");
  }
}

void ShardProcesses::start(int which, int port) {
  const int rank = meeting_.rank + which;
  std::vector<std::string> words = own_command(), variables = {text(kStarted, "=", rank, " ", meeting_.address, " ",
                                                                    port, " ", number_ + which, " ", getpid())};
  for (char** one = environ; *one; ++one) {
    if (std::strncmp(*one, kStarted, std::strlen(kStarted)) != 0) variables.emplace_back(*one);
  }
  const auto pointers = [](std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (std::string& one : texts) all.push_back(one.data());
    all.push_back(nullptr);
    return all;
  };
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int error =
      posix_spawn(&child, "/proc/self/exe", &files, nullptr, pointers(words).data(), pointers(variables).data());
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) fail("the process of shard ", rank, " cannot be started: ", std::strerror(error));
  started_.push_back(child);
}

ShardProcesses::~ShardProcesses() {
  set_world(nullptr);
  if (!met_) {
    for (const pid_t child : started_) ::kill(child, SIGKILL);
  }
  for (const pid_t child : started_) waitpid(child, nullptr, 0);
}

}  // namespace senet
