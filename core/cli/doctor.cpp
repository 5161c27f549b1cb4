#include <torch/cuda.h>
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

void examine_machine(Findings& findings, const Arguments& arguments) {
  const int wanted = wanted_threads(arguments), threads = set_threads(wanted);
  const torch::Device device = resolve_device(arguments.device);
  const Environment here = environment(device);
  findings.add("device",
               here.device + (device.is_cuda() ? text(", ", here.gpu, ", ", device_memory().free >> 20, " MiB free")
                                               : text(", ", torch::cuda::device_count(), " GPUs")));
  const std::string& capability = here.cpu_capability;
  const bool avx512 = cpu_has("avx512f");
  findings.add(
      "CPU", text(here.cpu, ", LibTorch uses ", capability),
      avx512 && capability == "AVX2"
          ? "the CPU has AVX-512, which this LibTorch does not choose by itself: ATEN_CPU_CAPABILITY=avx512 is "
            "faster in bfloat16, with other bits"
          : "");
  const int available = arguments.processors;
  const std::string limits = thread_limits();
  findings.add("threads", text(threads, " of ", available, " that this process may run on"),
               threads < wanted      ? text("OpenMP gives no more", limits.empty() ? "" : ": " + limits,
                                            "; a run computes with ", threads)
               : threads > available ? text("more threads than CPUs wait for each other: use --threads ", available)
                                     : "");
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
