#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <set>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/forecast.h"
#include "cli/jobs.h"
#include "cli/one_batch.h"
#include "cli/phase_threads.h"
#include "cli/shards.h"
#include "cli/submit.h"
#include "cli/summary.h"
#include "cli/tasks.h"
#include "cli/tensorboard.h"
#include "cli/threads.h"
#include "cli/tools_library.h"
#include "config/joined.h"
#include "display/format.h"
#include "display/gnuplot.h"
#include "senet/error.h"
#include "storage/files.h"

namespace senet {

namespace {

void refuse_folder(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) return;
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  fail_usage(path.string(), ": is a folder; expected an experiment file",
             files.empty() ? " (.toml)" : ", such as " + joined(files, ", "));
}

Document read_document(const Arguments& arguments) {
  refuse_folder(arguments.subject);
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

// {"section.option": {"value", "origin"}}, all of them.
Json settings_with_origins(const Cell& cell) {
  Json json = Json::object();
  for (const auto& [name, options] : cell.sections) {
    for (const Options::Item& item : options.items()) {
      json[name + "." + item.declaration.name] = {{"value", to_json(item.value)}, {"origin", item.origin}};
    }
  }
  return json;
}

// What each step makes of the settings that [training] has, a line a step, with the cells it is about where others
// differ.
std::vector<std::string> reach_of_training(const Plan& plan) {
  std::vector<std::pair<std::string, std::string>> said;  // step, what of it
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> cells;
  for (const Cell& cell : plan.cells) {
    for (const auto& [step, reach] : cell.reach_of_training()) {
      const std::string taken = joined(reach.taken, ", "), own = joined(reach.set_by_itself, ", "),
                        unknown = joined(reach.unknown_to_it, ", ");
      std::string words = "takes " + (taken.empty() ? "nothing" : taken) + " from [training]";
      if (!own.empty()) words += "; sets " + own + " itself";
      if (!unknown.empty()) words += "; has no option " + unknown;
      const auto [at, added] = cells.try_emplace({step, words});
      if (added) said.emplace_back(step, words);
      at->second.push_back(cell.label);
    }
  }
  std::vector<std::string> lines;
  for (const auto& [step, words] : said) {
    const auto same_step = [&name = step](const auto& other) { return other.first == name; };
    std::string of;
    if (std::count_if(said.begin(), said.end(), same_step) > 1) {
      for (const std::string& label : cells.at({step, words})) of += (of.empty() ? " of cell " : ", ") + label;
    }
    lines.push_back(step + of + " " + words);
  }
  return lines;
}

int show_forecast(const Plan& plan, const Forecast& forecast, const Arguments& arguments) {
  Json json = to_json(forecast);
  json["experiment"] = plan.name;
  Json& cells = json["cells"] = Json::array();
  for (const Cell& cell : plan.cells) {
    const auto is_its_own = [&](const PhaseForecast& phase) { return phase.cell == cell.label; };
    if (std::any_of(forecast.phases.begin(), forecast.phases.end(), is_its_own))
      cells.push_back({{"label", cell.label}, {"settings", settings_with_origins(cell)}});
  }
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
// table 1). The seed where there are several.
std::vector<std::vector<std::string>> rows_of(const std::vector<Result>& results) {
  const bool seeds = std::any_of(results.begin(), results.end(),
                                 [&](const Result& result) { return result.seed != results.front().seed; });
  std::vector<std::vector<std::string>> rows = {
      {"model", "ReLUs", "AR acc %", "method", "budget", "ReLUs counted", "acc %", "acc/kReLU", "comm. saving"}};
  for (const Result& result : results) {
    const int64_t total = result.teacher.relus, counted = result.network.relus;
    const double accuracy = 100 * result.network.accuracy;
    rows.push_back({result.model.variant, grouped(total), fixed(100 * result.teacher.accuracy, 2), result.label,
                    result.budget_asked, grouped(counted), fixed(accuracy, 2),
                    counted == 0 ? "–" : fixed(accuracy / (static_cast<double>(counted) / 1000), 2),
                    counted == 0 ? "–" : fixed(static_cast<double>(total) / static_cast<double>(counted), 2) + "×"});
    if (seeds) rows.back().insert(rows.back().begin() + 5, std::to_string(result.seed));
  }
  if (seeds) rows.front().insert(rows.front().begin() + 5, "seed");
  return rows;
}

// However the run ends, the other ranks end with it.
RunOutcome run_with_followers(Runner& runner, const Plan& plan, const RunChoice& choice) {
  try {
    RunOutcome outcome = runner.run(plan, choice);
    Runner::dismiss_followers();
    return outcome;
  } catch (...) {
    Runner::dismiss_followers();
    throw;
  }
}

int exit_of(const RunOutcome& outcome) {
  if (outcome.failures.empty()) return outcome.elsewhere.empty() ? 0 : kHeldElsewhere;
  const bool usage =
      outcome.results.empty() && std::all_of(outcome.failures.begin(), outcome.failures.end(),
                                             [](const RunFailure& failure) { return failure.exit == Exit::usage; });
  return static_cast<int>(usage ? Exit::usage : Exit::failure);
}

// What failed, and what was not waited for, together at the end; the exit code.
int report_unfinished(const RunOutcome& outcome) {
  if (!outcome.failures.empty()) {
    std::cerr << "senet: " << outcome.failures.size() << " of " << outcome.failures.size() + outcome.results.size()
              << " failed:\n";
    for (const RunFailure& failure : outcome.failures) std::cerr << "  " << failure.description() << "\n";
  }
  for (const std::string& elsewhere : outcome.elsewhere) std::cerr << "senet: not done: " << elsewhere << "\n";
  return exit_of(outcome);
}

int show_outcome(const Plan& plan, const RunOutcome& outcome, const RunFolders& folders, bool all_found_finished,
                 const Arguments& arguments) {
  const std::vector<Result>& results = outcome.results;
  if (!arguments.json && !results.empty()) {
    output() << aligned(rows_of(results)) << "\nresults:  " << (folders.results / plan.name).string() << "\n"
             << std::flush;
  }
  // A picture shows all results of an experiment: processes that run a task each leave it to the last one.
  const Picture picture = results.empty() || chooses_tasks(arguments) || !outcome.elsewhere.empty()
                              ? Picture()
                              : picture_of(results, folders.results / plan.name);
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
    for (const std::string& elsewhere : outcome.elsewhere) json["elsewhere"].push_back(elsewhere);
    print_json(arguments, json);
  } else {
    if (!picture.file.empty()) output() << "picture:  " << picture.file << "\n";
    if (!results.empty() && all_found_finished) {
      std::cerr << "every phase was finished before: nothing was run (`senet status` says what code finished them)\n";
    }
  }
  if (!picture.problem.empty()) std::cerr << "senet: " << picture.problem << "\n";
  const int code = report_unfinished(outcome);
  return code == 0 && picture.failed ? static_cast<int>(Exit::failure) : code;
}

// What a phase's folder holds that cannot be read is told where the phase runs, and keeps no other from running.
Forecast forecast_for_run(const Plan& plan, Runner& runner, Console& console,
                          const std::function<void()>& before_timing) {
  try {
    return forecast_of(plan, runner, before_timing);
  } catch (const Unreadable& error) {
    console.message(text("no forecast: ", error.what()));
    return {};
  }
}

// Which way through the tasks there is.
std::string way_through(const Plan& plan, const WantedThreads& threads, const Arguments& arguments) {
  size_t tasks = 0;
  for (const Cell& cell : plan.cells) tasks += cell.budgets.size() * cell.seeds.size();
  if (tasks < 2 || threads.count < 2 || chooses_tasks(arguments) || arguments.overfit_one_batch) return "";
  const auto most = std::min<size_t>(tasks, static_cast<size_t>(threads.count));
  return text(tasks, " tasks, one phase after another: --jobs ", most, " runs ", most,
              " at once, which is faster for small networks of several seeds on the CPU (`senet doctor` measures it)");
}

}  // namespace

int run_experiment(const Arguments& arguments) {
  const PluginHost plugins = load_plugins(arguments);
  Plan plan = make_plan(read_document(arguments), plugins);
  if (arguments.list) return list_tasks(plan, arguments);
  RunFolders folders = run_folders(arguments);
  if (arguments.overfit_one_batch) {
    reduce_to_one_batch(plan);
    folders.results = folders.runs / "one-batch";
  }
  const torch::Device any_device = prepare_device(arguments);
  const WantedThreads threads = wanted_threads(arguments.threads, arguments.processors);
  ShardProcesses shards(plan, arguments, any_device);
  const torch::Device device = shards.device();
  PhaseThreads phase_threads(folders.runs, arguments.processors, at::get_num_threads());
  const bool adapts_threads = threads.asked_by.empty() && arguments.jobs == 1 && shards.count() == 1;
  const auto before_timing = [&] {
    if (adapts_threads) phase_threads.set_for_timing();
  };
  Forecast forecast;
  Console console([&](const PhaseInputs& phase) {
    link_for_tensorboard(plan.name, forecast, {}, PhaseStore(folders.runs), folders.runs);
    return adapts_threads ? phase_threads.set_for(phase) : std::string();
  });
  const bool is_job = !arguments.as_job.empty();
  if (arguments.as_job == "terminal") console.show_progress();
  if (shards.rank() > 0 && !arguments.dry_run) {
    console.be_quiet();
    shards.meet();
    Runner(plugins, folders, device, console).follow(plan);
    return 0;
  }
  if (!arguments.dry_run) shards.meet_started();  // before the forecast, which can take minutes
  if (!is_job) {
    if (!shards.summary().empty()) console.message(shards.summary());
    for (const std::string& line : reach_of_training(plan)) console.message(line);
    const std::string way = way_through(plan, threads, arguments);
    if (device.is_cpu() && arguments.jobs == 1 && shards.count() == 1 && !way.empty()) console.message(way);
  }
  Runner runner(plugins, folders, device, console);
  if (arguments.dry_run) {
    const RunChoice choice = choice_of(plan, runner, arguments);
    return show_forecast(plan, forecast_of(plan, runner, before_timing, choice), arguments);
  }
  // One task of many says no more than what it does.
  if (!is_job && !chooses_tasks(arguments)) forecast = forecast_for_run(plan, runner, console, before_timing);
  if (!forecast.phases.empty()) {
    for (const std::string& line : summary_of(plan, forecast, runner, folders, device)) console.message(line);
  }
  Arguments with_jobs = arguments;
  if (arguments.jobs > 1) {
    const int share = threads_of_a_job(arguments.jobs, threads.count, device.is_cpu());
    with_jobs.began = std::filesystem::file_time_type::clock::now().time_since_epoch().count();
    console.message(text(arguments.jobs, " jobs of ", share, share == 1 ? " thread each" : " threads each"));
    run_in_jobs(with_jobs, share, console);
    set_threads(share);
  }
  shards.meet();
  const RunOutcome outcome = run_with_followers(runner, plan, choice_of(plan, runner, with_jobs));
  if (is_job) return exit_of(outcome);
  if (!forecast.phases.empty())
    link_for_tensorboard(plan.name, forecast, outcome.results, runner.store(), folders.runs);
  if (arguments.overfit_one_batch && outcome.failures.empty())
    return show_one_batch(outcome.results, folders, arguments);
  return show_outcome(plan, outcome, folders, !console.ran_anything() && arguments.jobs == 1, arguments);
}

int show_status(const Arguments& arguments) {
  const PluginHost plugins = load_plugins(arguments);
  const Plan plan = make_plan(read_document(arguments), plugins);
  Console console;
  Runner runner(plugins, run_folders(arguments), prepare_device(arguments), console);
  const bool adapts_threads = wanted_threads(arguments.threads, arguments.processors).asked_by.empty();
  const PhaseThreads phase_threads(arguments.runs, arguments.processors, at::get_num_threads());
  const Forecast forecast = forecast_of(plan, runner, [&] {
    if (adapts_threads) phase_threads.set_for_timing();
  });
  Json json = to_json(forecast);
  json["experiment"] = plan.name;
  std::vector<std::vector<std::string>> table = {{"job", "state", "what it does"}};
  for (const SubmittedJob& job : submitted_jobs(plan.name, arguments.runs)) {
    json["jobs"].push_back({{"id", job.id}, {"state", job.state}, {"name", job.name}});
    table.push_back({job.id, job.state, job.name});
  }
  if (print_json(arguments, json)) return 0;
  print_phases(forecast);
  if (table.size() > 1) output() << "\n" << aligned(table);
  return 0;
}

}  // namespace senet
