#include "cli/cli.h"

#include <ATen/Parallel.h>

#include <iostream>
#include <set>

#include "cli/commands.h"
#include "config/document.h"
#include "experiment/environment.h"
#include "revision.h"
#include "senet/error.h"

namespace senet {

namespace {

constexpr int kUsage = static_cast<int>(Exit::usage);

// CLI11 says what is wrong; the nearest name there is says what was meant.
std::string usage_hint(const CLI::App& program, const std::vector<std::string>& arguments) {
  std::set<std::string> verbs;
  for (const CLI::App* command : program.get_subcommands([](const CLI::App*) { return true; })) verbs.insert(command->get_name());
  if (arguments.empty()) return "";
  const std::string& verb = arguments.front();
  if (verb.empty() || verb.front() == '-') return "";
  if (!verbs.count(verb)) return "unknown verb '" + verb + "'" + did_you_mean(verb, verbs);
  std::set<std::string> flags;
  const CLI::App* command = program.get_subcommand(verb);
  for (const CLI::Option* option : command->get_options()) {
    for (const std::string& name : option->get_lnames()) flags.insert("--" + name);
  }
  for (const std::string& argument : arguments) {
    const std::string flag = argument.substr(0, argument.find('='));
    if (flag.rfind("--", 0) == 0 && !flags.count(flag)) return "senet " + verb + " has no " + flag + did_you_mean(flag, flags);
  }
  return "";
}

}  // namespace

void CommonArguments::add_plugins(CLI::App& command) {
  command.add_option("--plugin-dir", plugin_dirs, "folder of plugins, searched before SENET_PLUGIN_PATH and the program's own")
      ->type_name("DIR")
      ->allow_extra_args(false);
}
void CommonArguments::add_set(CLI::App& command) {
  command.add_option("--set", sets, "set a key of the experiment file, for example --set mask.epochs=2")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}
void CommonArguments::add_folders(CLI::App& command) {
  command.add_option("--runs", folders.runs, "folder of phases: weights, checkpoints, metrics")->type_name("DIR")->capture_default_str();
  command.add_option("--results", folders.results, "folder of results: one small JSON each")->type_name("DIR")->capture_default_str();
}
void CommonArguments::add_device(CLI::App& command) {
  command.add_option("--device", device, "where to compute")->check(CLI::IsMember({"auto", "cpu", "cuda"}))->capture_default_str();
  command.add_option("--threads", threads, "CPU threads; default: as many as this process may run on")->check(CLI::Range(1, 1024))->type_name("N");
}
void CommonArguments::add_json(CLI::App& command) { command.add_flag("--json", json, "print one JSON document on stdout"); }

torch::Device CommonArguments::prepare_device() const {
  at::set_num_threads(threads > 0 ? threads : available_threads());
  return resolve_device(device);
}

int run_program(int count, char** arguments) {
  CLI::App program("SENet: networks under a ReLU budget, for private inference. Trains, measures, compares.", "senet");
  program.set_version_flag("--version", std::string("senet ") + SENET_VERSION + " (" + SENET_REVISION + ")");
  program.require_subcommand(1);
  program.set_help_all_flag("--help-all", "help of every verb");
  Action action;
  add_run(program, action);
  add_status(program, action);
  add_plugins(program, action);
  add_options(program, action);
  add_inspect(program, action);
  add_budget(program, action);
  add_evaluate(program, action);
  try {
    program.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error);
    const std::string hint = usage_hint(program, {arguments + 1, arguments + count});
    std::cerr << "senet: " << (hint.empty() ? error.what() : hint) << "\nRun `senet --help` for the verbs, `senet VERB --help` for one.\n";
    return kUsage;
  }
  try {
    return action();
  } catch (const Error& error) {
    std::cerr << "senet: " << error.what() << "\n";
    return static_cast<int>(error.exit());
  } catch (const std::exception& error) {
    std::cerr << "senet: " << error.what() << "\n";
    return static_cast<int>(Exit::failure);
  }
}

}  // namespace senet
