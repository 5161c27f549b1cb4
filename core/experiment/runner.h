#pragma once

#include <functional>
#include <memory>
#include <set>

#include "experiment/task.h"
#include "phase/claims.h"
#include "results/result.h"
#include "senet/error.h"

namespace senet {

// What happens while an experiment runs, for whoever shows it.
class RunListener : public PhaseListener {
 public:
  virtual void phase_started(const std::string& cell, const PhaseInputs& phase) = 0;
  virtual void phase_finished(const std::string& cell, const PhaseRecord& phase) = 0;
};

struct RunFolders {
  std::filesystem::path runs = "runs";        // phases: weights, checkpoints, metrics
  std::filesystem::path results = "results";  // one small JSON a cell, budget and seed
};

// A (cell, budget, seed) that could not be finished.
struct RunFailure {
  std::string cell, budget;
  int64_t seed;
  std::string phase, message;
  Exit exit;

  std::string description() const;
};
struct ImportedTeacher {
  PhaseRecord phase;
  NetworkRecord network;
};
struct RunOutcome {
  std::vector<Result> results;
  std::vector<RunFailure> failures;
  std::vector<std::string> elsewhere;  // what was not waited for: which task's phase runs where
};
// What of a plan is run, and how.
struct RunChoice {
  std::function<bool(const Task&)> wanted = {};  // the tasks; empty: all
  std::string until = {};                        // the key of the phase that tasks end with; empty: they write results
  bool wait = true;                              // for what other processes run
  // A phase that failed at this time or later is not tried again; empty: every one is.
  std::optional<std::filesystem::file_time_type> failed_since = {};
};

// Data, model and device of a cell; the data set is loaded and checked.
std::shared_ptr<Laboratory> make_laboratory(const Cell& cell, const PluginHost& plugins, const torch::Device& device);

class Runner {
 public:
  Runner(const PluginHost& plugins, RunFolders folders, torch::Device device, RunListener& listener);

  // Runs what is not finished, in the order of cells, budgets and seeds, and writes each result as it is done. What
  // another process runs at that time comes later, so that parallel processes share the cells. What fails leaves the
  // others running; a phase that failed is not tried again in this call.
  // In a world of several ranks (device/world.h) the first one's to call; the others follow().
  RunOutcome run(const Plan& plan, const RunChoice& choice = {});
  // Runs with the first rank the phases that train, until that one calls dismiss_followers(). Nothing is written.
  void follow(const Plan& plan);
  static void dismiss_followers();

  // Makes the finished teacher phase of a plan's first cell, which names the teacher's weights, and evaluates it.
  ImportedTeacher import_teacher(const Plan& plan);

  // The phases of each cell, budget and seed; and what they run in: the data set is loaded for it.
  // Made once: a plan is not changed once its tasks were asked for.
  const std::vector<Task>& tasks(const Plan& plan);
  const Laboratory& laboratory_of(const Cell& cell);
  const PhaseStore& store() const { return store_; }

 private:
  // Writes the result and its masks; nothing where the task ends with an earlier phase.
  std::optional<Result> run_task(const Plan& plan, const Task& task);
  // The finished phases of a task's method up to a step, or all of them, the last with the network under kNetwork.
  std::vector<PhaseRecord> run_method(Task task, const PhaseRecord& teacher, const std::string& up_to = "");
  // The finished phase that a source names: of another cell's task, which is run up to it, or of a result.
  PhaseRecord run_source(const SourceInUse& source);
  void write(const Result& result);
  PhaseRecord run_phase(const Task& task, const PhaseInputs& inputs, const Options& options,
                        const std::function<void(StoredContext&, PhaseRecord&)>& body, StepMaterial step = {});
  PhaseRecord follow_phase(const PhaseInputs& inputs, const std::function<void(PhaseRecord&)>& body);
  PhaseRecord run_teacher_phase(const Task& task);
  PhaseRecord run_evaluation_phase(const Task& task, const PhaseInputs& inputs, const PhaseRecord& network,
                                   const PhaseRecord* before = nullptr);
  Metadata about(const Task& task, const PhaseInputs& inputs) const;
  std::shared_ptr<Network> load(const Laboratory& laboratory, const PhaseRecord& phase);

  const PluginHost& plugins_;
  RunFolders folders_;
  torch::Device device_;
  RunListener& listener_;
  PhaseStore store_;
  std::map<std::string, std::shared_ptr<Laboratory>> laboratories_;
  std::map<const Plan*, std::vector<Task>> tasks_;
  std::map<std::string, Error> failed_;          // by the phase's key
  std::map<std::string, PhaseRecord> finished_;  // likewise
  std::optional<Claim> claim_;                   // of the experiment that runs; none where this one follows
  RunChoice choice_;                             // likewise
  std::string followed_;                         // follow(): the key of the phase to run; what is before it is finished
};

}  // namespace senet
