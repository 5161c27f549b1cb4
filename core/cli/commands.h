#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "experiment/runner.h"
#include "plugin/host.h"

namespace senet {

// What several verbs share; each verb adds to its own help only what it reads.
struct CommonArguments {
  std::vector<std::string> plugin_dirs;
  std::vector<std::string> sets;
  RunFolders folders;
  std::string device = "auto";
  int threads = 0;
  bool json = false;

  void add_plugins(CLI::App& command);
  void add_set(CLI::App& command);
  void add_folders(CLI::App& command);
  void add_device(CLI::App& command);
  void add_json(CLI::App& command);

  PluginHost plugins() const { return PluginHost(PluginHost::search_path(plugin_dirs)); }
  // Sets the number of threads (default: the CPU affinity) and returns the device.
  torch::Device prepare_device() const;
};

// Each registers a verb; `run` is set to what to do when it was chosen.
using Action = std::function<int()>;
void add_run(CLI::App& program, Action& run);
void add_status(CLI::App& program, Action& run);
void add_plugins(CLI::App& program, Action& run);
void add_options(CLI::App& program, Action& run);
void add_inspect(CLI::App& program, Action& run);
void add_budget(CLI::App& program, Action& run);
void add_evaluate(CLI::App& program, Action& run);

}  // namespace senet
