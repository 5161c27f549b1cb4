#include <algorithm>
#include <cmath>
#include <iostream>
#include <set>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/forecast.h"
#include "cli/tools_library.h"
#include "display/format.h"
#include "display/gnuplot.h"
#include "senet/error.h"

namespace senet {

namespace {

Document read_document(const Arguments& arguments) {
  return assigned(Document::from_file(arguments.subject), {}, arguments);
}

// The steps that others may announce, for each budget, of the first seed.
void print_trainings(const Forecast& forecast) {
  std::set<std::string> shown;
  for (const PhaseForecast& row : forecast.phases) {
    const std::string what = row.cell + ", budget " + row.budget;
    if (row.trainings.empty() || !shown.insert(what).second) continue;
    std::vector<std::vector<std::string>> table = {{"may follow in " + what, "ReLUs", "epochs", "likelihood", "state"}};
    for (const ForecastTraining& training : row.trainings) {
      std::ostringstream likelihood;
      likelihood.precision(3);
      likelihood << training.likelihood;
      table.push_back({training.name, training.relus ? text(*training.relus) : "", text(training.epochs),
                       likelihood.str(), training.state});
    }
    output() << aligned(table) << "\n";
  }
}

std::string whole(double count) { return text(std::llround(count)); }

// A row a phase: its state, and what is left of it.
void print_phases(const Forecast& forecast) {
  std::vector<std::vector<std::string>> table = {
      {"cell", "budget", "seed", "phase", "state", "by", "done", "images left", "time left"}};
  std::map<std::string, std::string> failures;
  int64_t finished = 0;
  for (const PhaseForecast& row : forecast.phases) {
    finished += row.state == "finished";
    if (!row.why.empty())
      failures[text(row.state, ": ", row.phase, " of ", row.cell, ", budget ", row.budget)] = row.why;
    const std::string done =
        row.epochs ? text("epoch ", row.epochs->first, " of ", whole(row.epochs->second)) : std::string();
    const bool own = row.left && !row.shared;
    table.push_back({row.cell, row.budget, text(row.seed), row.phase + (row.step.empty() ? "" : " " + row.step),
                     row.state, row.revision.empty() ? row.holder : row.revision, done,
                     own        ? whole(row.left->images)
                     : row.left ? "shared"
                                : "",
                     own ? duration(row.left->seconds) : ""});
  }
  output() << aligned(table) << "\n";
  print_trainings(forecast);
  for (const auto& [what, why] : failures) output() << what << ": " << why;
  output() << finished << " of " << forecast.phases.size()
           << " finished (a phase that cells share is counted in each)\nleft to train: " << whole(forecast.left.images)
           << " images, about " << duration(forecast.left.seconds) << " at the rate measured now\n";
}

// Usage where a phase cannot be.
int exit_of(const Forecast& forecast) { return forecast.refuses() ? static_cast<int>(Exit::usage) : 0; }

int show_forecast(const Plan& plan, const Forecast& forecast, const Arguments& arguments) {
  Json json = to_json(forecast);
  json["experiment"] = plan.name;
  Json& cells = json["cells"] = Json::array();
  for (const Cell& cell : plan.cells) cells.push_back({{"label", cell.label}, {"settings", cell.origins()}});
  if (print_json(arguments, json)) return exit_of(forecast);
  for (const Json& cell : cells) {
    output() << "cell " << cell.at("label").get<std::string>() << "\n";
    std::vector<std::vector<std::string>> table = {{"setting", "value", "from"}};
    for (const auto& [key, setting] : cell.at("settings").items())
      table.push_back({key, setting.at("value").dump(), setting.at("origin").get<std::string>()});
    output() << aligned(table) << "\n";
  }
  print_phases(forecast);
  return exit_of(forecast);
}

// Whether the network of a result went through a training of one of its phases. The network's record names those
// trainings; where the network is none of the objects that a method trained, each counts.
bool of_deployed_network(const Result& result, const std::string& kind, const std::string& training,
                         const PhaseStore& store) {
  if (kind == "teacher") return true;
  const ResultPhase& network = result.network_phase();
  const auto record = store.find(network.kind, network.key);
  if (!record || record->deployed.empty()) return true;
  return std::find(record->deployed.begin(), record->deployed.end(), kind + "/" + training) != record->deployed.end();
}

// What each training made of the one batch it was given.
int show_one_batch(const std::vector<Result>& results, const RunFolders& folders, const Arguments& arguments) {
  constexpr double kLearned = 0.99;
  const PhaseStore store(folders.runs);
  Json rows = Json::array();
  std::set<std::string> stuck;
  bool imported = false;
  for (const Result& result : results) {
    const std::string& cell = result.label;
    // Of an imported teacher that does not know the batch, nobody can learn it by heart.
    const bool is_imported = result.setting("teacher.weights") != "";
    const bool asked = !is_imported || result.teacher.held_out_accuracy.value_or(0) >= kLearned;
    imported = imported || !asked;
    for (const ResultPhase& phase : result.phases) {
      const std::string& kind = phase.kind;
      const auto record = store.find(kind, phase.key);
      if (!record) continue;
      for (const auto& [name, training] : record->trainings) {
        if (training.curves.count("accuracy") == 0) continue;  // it was not trained here
        const double loss = training.curves.at("loss").back(), accuracy = training.curves.at("accuracy").back();
        const bool learned = accuracy >= kLearned;
        const bool deployed = of_deployed_network(result, kind, name, store);
        if (deployed && asked && !learned)
          stuck.insert(kind == "teacher" ? kind : text(cell, ": ", kind, ", training ", name));
        rows.push_back({{"cell", cell},
                        {"phase", kind},
                        {"training", name},
                        {"steps", training.epochs},
                        {"loss", loss},
                        {"accuracy", accuracy},
                        {"deployed", deployed},
                        {"learned", learned}});
      }
    }
  }
  if (!print_json(arguments, {{"trainings", rows}})) {
    std::vector<std::vector<std::string>> table = {
        {"cell", "phase", "training", "of the result", "steps", "loss", "accuracy", ""}};
    for (const Json& row : rows)
      table.push_back({row.at("cell").get<std::string>(), row.at("phase").get<std::string>(),
                       row.at("training").get<std::string>(), row.at("deployed").get<bool>() ? "yes" : "no",
                       row.at("steps").dump(), row.at("loss").dump(), row.at("accuracy").dump(),
                       row.at("learned").get<bool>() ? "learned" : "NOT learned"});
    output() << aligned(table);
  }
  if (imported)
    std::cerr << "senet: the imported teacher does not know the batch by heart: what follows it is not asked to\n";
  if (stuck.empty()) return 0;
  std::cerr << "senet: did not learn one batch by heart: suspect the method, model, data or learning rate of\n";
  for (const std::string& training : stuck) std::cerr << "  " << training << "\n";
  return static_cast<int>(Exit::failure);
}

// The picture of a run's layers. Results stand without it: it is no failure that nothing here can draw one.
struct Picture {
  std::string file, problem;
  bool failed = false;
};
Picture picture_of(const std::vector<Result>& results, const std::filesystem::path& folder) {
  bool could_draw = false;
  try {
    const ToolFunctions& tools = load_tools();
    could_draw = gnuplot_missing().empty() && font_missing().empty();
    return {tools.draw_layers(results, folder).string(), ""};
  } catch (const std::exception& error) {
    return {"", text("no picture: ", error.what()), could_draw};
  }
}

// Per result the model variant and its ReLUs, AR accuracy (the teacher's, with all ReLUs), method, budget, ReLUs
// counted, test accuracy, accuracy per kReLU, communication saving (ratio of the two models' ReLU counts: SENet,
// table 1).
std::vector<std::vector<std::string>> rows_of(const std::vector<Result>& results) {
  std::vector<std::vector<std::string>> rows = {
      {"model", "ReLUs", "AR acc %", "method", "budget", "ReLUs counted", "acc %", "acc/kReLU", "comm. saving"}};
  for (const Result& result : results) {
    const int64_t total = result.teacher.relus, counted = result.network.relus;
    const double accuracy = 100 * result.network.accuracy;
    rows.push_back({result.model.variant, grouped(total), fixed(100 * result.teacher.accuracy, 2), result.label,
                    result.budget_asked, grouped(counted), fixed(accuracy, 2),
                    fixed(accuracy / (static_cast<double>(counted) / 1000), 2),
                    fixed(static_cast<double>(total) / static_cast<double>(counted), 2) + "×"});
  }
  return rows;
}

// What failed, together at the end; the exit code.
int report_failures(const RunOutcome& outcome) {
  if (outcome.failures.empty()) return 0;
  std::cerr << "senet: " << outcome.failures.size() << " of " << outcome.failures.size() + outcome.results.size()
            << " failed:\n";
  bool usage = outcome.results.empty();
  for (const RunFailure& failure : outcome.failures) {
    std::cerr << "  " << failure.description() << "\n";
    usage = usage && failure.exit == Exit::usage;
  }
  return static_cast<int>(usage ? Exit::usage : Exit::failure);
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
  for (const std::string& line : reach_of_training(plan)) console.message(line);
  Runner runner(plugins, folders, prepare_device(arguments), console);
  if (arguments.dry_run) return show_forecast(plan, forecast_of(plan, runner), arguments);
  const RunOutcome outcome = runner.run(plan);
  const std::vector<Result>& results = outcome.results;
  if (arguments.overfit_one_batch && outcome.failures.empty()) return show_one_batch(results, folders, arguments);
  if (!arguments.json && !results.empty()) {
    output() << aligned(rows_of(results)) << "\nresults:  " << (folders.results / plan.name).string() << "\n"
             << std::flush;
  }
  const Picture picture = results.empty() ? Picture() : picture_of(results, folders.results / plan.name);
  if (arguments.json) {
    Json json = {{"experiment", plan.name}, {"picture", picture.file}, {"results", Json::array()}};
    for (const Result& result : results) json["results"].push_back(to_json(result));
    for (const RunFailure& failure : outcome.failures) {
      json["failures"].push_back({{"cell", failure.cell},
                                  {"budget", failure.budget},
                                  {"seed", failure.seed},
                                  {"phase", failure.phase},
                                  {"message", failure.message}});
    }
    print_json(arguments, json);
  } else {
    if (!picture.file.empty()) output() << "picture:  " << picture.file << "\n";
    if (!results.empty() && !console.ran_anything()) {
      std::cerr << "every phase was finished before: nothing was run (`senet status` says what code finished them)\n";
    }
  }
  if (!picture.problem.empty()) std::cerr << "senet: " << picture.problem << "\n";
  const int code = report_failures(outcome);
  return code == 0 && picture.failed ? static_cast<int>(Exit::failure) : code;
}

int show_status(const Arguments& arguments) {
  const PluginHost plugins = load_plugins(arguments);
  const Plan plan = make_plan(read_document(arguments), plugins);
  Console console;
  Runner runner(plugins, run_folders(arguments), prepare_device(arguments), console);
  const Forecast forecast = forecast_of(plan, runner);
  Json json = to_json(forecast);
  json["experiment"] = plan.name;
  if (!print_json(arguments, json)) print_phases(forecast);
  return 0;
}

}  // namespace senet
