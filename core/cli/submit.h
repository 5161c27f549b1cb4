#pragma once

#include <string>
#include <vector>

#include "cli/arguments.h"
#include "experiment/runner.h"

namespace senet {

// What a job of the cluster does: the options of `senet run` that choose it, and the jobs that have to end well before.
struct ClusterJob {
  std::string options;              // "--cell 1 --budget 10% --seed 1"
  std::string name;                 // in words: "mask of senet, budget 10%, seed 1"
  std::filesystem::path made = {};  // a file that is there when it is done
  std::vector<size_t> after = {};   // indices of earlier jobs
};

// The jobs that an experiment has left: each phase that more than one task needs, with what it stands on, then each
// task. Steps that others announce once they have run belong to their task.
std::vector<ClusterJob> jobs_of(const Plan& plan, Runner& runner, const RunFolders& folders);

// How jobs are handed to Slurm.
struct SlurmSettings {
  std::vector<std::string> sbatch;  // options of sbatch, each one word
  std::string name;                 // of the experiment
  std::string command;              // `senet run FILE …`, quoted for a shell, without what chooses a task
  std::string folder, logs, list;   // to run in; of the jobs' logs; the file that lists what each job is
  size_t parallel = 0;              // of an array at once; 0: as many as there are
  size_t array_limit = 1001;        // MaxArraySize: indices are below it
};

// A script for bash that submits the jobs as arrays: those that wait for the same jobs are one, cut where it is longer
// than the limit.
std::string slurm_script(const std::vector<ClusterJob>& jobs, const SlurmSettings& settings);

// What has become of the jobs that were submitted last for an experiment, and what Slurm says of those in its queue.
struct SubmittedJob {
  std::string id, name, state;
};
std::vector<SubmittedJob> submitted_jobs(const std::string& experiment, const std::filesystem::path& runs);

}  // namespace senet
