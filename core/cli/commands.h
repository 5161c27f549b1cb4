#pragma once

#include <torch/types.h>

#include <filesystem>
#include <map>

#include "cli/arguments.h"
#include "cli/restored_run.h"
#include "plugin/host.h"

namespace senet {

// The verbs of running, one function each. Each returns an exit code or throws Error.
int run_experiment(const Arguments& arguments);
int submit_experiment(const Arguments& arguments);
int show_status(const Arguments& arguments);
int list_plugins(const Arguments& arguments);
int new_plugin(const Arguments& arguments);
int list_options(const Arguments& arguments);
int inspect(const Arguments& arguments);
int share_budget(const Arguments& arguments);
int evaluate_run(const Arguments& arguments);
int compare_runs(const Arguments& arguments);
int diagnose(const Arguments& arguments);
int collect_garbage(const Arguments& arguments);
int import_network_file(const Arguments& arguments);
int pack_data(const Arguments& arguments);
int verify_data(const Arguments& arguments);
int show_data(const Arguments& arguments);

// What the program does for each verb, by the verb's words.
using Verbs = std::map<std::string, int (*)(const Arguments&)>;
// Does what the verb of `arguments` stands for and returns the exit code; an exception's message goes to standard
// error.
int execute(const Verbs& verbs, const Arguments& arguments, std::ostream& output);

// Where results go: the standard output that the program was started with. std::cout is standard error, for whatever
// plugins and libraries print.
std::ostream& output();
// Whether --json asks for a document: prints it then.
bool print_json(const Arguments& arguments, const Json& json);
// Prints the document with --json, else the text. Returns 0, the exit code.
int answer(const Arguments& arguments, const Json& json, const std::string& text);
// The folder that holds bin/, share/ and lib/cmake/senet: where senet is installed, or the build folder.
std::filesystem::path installation_prefix();
// What a document says, with these keys set as texts, and then what --set says.
Document assigned(Document document, const std::map<std::string, std::string>& texts, const Arguments& arguments);
// Those of --plugin-dir, then of SENET_PLUGIN_PATH (separated by ':'), then of the folder `plugins` beside the program
// or under ../lib/senet/plugins.
PluginHost load_plugins(const Arguments& arguments);
// RUN on the command line: a result file, or a part of an id that only one result has. Throws (exit code 2) with the
// ids there are.
Result find_result(const std::filesystem::path& results, const std::string& run);
RunFolders run_folders(const Arguments& arguments);
// Throws where a limit leaves too little memory for a training.
// Returns how many threads compute.
int prepare_cpu(const Arguments& arguments);
// Sets the number of threads and returns the device.
torch::Device prepare_device(const Arguments& arguments);

// The result that the subject RUN names, and its network at --width.
struct OpenedRun {
  Result result;
  RestoredRun run;
};
OpenedRun restore_subject(const PluginHost& plugins, const Arguments& arguments);

}  // namespace senet
