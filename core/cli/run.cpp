#include <iostream>

#include "cli/commands.h"
#include "cli/console.h"
#include "report/report.h"

namespace senet {

namespace {

Document read_document(const Arguments& arguments) {
  Document document = Document::from_file(arguments.subject);
  for (const std::string& assignment : arguments.sets) document.set(assignment);
  return document;
}

}  // namespace

int run_experiment(const Arguments& arguments) {
  const PluginHost plugins = load_plugins(arguments);
  const Plan plan = make_plan(read_document(arguments), plugins);
  const RunFolders folders = run_folders(arguments);
  Console console;
  Runner runner(plugins, folders, prepare_device(arguments), console);
  const std::vector<Result> results = runner.run(plan);
  std::cout << aligned(main_table(results));
  const auto picture = draw_sensitivity(results, folders.results / plan.name / "sensitivity");
  std::cout << "\nresults:  " << (folders.results / plan.name).string() << "\npicture:  " << picture.string() << "\n";
  return 0;
}

int show_status(const Arguments& arguments) {
  const PluginHost plugins = load_plugins(arguments);
  const Plan plan = make_plan(read_document(arguments), plugins);
  Console console;
  const Json rows = Runner(plugins, run_folders(arguments), prepare_device(arguments), console).status(plan);
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
  std::cout << aligned(table) << "\n"
            << finished << " of " << rows.size() << " finished (a phase that cells share is counted in each)\n";
  return 0;
}

}  // namespace senet
