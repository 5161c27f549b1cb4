#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <set>

#include "cli/descriptions.h"
#include "config/nearest.h"
#include "revision.h"
#include "senet/error.h"

namespace senet {

namespace {

std::set<std::string> verbs_of(const CLI::App& command) {
  std::set<std::string> names;
  for (const CLI::App* verb : command.get_subcommands([](const CLI::App*) { return true; }))
    names.insert(verb->get_name());
  return names;
}

// CLI11 says what is wrong; the nearest name there is says what was meant.
std::string usage_hint(const CLI::App& program, const std::vector<std::string>& values) {
  const CLI::App* command = &program;
  std::string words = "senet";
  for (size_t i = 0;; ++i) {
    const std::set<std::string> verbs = verbs_of(*command);
    if (command->get_require_subcommand_min() == 0 && (i >= values.size() || !verbs.count(values[i]))) break;
    if (i >= values.size() || values[i].empty() || values[i].front() == '-') return "";
    if (!verbs.count(values[i])) {
      return (i == 0 ? "unknown verb '" : words + ": unknown verb '") + values[i] + "'" +
             did_you_mean(values[i], verbs);
    }
    command = command->get_subcommand(values[i]);
    words += " " + values[i];
  }
  std::set<std::string> flags;
  for (const CLI::Option* option : command->get_options()) {
    for (const std::string& name : option->get_lnames()) flags.insert("--" + name);
  }
  for (const std::string& value : values) {
    const std::string flag = value.substr(0, value.find('='));
    if (flag.rfind("--", 0) == 0 && !flags.count(flag)) return words + " has no " + flag + did_you_mean(flag, flags);
  }
  return "";
}

// Each verb takes from here what it reads, so that its help says no more.
class Verb {
 public:
  Verb(CLI::App& program, Arguments& arguments, const char* name, const char* help, const std::string& group = "")
      : command_(program.add_subcommand(name, help)), arguments_(arguments) {
    command_->callback([command = command_, verb = group + name, &arguments] {
      if (command->get_subcommands().empty()) arguments.verb = verb;
    });
  }
  Verb& of_finished_results() {
    command_->callback([verb = command_->get_name(), &arguments = arguments_] {
      arguments.verb = verb;
      arguments.of_finished_results = true;
    });
    return *this;
  }
  template <class Value>
  CLI::Option* option(const char* name, Value& value, const char* help, const char* type) {
    return command_->add_option(name, value, help)->type_name(type);
  }
  CLI::Option* subject(const char* name, const char* help) { return option(name, arguments_.subject, help, ""); }
  Verb& experiment() {
    subject("FILE", "experiment file (.toml)")->required();
    return *this;
  }
  CLI::Option* run() { return subject("RUN", "a result file, or a part of a result's name"); }
  Verb& folders() {
    option("--runs", arguments_.runs, "folder of phases: weights, checkpoints, metrics", "DIR")->capture_default_str();
    return results();
  }
  Verb& results() {
    option("--results", arguments_.results, "folder of results: one small JSON each", "DIR")->capture_default_str();
    return *this;
  }
  Verb& device() {
    command_->add_option("--device", arguments_.device, "where to compute")
        ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
        ->capture_default_str();
    return threads();
  }
  Verb& threads() {
    option("--threads", arguments_.threads,
           "CPU threads; default: SLURM_CPUS_PER_TASK, else OMP_NUM_THREADS, else as many as this process may run on "
           "and others leave free",
           "N")
        ->check(CLI::Range(1, 1024));
    return *this;
  }
  Verb& set() {
    option("--set", arguments_.sets, "set a key of the experiment file, for example --set mask.epochs=2", "KEY=VALUE")
        ->allow_extra_args(false);
    return *this;
  }
  Verb& plugins() {
    option("--plugin-dir", arguments_.plugin_dirs,
           "folder of plugins, searched before SENET_PLUGIN_PATH and the program's own", "DIR")
        ->allow_extra_args(false);
    return *this;
  }
  Verb& json() {
    command_->add_flag("--json", arguments_.json, "print one JSON document on stdout");
    return *this;
  }
  Verb& model() {
    option("--model", arguments_.model, "a model plugin", "NAME");
    option("--input", arguments_.input, "shape of an image, for example 3x32x32", "CxHxW");
    option("--classes", arguments_.classes, "number of classes", "N")->check(CLI::Range(1, 1000000));
    return *this;
  }
  Verb& dataset() {
    option("--dataset", arguments_.dataset, "a data set plugin; its options with --set dataset.KEY=VALUE", "NAME")
        ->required();
    return *this;
  }
  Verb& width() {
    option("--width", arguments_.width, "of a network trained at several (SENet++): the one to cut out", "S")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    return *this;
  }
  Verb& masking() {
    command_
        ->add_option("--masking", arguments_.masking,
                     "how ReLUs that a mask keeps are written: gather compares the kept elements alone; select and "
                     "multiply, for comparison, every one")
        ->check(CLI::IsMember({"gather", "select", "multiply"}))
        ->capture_default_str();
    return *this;
  }
  Verb& out(const char* help, const char* type) {
    option("--out", arguments_.out, help, type)->required();
    return *this;
  }
  Verb& sources() {
    option("--sources", arguments_.sources, "folder of what says which tables and figures there are", "DIR")
        ->capture_default_str();
    return results();
  }
  Verb& written_beside_sources() {
    option("--out", arguments_.out, "folder to write them to; default: generated/ beside the sources", "DIR");
    return sources();
  }
  Verb& limit(const char* help) { return count_of("--limit", arguments_.limit, help, 40); }
  Verb& images(const char* help) { return count_of("--images", arguments_.images, help, 20); }
  CLI::App* operator->() { return command_; }
  CLI::App& operator*() { return *command_; }

 private:
  Verb& count_of(const char* name, int64_t& value, const char* help, int bits) {
    CLI::Option* option = command_->add_option(name, value, help);
    option->check(CLI::Range(int64_t{1}, int64_t{1} << bits))->type_name("N");
    if (value > 0) option->capture_default_str();
    return *this;
  }

  CLI::App* command_;
  Arguments& arguments_;
};

void add_tasks_and_jobs(Verb& run, Arguments& arguments) {
  run.option("--cell", arguments.cell, "only tasks of this cell: its number in --list, or its label", "N");
  run.option("--budget", arguments.budget, "only tasks at this budget, as the file writes it", "B");
  run.option("--seed", arguments.only_seed, "only tasks with this seed", "S");
  run.option(
      "--phase", arguments.phase,
      "of the tasks that need it only this phase, and what it stands on: the name of its folder under --runs, or its "
      "key, which `senet status --json` has",
      "NAME");
  run->add_flag("--list", arguments.list,
                "run nothing: print a line a task, with the options that choose it and its cell's label")
      ->excludes("--phase");
  run->add_flag("--no-wait", arguments.no_wait,
                "end, with exit code 75, where only phases are left that other processes run now");
  run.option("--jobs", arguments.jobs, "run so many phases at once, each with its share of the threads", "N")
      ->check(CLI::Range(1, 1024))
      ->excludes("--overfit-one-batch")
      ->excludes("--no-wait");
  run.option("--as-job", arguments.as_job, "for --jobs, which starts its processes so", "HOW")->group("");
  run.option("--began", arguments.began, "for --jobs: when it began", "TICKS")->group("");
}

void add_experiment_verbs(CLI::App& program, Arguments& arguments) {
  Verb run(program, arguments, "run", "run an experiment file: what is finished is not run again");
  run.experiment();
  run->add_flag("--dry-run", arguments.dry_run,
                "run nothing: show every setting and where it comes from, what is finished, what is left and how long");
  run->add_flag(
      "--overfit-one-batch", arguments.overfit_one_batch,
      "to debug a plugin: train every phase on one batch, which each training of the network that comes out has to "
      "learn by heart; writes no result");
  add_tasks_and_jobs(run, arguments);
  run.folders().device().set().plugins().json();

  Verb submit(program, arguments, "submit", "hand what is left of an experiment file to a cluster, as job arrays");
  submit.experiment();
  submit->add_flag("--slurm", arguments.slurm, "to Slurm, by sbatch")->required();
  submit->add_flag("--print", arguments.print, "submit nothing: print the script that would");
  submit.option("--partition", arguments.partition, "of the cluster", "NAME");
  submit.option("--time", arguments.time_limit,
                "limit of a job, as sbatch takes it; what reaches it is queued again and goes on", "T");
  submit.option("--gpus", arguments.gpus, "of a job", "N");
  submit
      .option("--parallel", arguments.parallel, "most jobs of an array at once; default: what the cluster gives", "N")
      ->check(CLI::Range(1, 1000000));
  submit
      .option("--shards", arguments.shards, "processes of a job, started by srun, each with a shard of every batch",
              "N")
      ->check(CLI::Range(1, 1024));
  submit
      .option("--sbatch", arguments.sbatch, "another option of sbatch, for example --sbatch=--account=NAME", "OPTION")
      ->allow_extra_args(false);
  submit.folders().device().set().plugins();

  Verb status(program, arguments, "status", "the state of every phase of an experiment file");
  status.experiment();
  status.folders().device().set().plugins().json();
}

void add_plugin_verbs(CLI::App& program, Arguments& arguments) {
  Verb plugins(program, arguments, "plugins", "the plugins there are; with a name, its options");
  plugins.subject("NAME", "one plugin");
  plugins.plugins().json();
  Verb made(*plugins, arguments, "new", "write a plugin that builds, passes its test and runs, to start from",
            "plugins ");
  made.option("KIND", arguments.kind, "baseline, sensitivity, dataset or model", "")->required();
  made.subject("NAME", "what experiments will call it: a C identifier")->required();
  made.option("DIR", arguments.out, "the folder to write: a new or empty one", "")->required();
  made.plugins().json();

  Verb options(program, arguments, "options", "every key of an experiment file: type, bounds, default, meaning");
  options.subject("SECTION", "one section");
  options.json();
}

void add_network_verbs(CLI::App& program, Arguments& arguments) {
  Verb inspect(program, arguments, "inspect", "a row per ReLU site of a model or of a RUN");
  inspect.run();
  inspect.model().set().results().plugins().json();

  Verb budget(program, arguments, "budget", "share a ReLU budget over a model's layers by their sensitivity");
  budget.model();
  budget
      .option("--sensitivity", arguments.sensitivity,
              "a number for each ReLU site, separated by commas; only proportions matter", "LIST")
      ->required();
  budget.option("--budget", arguments.budget, "a ReLU count, or a share of the model's such as 10%", "B")->required();
  budget.set().plugins().json();

  Verb evaluate(program, arguments, "evaluate", "evaluate the network of a finished RUN");
  evaluate.run()->required();
  evaluate->add_option("--split", arguments.split, "which images")
      ->check(CLI::IsMember({"train", "held_out", "test"}))
      ->capture_default_str();
  evaluate.limit("the first N of them; default: all");
  evaluate.option("--logits", arguments.logits, "also write logits (N×classes) and labels", "FILE.safetensors");
  evaluate.width().folders().device().plugins().json();
}

void add_export(CLI::App& program, Arguments& arguments) {
  Verb exported(program, arguments, "export",
                "write the network of a finished RUN, as a plain one at one of its widths");
  exported.of_finished_results();
  exported.run()->required();
  exported.option("DIR,--out", arguments.out, "the file, or with stablehlo the folder, to write", "")->required();
  exported
      ->add_option("--format", arguments.format,
                   "safetensors: weights, statistics and masks; stablehlo: a program for private inference with "
                   "its arguments, golden images and a fixed-point check")
      ->check(CLI::IsMember({"safetensors", "stablehlo"}))
      ->capture_default_str();
  exported.width().masking();
  exported.images("stablehlo: so many test images with their logits");
  exported
      .option("--fraction-bits", arguments.fraction_bits,
              "stablehlo: emulate the network with so many fractional bits, on the test set", "LIST")
      ->check(CLI::Range(1, 20))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  exported.limit("stablehlo: emulate on the first N test images; default: all");
  exported.folders().threads().plugins().json();
  exported->parse_complete_callback([command = &*exported, &arguments] {
    if (arguments.format == "stablehlo") return;
    for (const char* option : {"--masking", "--images", "--fraction-bits", "--limit"}) {
      if (command->count(option) == 0) continue;
      throw CLI::ValidationError(option, "a file of " + arguments.format + " has none; add --format stablehlo");
    }
  });
}

void add_measure(CLI::App& program, Arguments& arguments) {
  Verb measure(program, arguments, "measure",
               "run the networks of finished RUNs privately, as two parties of a real engine over loopback, and count "
               "what that costs");
  measure.of_finished_results();
  measure.option("RUN", arguments.subjects, "result files, or parts of results' names", "")->required();
  measure->add_option("--protocol", arguments.protocols, "the engine's protocol; default: both")
      ->check(CLI::IsMember({"semi2k", "cheetah"}))
      ->delimiter(',')
      ->allow_extra_args(false);
  measure.masking().width().images("so many test images, one by one");
  measure
      .option("--profile", arguments.profiles,
              "networks (.toml) to compute latencies for; default: "
              "experiments/costs/lan.toml and wan.toml",
              "FILE")
      ->allow_extra_args(false);
  measure.option("--engine", arguments.engine,
                 "the virtual environment with the engine; default: SENET_MPC_VENV, else .venv-mpc here or beside "
                 "the build folder",
                 "DIR");
  measure.option("--work", arguments.work, "keep the export, the compiled programs and the engine's logs there", "DIR");
  measure.option("--port", arguments.port, "of party 0 on loopback, the next one for party 1; default: free ones", "P")
      ->check(CLI::Range(1024, 65534));
  measure.option("--timeout", arguments.timeout, "give the engine up after so many seconds", "S")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  measure.folders().threads().plugins().json();
}

void add_result_verbs(CLI::App& program, Arguments& arguments) {
  Verb compare(program, arguments, "compare", "how two RUNs differ: settings, ReLUs, masks, metrics");
  compare.run()->required();
  compare.option("OTHER", arguments.other, "the RUN to compare it with", "")->required();
  compare.folders().json();

  Verb differences(program, arguments, "differences",
                   "how much better each cell of an experiment does than one of them, paired over seeds");
  differences.of_finished_results();
  differences.subject("EXPERIMENT", "its name: a folder of results")->required();
  differences.option("--against", arguments.other, "the label of the cell to compare with", "LABEL")->required();
  differences.results().json();

  Verb results(program, arguments, "results", "every result, a row each, with the settings that differ among them");
  results.of_finished_results();
  results.subject("EXPERIMENT", "its name: a folder of results; default: all");
  results.results().json();
  results->add_flag("--csv", arguments.csv, "every number and setting, for other programs")->excludes("--json");

  Verb tables(program, arguments, "tables", "the paper's tables from the results, as Markdown, LaTeX and CSV");
  tables.of_finished_results();
  tables.subject("NAME", "one of them; default: all");
  tables.option("--explain", arguments.explain, "the runs, revisions, settings and seeds behind a row", "ROW");
  tables.written_beside_sources().json();

  Verb figures(program, arguments, "figures", "the paper's figures from the results, as SVG, PDF and PNG");
  figures.of_finished_results();
  figures.subject("NAME", "one of them; default: all");
  figures.written_beside_sources().json();

  Verb report(program, arguments, "report", "one HTML page with every table, figure, setting and environment");
  report.of_finished_results();
  report.option("--out", arguments.out, "the page; default: report.html", "FILE.html");
  report.sources().json();
}

void add_cost(CLI::App& program, Arguments& arguments) {
  Verb cost(program, arguments, "cost", "latency, communication and storage of private inference with a RUN");
  cost.of_finished_results();
  cost.run()->required();
  cost.option("--profile", arguments.profile, "what a ReLU costs: a file, or a name under experiments/costs", "NAME")
      ->capture_default_str();
  cost.results().json();
}

void add_machine_verbs(CLI::App& program, Arguments& arguments) {
  Verb doctor(program, arguments, "doctor", "what this machine and build offer, and what to do about what they lack");
  doctor.folders().device().plugins().json();
}

void add_import(CLI::App& program, Arguments& arguments) {
  Verb import(program, arguments, "import", "take a network trained elsewhere for a teacher, checked and evaluated");
  import.subject("FILE", "its weights (.safetensors; scripts/pth-to-safetensors makes one of a .pth)")->required();
  import.option("--model", arguments.model, "its model plugin; options with --set model.KEY=VALUE", "NAME")->required();
  import.dataset().folders().device().set().plugins().json();
}

void add_data_verbs(CLI::App& program, Arguments& arguments) {
  CLI::App& data = *program.add_subcommand("data", "data sets: pack into one file, verify it, look at samples");
  data.require_subcommand(1);
  Verb pack(data, arguments, "pack", "write a data set into one file that is read at once", "data ");
  pack->add_option("--encoding", arguments.encoding,
                   "raw: decoded once, all of one size; encoded: the JPEG and PNG files, for random resized crops")
      ->check(CLI::IsMember({"raw", "encoded"}))
      ->capture_default_str();
  pack.dataset().out("the packed file; use it with dataset.packed", "FILE").set().plugins().json();
  pack.threads();
  Verb verify(data, arguments, "verify", "read every image of a packed file and check that it is the one written",
              "data ");
  verify.subject("FILE", "packed file")->required();
  verify.threads().json();
  Verb show(data, arguments, "show", "a sheet of training images as a network sees them, with their labels", "data ");
  show->add_option("--count", arguments.count, "how many")->check(CLI::Range(1, 400))->capture_default_str();
  show->add_option("--epoch", arguments.epoch, "whose augmentation")->check(CLI::Range(0, 1 << 30));
  show->add_option("--seed", arguments.seed, "of the augmentation")->check(CLI::Range(0, 1 << 30));
  show.dataset().out("the picture", "FILE.png").set().plugins();
}

void add_gc(CLI::App& program, Arguments& arguments) {
  Verb gc(program, arguments, "gc", "what the store of phases holds, and what no result needs");
  gc->add_flag("--delete", arguments.remove, "remove what no result needs");
  gc.folders().json();
}

void add_descriptions(CLI::App& program, Arguments& arguments) {
  Verb(program, arguments, "completion", "these verbs and options for bash: . <(senet completion)");
  Verb(program, arguments, "manual", "these verbs and options as a page for man: senet manual | man -l -");
}

// Help shows the verbs under these headings, in this order.
void add_verbs_by_topic(CLI::App& program, Arguments& arguments) {
  using Add = void (*)(CLI::App&, Arguments&);
  const std::pair<const char*, std::vector<Add>> topics[] = {
      {"Experiments", {add_experiment_verbs, add_gc}},
      {"Settings and plugins", {add_plugin_verbs}},
      {"Data sets", {add_data_verbs}},
      {"Networks", {add_network_verbs, add_export, add_import}},
      {"Results, tables, figures", {add_result_verbs}},
      {"Private inference", {add_measure, add_cost}},
      {"This machine", {add_machine_verbs, add_descriptions}},
  };
  std::set<std::string> grouped;
  for (const auto& [topic, adds] : topics) {
    for (const Add add : adds) add(program, arguments);
    for (CLI::App* verb : program.get_subcommands([](const CLI::App*) { return true; })) {
      if (grouped.insert(verb->get_name()).second) verb->group(topic);
    }
  }
}

}  // namespace

std::optional<int> parse_arguments(int count, char** values, Arguments& arguments, std::ostream& output) {
  CLI::App program("SENet: networks under a ReLU budget, for private inference. Trains, measures, compares.", "senet");
  program.set_version_flag("--version", std::string("senet ") + SENET_VERSION + " (" + SENET_REVISION + ")");
  program.require_subcommand(1);
  program.set_help_all_flag("--help-all", "help of every verb");
  add_verbs_by_topic(program, arguments);
  try {
    program.parse(count, values);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error, output, std::cerr);
    const std::string hint = usage_hint(program, {values + 1, values + count});
    std::cerr << "senet: " << (hint.empty() ? error.what() : hint)
              << "\nRun `senet --help` for the verbs, `senet VERB --help` for one.\n";
    return static_cast<int>(Exit::usage);
  }
  if (arguments.verb != "completion" && arguments.verb != "manual") return std::nullopt;
  output << (arguments.verb == "manual" ? manual(program) : bash_completion(program));
  return 0;
}

}  // namespace senet
