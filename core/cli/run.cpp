#include <iostream>

#include "cli/commands.h"
#include "cli/console.h"
#include "report/report.h"

namespace senet {

namespace {

Document read_document(const std::string& file, const std::vector<std::string>& sets) {
  Document document = Document::from_file(file);
  for (const std::string& assignment : sets) document.set(assignment);
  return document;
}

int run_experiment(const std::string& file, const CommonArguments& arguments) {
  const PluginHost plugins = arguments.plugins();
  const Plan plan = make_plan(read_document(file, arguments.sets), plugins);
  Console console;
  Runner runner(plugins, arguments.folders, arguments.prepare_device(), console);
  const std::vector<Result> results = runner.run(plan);
  std::cout << aligned(main_table(results));
  const auto picture = draw_sensitivity(results, arguments.folders.results / plan.name / "sensitivity");
  std::cout << "\nresults:  " << (arguments.folders.results / plan.name).string() << "\npicture:  " << picture.string() << "\n";
  return 0;
}

int show_status(const std::string& file, const CommonArguments& arguments) {
  const PluginHost plugins = arguments.plugins();
  const Plan plan = make_plan(read_document(file, arguments.sets), plugins);
  Console console;
  const Json rows = Runner(plugins, arguments.folders, arguments.prepare_device(), console).status(plan);
  if (arguments.json) {
    std::cout << Json{{"experiment", plan.name}, {"phases", rows}}.dump(2) << "\n";
    return 0;
  }
  std::vector<std::vector<std::string>> table = {{"cell", "budget", "seed", "phase", "state", ""}};
  int64_t finished = 0;
  for (const Json& row : rows) {
    finished += row.at("state") == "finished";
    table.push_back({row.at("cell").get<std::string>(), row.at("budget").get<std::string>(), row.at("seed").dump(),
                     row.at("phase").get<std::string>(), row.at("state").get<std::string>(), row.value("holder", "")});
  }
  std::cout << aligned(table) << "\n" << finished << " of " << rows.size() << " finished (a phase that cells share is counted in each)\n";
  return 0;
}

}  // namespace

void add_run(CLI::App& program, Action& run) {
  CLI::App* command = program.add_subcommand("run", "run an experiment file: what is finished is not run again");
  auto arguments = std::make_shared<CommonArguments>();
  auto file = std::make_shared<std::string>();
  command->add_option("FILE", *file, "experiment file (.toml)")->required()->type_name("");
  arguments->add_folders(*command);
  arguments->add_device(*command);
  arguments->add_set(*command);
  arguments->add_plugins(*command);
  command->callback([=, &run] { run = [=] { return run_experiment(*file, *arguments); }; });
}

void add_status(CLI::App& program, Action& run) {
  CLI::App* command = program.add_subcommand("status", "the state of every phase of an experiment file");
  auto arguments = std::make_shared<CommonArguments>();
  auto file = std::make_shared<std::string>();
  command->add_option("FILE", *file, "experiment file (.toml)")->required()->type_name("");
  arguments->add_folders(*command);
  arguments->add_device(*command);
  arguments->add_set(*command);
  arguments->add_plugins(*command);
  arguments->add_json(*command);
  command->callback([=, &run] { run = [=] { return show_status(*file, *arguments); }; });
}

}  // namespace senet
