#include <ATen/Parallel.h>
#include <torch/cuda.h>
#include <torch/types.h>
#include <torch/utils.h>
#include <torch/version.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "cli/commands.h"
#include "cli/limits.h"
#include "cli/threads.h"
#include "cli/tools_library.h"
#include "config/joined.h"
#include "device/device.h"
#include "display/format.h"
#include "display/gnuplot.h"
#include "experiment/environment.h"
#include "senet/error.h"
#include "storage/clock.h"
#include "storage/files.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

// Files of this process's memory map whose name contains `part`.
std::set<std::string> mapped_libraries(const std::string& part) {
  std::set<std::string> libraries;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const size_t path = line.find('/');
    if (path == std::string::npos) continue;
    const std::string file = line.substr(path);
    if (file.substr(file.rfind('/') + 1).find(part) != std::string::npos) libraries.insert(file);
  }
  return libraries;
}

class Findings {
 public:
  // `advice` is for when all is not well; empty: all is well.
  void add(const std::string& what, const std::string& found, const std::string& advice = "") {
    rows_.push_back({{"what", what}, {"found", found}, {"ok", advice.empty()}, {"advice", advice}});
  }
  const Json& rows() const { return rows_; }

 private:
  Json rows_ = Json::array();
};

fs::path existing_parent(fs::path folder) {
  folder = fs::absolute(folder);
  while (!fs::exists(folder) && folder.has_parent_path() && folder != folder.parent_path())
    folder = folder.parent_path();
  return folder;
}

// Seconds of a training step of a small layer, with so many threads.
double step_of_a_small_layer(int threads) {
  constexpr int kSteps = 8;
  at::set_num_threads(threads);
  const torch::Tensor images = torch::ones({64, 16, 32, 32}),
                      weight = torch::ones({16, 16, 3, 3}, torch::requires_grad());
  const auto step = [&] { torch::conv2d(images, weight, {}, 1, 1).relu().sum().backward(); };
  step();
  const double began = seconds_now();
  for (int i = 0; i < kSteps; ++i) step();
  return (seconds_now() - began) / kSteps;
}

// Whether a grid of small networks is done sooner by several phases at once.
void examine_jobs(Findings& findings, int threads) {
  constexpr double kWorthIt = 0.8;
  if (threads < 2) return;
  const double one = step_of_a_small_layer(1), faster = one / step_of_a_small_layer(threads);
  const std::string found = text(threads, " threads train a small layer ", fixed(faster, 1), " times as fast as one");
  findings.add("jobs",
               faster < kWorthIt * threads
                   ? text(found, ": through a grid of small networks, `senet run FILE --jobs ", threads, "` is faster")
                   : text(found, ": `senet run FILE` without --jobs loses little"));
}

void examine_machine(Findings& findings, const Arguments& arguments) {
  const WantedThreads asked = wanted_threads(arguments.threads, arguments.processors);
  const int wanted = asked.count, threads = set_threads(wanted);
  const torch::Device device = resolve_device(arguments.device);
  const Environment here = environment(device);
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  findings.add("device", here.device +
                             (device.is_cuda() ? text(", ", here.gpu, ", ", device_memory().free >> 20, " MiB free")
                                               : text(", ", torch::cuda::device_count(), " GPUs")) +
                             (visible ? text(", CUDA_VISIBLE_DEVICES=", visible) : ""));
  const std::string& capability = here.cpu_capability;
  const bool avx512 = cpu_has("avx512f");
  findings.add(
      "CPU",
      text(here.cpu, ", LibTorch uses ", capability, here.onednn_isa.empty() ? "" : ", its oneDNN ", here.onednn_isa),
      avx512 && capability == "AVX2"
          ? "the CPU has AVX-512, which this LibTorch does not choose by itself: ATEN_CPU_CAPABILITY=avx512 is "
            "faster in bfloat16, with other bits"
          : "");
  const int available = arguments.processors;
  const std::string limits = thread_limits();
  findings.add("threads",
               text(threads, " of ", available, " that this process may run on",
                    asked.asked_by.empty() ? "" : ", asked for by ", asked.asked_by),
               threads < wanted      ? text("OpenMP gives no more", limits.empty() ? "" : ": " + limits,
                                            "; a run computes with ", threads)
               : threads > available ? text("more threads than CPUs wait for each other: use --threads ", available)
                                     : "");
  if (const std::optional<int> idle = free_processors(available)) {
    findings.add("free processors",
                 text(*idle, " of ", available, ": a run that no number of threads is asked for begins with ",
                      std::min(threads, *idle)));
  }
  if (device.is_cpu()) examine_jobs(findings, threads);
  if (memory_is_limited()) {
    const std::string shortage = memory_shortage(training_memory(threads));
    findings.add("memory", shortage.empty() ? "limited, with room for a small training" : "too little for a training",
                 shortage);
  }
  const std::string precision = precision_name(resolve_precision("auto", device));
  findings.add("precision", text("auto is ", precision));
}

void examine_libraries(Findings& findings) {
  findings.add("LibTorch", text(TORCH_VERSION, " from ", joined(mapped_libraries("libtorch_cpu"), ", ")));
  std::set<std::string> blas = mapped_libraries("openblas");
  for (const char* other : {"libmkl", "libblis", "libblas", "libtorch_cpu"}) {
    if (blas.empty()) blas = mapped_libraries(other);
  }
  const std::string found = joined(blas, ", ");
  const bool reference = found.find("/blas/libblas") != std::string::npos;
  findings.add("BLAS", found.find("libtorch_cpu") != std::string::npos ? "inside LibTorch" : found,
               reference ? "the reference BLAS is more than ten times slower: apt install libopenblas0-openmp" : "");
  const std::string gnuplot = gnuplot_missing(), font = font_missing();
  findings.add("gnuplot", gnuplot.empty() ? "found" : "not found", gnuplot);
  findings.add("font", font.empty() ? "found" : "not found", font);
}

void examine_folders(Findings& findings, const RunFolders& folders) {
  constexpr double kEnough = 2;  // GB
  for (const auto& [what, folder] : {std::pair{"runs", folders.runs}, {"results", folders.results}}) {
    const fs::path parent = existing_parent(folder);
    std::error_code error;
    const fs::space_info space = fs::space(parent, error);
    const double free = error ? 0 : static_cast<double>(space.available) / 1e9;
    findings.add(what, fixed(free, 1) + " GB free under " + parent.string(),
                 access(parent.c_str(), W_OK) != 0 ? text("cannot be written: choose another with --", what)
                 : free < kEnough ? text("checkpoints of large models may not fit: choose another with --", what)
                                  : "");
  }
}

// Phases that a process on another host has now, and whether its lock is seen here.
std::string seen_from_here(const fs::path& runs, bool& unseen) {
  std::string found;
  if (!fs::is_directory(runs)) return found;
  for (const auto& entry : fs::directory_iterator(runs)) {
    const fs::path lock = entry.path() / "lock";
    if (!fs::exists(lock)) continue;
    bool seen = false;
    const std::string holder = lock_holder(lock, &seen);
    if (holder.empty() || holder.find(" on " + host_name()) != std::string::npos) continue;
    unseen = unseen || !seen;
    found += text("; ", holder, " has ", entry.path().filename().string(),
                  seen ? ", locked" : ", with no lock that is seen here");
  }
  return found;
}

// Whether locks keep processes out: those of this host, and those of another one that has a phase now.
void examine_locks(Findings& findings, const fs::path& runs) {
  const fs::path folder = existing_parent(runs), file = temporary_name(folder / "doctor");
  const std::string system = file_system_of(folder);
  const auto remove = [&] {
    std::error_code ignored;
    fs::remove(file, ignored);
  };
  try {
    const FileLock first(file), second(file);
    remove();
    bool local = false;
    const std::string elsewhere = seen_from_here(runs, local);
    for (const char* option : {"nolock", "local_lock=all", "local_lock=posix", "localflock"})
      local = local || system.find(option) != std::string::npos;
    const bool hold = first.held() && !second.held();
    findings.add("locks", text(hold ? "hold" : "do not hold", " between processes, on ", system, elsewhere),
                 !hold   ? "two processes may run the same phase: give another folder with --runs"
                 : local ? "they do not hold between hosts: a phase is refused while its holder on another host gives "
                           "signs of life, every ten seconds; let the folder be mounted with locks (NFS without "
                           "nolock, Lustre with flock)"
                         : "");
  } catch (const Error& error) {
    remove();
    findings.add("locks", text("none, on ", system), error.what());
  }
}

void examine_tools(Findings& findings) {
  const ToolFunctions* tools = nullptr;
  try {
    tools = &load_tools();
    findings.add("tools", tools_library().string());
  } catch (const Error& error) {
    findings.add("tools", "no tables, figures, report, cost, differences, export and measure", error.what());
    return;
  }
  const char* what = "private inference";
  try {
    findings.add(what, tools->engine_version());
  } catch (const Error& error) {
    findings.add(what, "`senet measure` has no engine", error.what());
  }
}

void examine_plugins(Findings& findings, const PluginHost& host) {
  std::set<std::string> names;
  for (const auto& plugin : host.loaded()) names.insert(text(kind_name(plugin.entry.kind), " ", plugin.entry.name));
  findings.add("plugins", names.empty() ? "none" : joined(names, ", "),
               names.empty() ? "nothing can run: give their folder with --plugin-dir or SENET_PLUGIN_PATH" : "");
  for (const auto& refusal : host.refused()) findings.add("refused", refusal.file, refusal.reason);
}

}  // namespace

int diagnose(const Arguments& arguments) {
  Findings findings;
  examine_machine(findings, arguments);
  examine_libraries(findings);
  examine_folders(findings, run_folders(arguments));
  examine_locks(findings, arguments.runs);
  examine_tools(findings);
  examine_plugins(findings, load_plugins(arguments));
  if (print_json(arguments, Json{{"findings", findings.rows()}})) return 0;
  for (const Json& row : findings.rows()) {
    output() << (row.at("ok").get<bool>() ? "ok    " : "look  ") << row.at("what").get<std::string>() << ": "
             << row.at("found").get<std::string>() << "\n";
    if (!row.at("ok").get<bool>()) output() << "      " << row.at("advice").get<std::string>() << "\n";
  }
  return 0;
}

}  // namespace senet
