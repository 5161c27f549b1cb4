#include "cli/commands.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#define BOOST_DLL_USE_STD_FS
#include <boost/dll/runtime_symbol_info.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>

#include "cli/limits.h"
#include "cli/tensor_memory.h"
#include "cli/threads.h"
#include "experiment/environment.h"
#include "images/file_checksums.h"
#include "senet/error.h"

namespace senet {

namespace {

std::ostream* standard_output = nullptr;

// OpenBLAS takes its memory when it is first used, by each thread, and keeps it.
void let_blas_take_its_memory(int threads) {
  const torch::NoGradGuard no_gradient;
  const auto multiply = [](int64_t size) { torch::mm(torch::ones({size, size}), torch::ones({size, size})); };
  multiply(512);
  at::parallel_for(0, threads, 1, [&](int64_t, int64_t) { multiply(32); });
}

// A folder that cannot be read is left to the host, which says so.
bool has_library(const std::string& folder) {
  std::error_code unreadable;
  const std::filesystem::recursive_directory_iterator files(folder, unreadable);
  return unreadable ||
         std::any_of(begin(files), end(files), [](const auto& file) { return file.path().extension() == ".so"; });
}

pid_t guarded = 0;  // a process that was forked from it may end as it likes
const std::string* guarded_verb = nullptr;

void refuse(const std::string& call) {
  if (getpid() != guarded) return;
  std::fflush(nullptr);  // the last words of whoever called it
  const std::string plugin = PluginHost::running();
  std::cerr << "senet: " << call << " was called within `senet " << *guarded_verb << "`, by "
            << (plugin.empty() ? "a plugin or a library" : plugin)
            << ", which has to return or throw: what was going on is not finished\n";
  _exit(static_cast<int>(Exit::failure));
}

// While it lives, exit() ends the process with exit code 1 and a message: a plugin or a library that calls it would
// make unfinished work look like success.
class ExitGuard {
 public:
  explicit ExitGuard(const std::string& verb) {
    static const bool armed = [] {
      on_exit([](int status, void*) { refuse(text("exit(", status, ")")); }, nullptr);
      at_quick_exit([] { refuse("quick_exit()"); });
      return true;
    }();
    (void)armed;
    guarded_verb = &verb;
    guarded = getpid();
  }
  ~ExitGuard() { guarded = 0; }
  ExitGuard(const ExitGuard&) = delete;
  ExitGuard& operator=(const ExitGuard&) = delete;
};

}  // namespace

std::ostream& output() { return *standard_output; }

bool print_json(const Arguments& arguments, const Json& json) {
  if (arguments.json) output() << json.dump(2) << "\n";
  return arguments.json;
}

int answer(const Arguments& arguments, const Json& json, const std::string& text) {
  if (!print_json(arguments, json)) output() << text;
  return 0;
}

Document assigned(Document document, const std::map<std::string, std::string>& texts, const Arguments& arguments) {
  for (const auto& [key, value] : texts) document.set(key + "=" + nlohmann::json(value).dump());
  for (const std::string& assignment : arguments.sets) document.set(assignment);
  return document;
}

std::filesystem::path installation_prefix() {
  return std::filesystem::path(boost::dll::program_location().string()).parent_path().parent_path();
}

PluginHost load_plugins(const Arguments& arguments) {
  std::vector<std::string> folders;
  for (const std::string& folder : arguments.plugin_dirs) {
    if (!std::filesystem::is_directory(folder))
      fail_usage("--plugin-dir ", folder,
                 ": no such folder; build the plugin, then name the folder that it was built in");
    if (!has_library(folder))
      fail_usage("--plugin-dir ", folder, ": has no library (.so); name the folder that a plugin was built in");
    folders.push_back(folder);
  }
  if (const char* path = std::getenv("SENET_PLUGIN_PATH")) {
    std::istringstream parts(path);
    for (std::string folder; std::getline(parts, folder, ':');) {
      if (!folder.empty()) folders.push_back(folder);
    }
  }
  const std::filesystem::path program = boost::dll::program_location().string();
  for (const auto& beside : {program.parent_path() / "plugins", program.parent_path() / "../lib/senet/plugins"}) {
    if (std::filesystem::is_directory(beside)) folders.push_back(beside.lexically_normal().string());
  }
  return PluginHost(folders);
}

RunFolders run_folders(const Arguments& arguments) { return {arguments.runs, arguments.results}; }

int prepare_cpu(const Arguments& arguments) {
  keep_tensor_memory();
  const int wanted = wanted_threads(arguments.threads, arguments.processors).count, given = set_threads(wanted);
  if (given < wanted) {
    const std::string limits = thread_limits();
    std::cerr << "OpenMP gives " << given << " of " << wanted << " threads"
              << (limits.empty() ? "" : " (" + limits + ")") << ": " << given << " compute\n";
  }
  if (!memory_is_limited()) return given;
  if (const std::string shortage = memory_shortage(training_memory(given)); !shortage.empty()) fail(shortage);
  let_blas_take_its_memory(given);
  return given;
}

torch::Device prepare_device(const Arguments& arguments) {
  prepare_cpu(arguments);
  return resolve_device(arguments.device);
}

Result find_result(const std::filesystem::path& results, const std::string& run) {
  // Its folder is its experiment's name.
  if (std::filesystem::is_regular_file(run)) return load_result(std::filesystem::absolute(run).lexically_normal());
  const std::vector<Result> all = load_results(results);
  std::vector<Result> matching;
  for (const Result& result : all) {
    if (result.id() == run) return result;
    if (result.id().find(run) != std::string::npos) matching.push_back(result);
  }
  if (matching.size() == 1) return matching.front();
  std::string ids;
  for (const Result& result : matching.empty() ? all : matching) ids += "\n  " + result.id();
  fail_usage("RUN '", run, "' is ",
             matching.empty() ? "no result file and part of no result's name" : "part of several results' names",
             ids.empty() ? text("; there are no results under ", results.string()) : "; there are:" + ids);
}

OpenedRun restore_subject(const PluginHost& plugins, const Arguments& arguments) {
  Result result = find_result(arguments.results, arguments.subject);
  RestoredRun run = restore_run(result, plugins, run_folders(arguments), prepare_device(arguments), arguments.width);
  return {std::move(result), std::move(run)};
}

int execute(const Verbs& verbs, const Arguments& arguments, std::ostream& output) {
  standard_output = &output;
  on_slow_checksums([](const std::string& line) { std::cerr << line << "\n"; });
  const ExitGuard guard(arguments.verb);
  try {
    return verbs.at(arguments.verb)(arguments);
  } catch (const Error& error) {
    std::cerr << "senet: " << error.what() << "\n";
    return static_cast<int>(error.exit());
  } catch (const std::exception& error) {
    std::cerr << "senet: " << error.what() << "\n";
    return static_cast<int>(Exit::failure);
  }
}

// The entry of libsenet_cli for the program.
extern "C" int senet_execute(const Arguments* arguments, std::ostream* out) {
  static const Verbs verbs = {
      {"run", run_experiment},      {"status", show_status},    {"submit", submit_experiment},
      {"plugins", list_plugins},    {"options", list_options},  {"inspect", inspect},
      {"budget", share_budget},     {"evaluate", evaluate_run}, {"compare", compare_runs},
      {"doctor", diagnose},         {"gc", collect_garbage},    {"data pack", pack_data},
      {"data verify", verify_data}, {"data show", show_data},   {"import", import_network_file},
      {"plugins new", new_plugin},
  };
  return execute(verbs, *arguments, *out);
}

}  // namespace senet
