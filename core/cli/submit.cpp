#include "cli/submit.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <set>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/shell_word.h"
#include "cli/tasks.h"
#include "senet/error.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

struct Needed {
  std::string key, kind;
  const Task* task;  // of whose own phases it is one
};

// What a task runs, in order, up to one of its steps; nothing of its last evaluation.
void add_needed(const Task& task, const std::string& until, std::vector<Needed>& needed) {
  const auto add = [&](const PhaseInputs& phase) {
    const std::string key = phase.key();
    if (std::none_of(needed.begin(), needed.end(), [&](const Needed& one) { return one.key == key; }))
      needed.push_back({key, phase.kind, &task});
  };
  add(task.teacher_evaluation);  // and the teacher before it
  for (const Step& step : task.steps) {
    for (const auto& [name, source] : task.sources.at(step.name())) {
      if (source.task) add_needed(*source.task, source.step, needed);
    }
    add(task.phase(step));
    if (step.name() == until) return;
  }
}

std::string options_of(const Plan& plan, const Task& task) {
  return text("--cell ", task.cell - plan.cells.data() + 1, " --budget ", task.budget_text, " --seed ", task.seed);
}

std::string name_of(const Task& task) {
  return text(task.cell->label, ", budget ", task.budget_text, ", seed ", task.seed);
}

// What of `after` no other of them waits for.
std::vector<size_t> without_implied(const std::vector<size_t>& after, const std::vector<ClusterJob>& jobs) {
  std::set<size_t> implied;
  for (const size_t one : after) implied.insert(jobs[one].after.begin(), jobs[one].after.end());
  for (auto one = implied.rbegin(); one != implied.rend(); ++one)
    implied.insert(jobs[*one].after.begin(), jobs[*one].after.end());
  std::vector<size_t> left;
  for (const size_t one : after) {
    if (!implied.count(one)) left.push_back(one);
  }
  return left;
}

// Where a job stands: in an array, at an index.
struct Place {
  size_t array, index;
};

constexpr const char* kEndOfScript = "END_OF_JOB";

// What a job does with the end of its task. The limit of time comes as SIGUSR1, of which scancel knows nothing: what
// was cancelled is not put into the queue again.
constexpr const char* kAfterwards = R"(child=$!
limit=
trap 'limit=reached; kill -TERM $child' USR1
wait $child
code=$?
while [ $code -gt 128 ] && kill -0 $child 2>/dev/null; do
  wait $child
  code=$?
done
if [ $code -eq $((128 + $(kill -l USR1))) ]; then
  wait $child
  code=$?
fi
# 130: stopped at the limit, with a checkpoint to go on from. 75: not done, another process has its phase.
if { [ $code -eq 130 ] && [ -n "$limit" ]; } || [ $code -eq 75 ]; then
  scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
fi
exit $code
)";

std::string array_script(const std::vector<const ClusterJob*>& jobs, const std::string& dependency, size_t number,
                         const SlurmSettings& settings) {
  std::string script = text("job_", number, "=$(sbatch --parsable --job-name=", shell_word(settings.name),
                            " --array=0-", jobs.size() - 1);
  if (settings.parallel > 0) script += text("%", settings.parallel);
  script +=
      text(" --requeue --open-mode=append --signal=B:USR1@120 --output=", shell_word(settings.logs + "/%x-%A_%a.log"));
  for (const std::string& option : settings.sbatch) script += " " + shell_word(option);
  if (!dependency.empty()) script += text(" --kill-on-invalid-dep=yes --dependency=\"afterok", dependency, "\"");
  script += text(" <<'", kEndOfScript, "'\n#!/bin/bash\ncd ", shell_word(settings.folder),
                 "\ncase $SLURM_ARRAY_TASK_ID in\n");
  for (size_t i = 0; i < jobs.size(); ++i)
    script += text("  ", i, ") task=(", jobs[i]->options, ") ;;  # ", jobs[i]->name, "\n");
  script += text("esac\n", settings.command, " \"${task[@]}\" --no-wait &\n", kAfterwards, kEndOfScript, "\n)\njob_",
                 number, "=${job_", number, "%%;*}\n");
  for (size_t i = 0; i < jobs.size(); ++i) {
    script += text("printf '%s\\t%s\\t%s\\n' \"${job_", number, "}_", i, "\" ", shell_word(jobs[i]->name), " ",
                   shell_word(jobs[i]->made.string()), " | tee -a ", shell_word(settings.list), "\n");
  }
  return script;
}

// What each submitted job is: its id, name and what it makes, between tabs.
fs::path list_of_jobs(const std::string& experiment, const fs::path& runs) {
  return runs / "slurm" / (experiment + ".jobs");
}

// The lines that a command prints; none where it fails.
std::vector<std::string> lines_of(const std::string& command) {
  std::vector<std::string> lines;
  FILE* output = popen((command + " 2>/dev/null").c_str(), "r");
  if (!output) return lines;
  char line[1024];
  while (std::fgets(line, sizeof line, output)) lines.emplace_back(line, std::strcspn(line, "\n"));
  pclose(output);
  return lines;
}

// MaxArraySize of the cluster; Slurm's default where it does not say.
size_t array_limit() {
  constexpr size_t kDefault = 1001;
  size_t limit = 0;
  for (const std::string& line : lines_of("scontrol show config")) {
    if (std::sscanf(line.c_str(), "MaxArraySize = %zu", &limit) == 1) break;
  }
  return limit > 0 ? limit : kDefault;
}

SlurmSettings slurm_settings(const Plan& plan, const Arguments& arguments) {
  SlurmSettings settings;
  settings.name = plan.name;
  settings.parallel = static_cast<size_t>(arguments.parallel);
  settings.array_limit = array_limit();
  settings.folder = fs::current_path().string();
  settings.list = fs::absolute(list_of_jobs(plan.name, arguments.runs)).string();
  settings.logs = fs::path(settings.list).parent_path().string();
  const int cpus = arguments.threads > 0 ? arguments.threads : 1;
  settings.sbatch.push_back(text("--cpus-per-task=", cpus));
  const auto add = [&](const char* option, const std::string& value) {
    if (!value.empty()) settings.sbatch.push_back(option + value);
  };
  add("--partition=", arguments.partition);
  add("--time=", arguments.time_limit);
  add(arguments.shards > 1 ? "--gpus-per-task=" : "--gpus=", arguments.gpus);
  if (arguments.shards > 1) settings.sbatch.push_back(text("--ntasks=", arguments.shards));
  settings.sbatch.insert(settings.sbatch.end(), arguments.sbatch.begin(), arguments.sbatch.end());
  if (arguments.shards > 1) settings.command = text("srun --ntasks=", arguments.shards, " --cpus-per-task=", cpus, " ");
  settings.command += shell_word(fs::read_symlink("/proc/self/exe").string()) + " run " +
                      shell_word(arguments.subject) + " --runs " + shell_word(arguments.runs) + " --results " +
                      shell_word(arguments.results) + " --device " + arguments.device;
  for (const std::string& assignment : arguments.sets) settings.command += " --set " + shell_word(assignment);
  for (const std::string& folder : arguments.plugin_dirs) settings.command += " --plugin-dir " + shell_word(folder);
  return settings;
}

// Runs a script in bash; throws where it fails.
void run_script(const std::string& script) {
  FILE* shell = popen("bash -s >&2", "w");
  if (!shell) fail("bash cannot be started");
  const auto before = std::signal(SIGPIPE, SIG_IGN);  // it ends where sbatch fails, with its script half read
  std::fwrite(script.data(), 1, script.size(), shell);
  const int status = pclose(shell);
  std::signal(SIGPIPE, before);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    fail("sbatch refused a job; what was submitted before stays in the queue (squeue --me, scancel)");
}

bool in_path(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

}  // namespace

std::vector<ClusterJob> jobs_of(const Plan& plan, Runner& runner, const RunFolders& folders) {
  struct Open {
    const Task& task;
    std::vector<Needed> needed;
  };
  std::vector<Open> open;
  std::map<std::string, int> users;
  const PhaseStore& store = runner.store();
  const auto is_finished = [&](const std::string& kind, const std::string& key) {
    return store.state(kind, key) == PhaseStore::State::finished;
  };
  for (const Task& task : runner.tasks(plan)) {
    if (task.refused) throw *task.refused;
    const fs::path result = result_path(folders.results, plan.name, task.cell->label, task.budget_text, task.seed);
    if (fs::exists(result) && is_finished(task.evaluation.kind, task.evaluation.key())) continue;
    std::vector<Needed>& needed = open.emplace_back(Open{task, {}}).needed;
    add_needed(task, "", needed);
    for (const Needed& phase : needed) ++users[phase.key];
  }
  std::vector<ClusterJob> jobs;
  std::map<std::string, size_t> shared;  // the job of a phase
  for (const Open& one : open) {
    std::vector<size_t> before;
    for (const Needed& phase : one.needed) {
      if (users.at(phase.key) < 2 || is_finished(phase.kind, phase.key)) continue;
      const auto [job, added] = shared.emplace(phase.key, jobs.size());
      if (added) {
        const std::string folder = store.folder(phase.kind, phase.key).filename().string();
        const bool teacher = phase.key == phase.task->teacher_evaluation.key();
        jobs.push_back({"--phase " + folder + " " + options_of(plan, *phase.task),
                        (teacher ? "teacher" : phase.kind) + " of " + name_of(*phase.task) + " and others",
                        fs::absolute(store.folder(phase.kind, phase.key) / "record.json"),
                        without_implied(before, jobs)});
      }
      before.push_back(job->second);
    }
  }
  for (const Open& one : open) {
    std::vector<size_t> before;
    for (const Needed& phase : one.needed) {
      if (const auto job = shared.find(phase.key); job != shared.end()) before.push_back(job->second);
    }
    jobs.push_back({options_of(plan, one.task), name_of(one.task),
                    fs::absolute(result_path(folders.results, plan.name, one.task.cell->label, one.task.budget_text,
                                             one.task.seed)),
                    without_implied(before, jobs)});
  }
  return jobs;
}

std::string slurm_script(const std::vector<ClusterJob>& jobs, const SlurmSettings& settings) {
  std::string script =
      text("set -euo pipefail\nmkdir -p ", shell_word(settings.logs), "\n: >", shell_word(settings.list), "\n");
  std::vector<Place> places(jobs.size());
  std::vector<bool> placed(jobs.size());
  size_t arrays = 0;
  for (size_t first = 0; first < jobs.size(); ++first) {
    if (placed[first]) continue;
    std::vector<const ClusterJob*> array;
    for (size_t i = first; i < jobs.size() && array.size() < settings.array_limit; ++i) {
      if (placed[i] || jobs[i].after != jobs[first].after) continue;
      places[i] = {arrays, array.size()};
      placed[i] = true;
      array.push_back(&jobs[i]);
    }
    std::string dependency;
    for (const size_t one : jobs[first].after)
      dependency += text(":${job_", places[one].array, "}_", places[one].index);
    script += array_script(array, dependency, arrays++, settings);
  }
  return script;
}

std::vector<SubmittedJob> submitted_jobs(const std::string& experiment, const fs::path& runs) {
  std::vector<SubmittedJob> jobs;
  std::ifstream list(list_of_jobs(experiment, runs));
  std::map<std::string, std::string> queued;
  if (list) {
    for (const std::string& line : lines_of("squeue --me --noheader --array --format='%i %T, %r'")) {
      const size_t end = line.find(' ');
      if (end != std::string::npos) queued[line.substr(0, end)] = line.substr(end + 1);
    }
  }
  SubmittedJob job;
  for (std::string made;
       std::getline(list, job.id, '\t') && std::getline(list, job.name, '\t') && std::getline(list, made);) {
    const auto found = queued.find(job.id);
    job.state = fs::exists(made) ? "done"
                : found != queued.end()
                    ? found->second
                    : "not done and not queued: it failed, or was cancelled with what it waited for";
    jobs.push_back(job);
  }
  return jobs;
}

// The precision is a part of every key, and each machine resolves "auto" for itself.
void check_precision(const Plan& plan) {
  for (const Cell& cell : plan.cells) {
    const Options::Item& precision = cell.section("training").item("precision");
    if (cell.section("training").text("precision") == "auto")
      fail_usage(precision.origin,
                 ": training.precision is \"auto\", which another machine may resolve otherwise than "
                 "this one, so that its jobs had other phases; set it to \"bfloat16\" or \"float32\" in the file");
  }
}

int submit_experiment(const Arguments& arguments) {
  const PluginHost plugins = load_plugins(arguments);
  Document document = assigned(Document::from_file(arguments.subject), {}, arguments);
  Arguments submitted = arguments;
  if (arguments.shards > 1) {
    submitted.sets.push_back(text("training.shards=", arguments.shards));
    document.set(submitted.sets.back());
  }
  const Plan plan = make_plan(document, plugins);
  check_precision(plan);
  prepare_cpu(arguments);
  Console console;
  const RunFolders folders = run_folders(arguments);
  // Whatever the jobs train on: no phase's key knows of the device, which this machine may lack.
  Runner runner(plugins, folders, torch::kCPU, console);
  const std::vector<ClusterJob> jobs = jobs_of(plan, runner, folders);
  if (jobs.empty()) {
    std::cerr << "every task has its result: nothing is submitted\n";
    return 0;
  }
  const std::string script = slurm_script(jobs, slurm_settings(plan, submitted));
  if (arguments.print) {
    output() << script;
    return 0;
  }
  if (!in_path("sbatch")) fail_usage("sbatch is not here: submit on a machine that has Slurm, or look at --print");
  run_script(script);
  return 0;
}

}  // namespace senet
