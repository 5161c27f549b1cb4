#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace senet {

// What the command line says. Parsed by the program itself, without LibTorch, whose loading takes half a second: help,
// version and wrong usage answer at once.
struct Arguments {
  std::string verb;
  bool of_finished_results = false;  // whether the verb lies in libsenet_tools
  std::string subject;               // the experiment file, RUN, plugin or section
  std::string kind;                  // plugins new: of plugin
  std::string other;                 // compare: the second RUN; differences: the cell compared with

  std::vector<std::string> plugin_dirs;
  std::vector<std::string> sets;
  std::string runs = "runs";        // phases: weights, checkpoints, metrics
  std::string results = "results";  // one small JSON a cell, budget and seed
  std::string device = "auto";
  int threads = 0;     // 0: wanted_threads() says how many
  int processors = 1;  // that the process may run on, as it was started
  bool json = false;
  bool csv = false;                // results
  bool dry_run = false;            // run
  bool overfit_one_batch = false;  // run
  bool list = false;               // run: the tasks
  bool no_wait = false;            // run: for other processes
  std::string cell, phase;         // run: of the tasks, beside `budget` and only_seed
  std::optional<int64_t> only_seed;
  int jobs = 1;         // run: at once
  std::string as_job;   // run: as one of the jobs; "terminal" or "log"
  int64_t began = 0;    // run: when the first of the jobs did, in ticks of the files' clock
  bool remove = false;  // gc

  bool slurm = false, print = false;  // submit
  std::string partition, time_limit, gpus;
  std::vector<std::string> sbatch;
  int parallel = 0, shards = 1;

  std::string model, input;  // inspect, budget
  int64_t classes = 0;
  std::string sensitivity, budget;

  std::string sources = "paper_figures", explain, profile = "delphi";  // tables, figures, report, cost

  std::string dataset, out, encoding = "raw";  // data
  int64_t count = 64, epoch = 0, seed = 0;

  double width = 1;            // evaluate, export, measure: SENet++
  std::string split = "test";  // evaluate
  int64_t limit = 0;
  std::string logits;

  std::string format = "safetensors", masking = "gather";  // export; masking: also measure
  std::vector<int64_t> fraction_bits = {8, 12, 18};
  int64_t images = 10;  // export: with their logits; measure: run privately

  std::vector<std::string> subjects;  // measure: RUNs
  std::vector<std::string> protocols;
  std::vector<std::string> profiles;
  std::string engine, work;
  int64_t port = 0;
  double timeout = 3600;
};

// Fills `arguments`; an exit code when there is nothing left to do (help, version, wrong usage).
// Help and version go to `output`.
std::optional<int> parse_arguments(int count, char** values, Arguments& arguments, std::ostream& output);

}  // namespace senet
