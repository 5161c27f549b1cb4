#include <iostream>

#include "cli/commands.h"
#include "cli/console.h"
#include "report/report.h"
#include "senet/error.h"

namespace senet {

namespace {

Document read_document(const Arguments& arguments) {
  return assigned(Document::from_file(arguments.subject), {}, arguments);
}

int show_forecast(const Plan& plan, Json forecast, bool as_json) {
  Json cells = Json::array();
  for (const Cell& cell : plan.cells) cells.push_back({{"label", cell.label}, {"settings", cell.origins()}});
  if (as_json) {
    forecast["experiment"] = plan.name;
    forecast["cells"] = std::move(cells);
    std::cout << forecast.dump(2) << "\n";
    return 0;
  }
  for (const Json& cell : cells) {
    std::cout << "cell " << cell.at("label").get<std::string>() << "\n";
    std::vector<std::vector<std::string>> table = {{"setting", "value", "from"}};
    for (const auto& [key, setting] : cell.at("settings").items())
      table.push_back({key, setting.at("value").dump(), setting.at("origin").get<std::string>()});
    std::cout << aligned(table) << "\n";
  }
  std::vector<std::vector<std::string>> table = {
      {"cell", "budget", "seed", "phase", "state", "by revision", "images", "time"}};
  for (const Json& row : forecast.at("phases")) {
    const bool left = row.contains("images"), shared = row.value("shared", false);
    table.push_back({row.at("cell").get<std::string>(), row.at("budget").get<std::string>(), row.at("seed").dump(),
                     row.at("phase").get<std::string>(), row.at("state").get<std::string>(), row.value("revision", ""),
                     shared ? "shared"
                     : left ? row.at("images").dump()
                            : "",
                     shared || !left ? "" : duration(row.at("seconds").get<double>())});
  }
  std::cout << aligned(table) << "\nleft to train: " << forecast.at("images").dump() << " images, about "
            << duration(forecast.at("seconds").get<double>()) << " at the rate measured now\n";
  return 0;
}

// What each phase made of the one batch it was given.
int show_one_batch(const std::vector<Result>& results, const RunFolders& folders, bool as_json) {
  constexpr double kLearned = 0.99;
  const PhaseStore store(folders.runs);
  Json rows = Json::array();
  bool teacher_learned = true;
  for (const Result& result : results) {
    for (const Json& phase : result.json.at("phases")) {
      const auto kind = phase.at("kind").get<std::string>();
      const auto record = store.find(kind, phase.at("key").get<std::string>());
      if (!record || !record->json.contains("trainings")) continue;
      for (const auto& [name, training] : record->json.at("trainings").items()) {
        const Json& last = training.at("last_epoch");
        if (!last.contains("accuracy")) continue;  // it was not trained here
        const bool learned = last.at("accuracy").get<double>() >= kLearned;
        if (kind == "teacher") teacher_learned = teacher_learned && learned;
        rows.push_back({{"cell", result.json.at("cell").at("label")},
                        {"phase", kind},
                        {"training", name},
                        {"steps", training.at("epochs")},
                        {"loss", last.at("loss")},
                        {"accuracy", last.at("accuracy")},
                        {"learned", learned}});
      }
    }
  }
  if (as_json) {
    std::cout << Json{{"trainings", rows}}.dump(2) << "\n";
  } else {
    std::vector<std::vector<std::string>> table = {{"cell", "phase", "training", "steps", "loss", "accuracy", ""}};
    for (const Json& row : rows)
      table.push_back({row.at("cell").get<std::string>(), row.at("phase").get<std::string>(),
                       row.at("training").get<std::string>(), row.at("steps").dump(), row.at("loss").dump(),
                       row.at("accuracy").dump(), row.at("learned").get<bool>() ? "learned" : "NOT learned"});
    std::cout << aligned(table);
  }
  if (teacher_learned) return 0;
  std::cerr << "senet: a teacher did not learn one batch by heart: suspect its model, data or learning rate\n";
  return static_cast<int>(Exit::failure);
}

}  // namespace

int run_experiment(const Arguments& arguments) {
  const PluginHost plugins = load_plugins(arguments);
  Plan plan = make_plan(read_document(arguments), plugins);
  RunFolders folders = run_folders(arguments);
  if (arguments.overfit_one_batch) {
    reduce_to_one_batch(plan);
    folders.results = folders.runs / "one-batch";
  }
  Console console;
  Runner runner(plugins, folders, prepare_device(arguments), console);
  if (arguments.dry_run) return show_forecast(plan, runner.forecast(plan), arguments.json);
  const std::vector<Result> results = runner.run(plan);
  if (arguments.overfit_one_batch) return show_one_batch(results, folders, arguments.json);
  const auto picture = draw_sensitivity(results, folders.results / plan.name / "sensitivity");
  if (arguments.json) {
    Json json = {{"experiment", plan.name}, {"picture", picture.string()}, {"results", Json::array()}};
    for (const Result& result : results) json["results"].push_back(result.json);
    std::cout << json.dump(2) << "\n";
    return 0;
  }
  std::cout << aligned(main_table(results));
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
