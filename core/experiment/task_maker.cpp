#include "experiment/task_maker.h"

#include <algorithm>

#include "method/phases.h"
#include "senet/error.h"
#include "storage/files.h"
#include "storage/hash.h"

namespace senet {

Task TaskMaker::make(const Cell& cell, const std::string& budget_text, int64_t seed) {
  const Laboratory& laboratory = laboratory_of_(cell);
  const int64_t budget = parse_budget(budget_text, laboratory.model.relus, cell.budgets_origin);
  return make_task(
      cell, plugins_, laboratory, budget_text, budget, seed,
      [self = shared_from_this()](const Task& task, const StepSource& source) { return self->find(task, source); });
}

SourceInUse TaskMaker::find(const Task& task, const StepSource& source) {
  std::string labels;
  for (const Cell& cell : plan_.cells) {
    if (cell.label == source.from) return of_cell(task, source, cell);
    labels += (labels.empty() ? "'" : ", '") + cell.label + "'";
  }
  const std::filesystem::path file = source.from;
  if (!std::filesystem::is_regular_file(file)) {
    fail_usage("cell '", task.cell->label, "': '", source.from, "' is no cell of this experiment (", labels,
               ") and no file of a result or of masks");
  }
  SourceInUse found;
  const auto has_no_step = [&] {
    fail_usage("cell '", task.cell->label, "' takes the step '", source.step, "' of '", source.from,
               "', which has none; name a result that has one, or a cell");
  };
  const auto too_small = [&] {
    fail_usage("cell '", task.cell->label, "' begins with a network of more ReLUs than its ", task.budget, ", and '",
               source.from, "' has no such network");
  };
  if (file.extension() == ".masks") {
    if (!source.step.empty()) has_no_step();
    if (source.larger) too_small();
    found.masks = file;
    found.key = Hash().add(read_file(file)).hex();
  } else {
    found.result = load_result(file);
    const ResultPhase* phase = &found.result->network_phase();
    if (!source.step.empty()) phase = found.result->phase_of(source.step);
    if (!phase) has_no_step();
    found.key = phase->key;
    if (source.larger && found.result->network.relus <= task.budget) too_small();
  }
  return found;
}

SourceInUse TaskMaker::of_cell(const Task& task, const StepSource& source, const Cell& cell) {
  const std::string& budget = source.budget.empty() ? task.budget_text : source.budget;
  const auto lacks = [&](const char* what, const std::string& value) {
    fail_usage("cell '", task.cell->label, "' takes something of cell '", cell.label, "', which does not run with ",
               what, " ", value, "; add it there");
  };
  if (std::count(cell.budgets.begin(), cell.budgets.end(), budget) == 0) lacks("budget", budget);
  if (std::count(cell.seeds.begin(), cell.seeds.end(), task.seed) == 0) lacks("seed", std::to_string(task.seed));
  const auto running = std::pair(cell.label, budget);
  if (std::count(chain_.begin(), chain_.end(), running) > 0)
    fail_usage("cell '", task.cell->label, "' takes something of cell '", cell.label, "', which stands on it");
  chain_.push_back(running);
  const auto other = std::make_shared<Task>(make(cell, budget, task.seed));
  chain_.pop_back();
  if (other->refused) throw *other->refused;
  if (source.larger && other->budget <= task.budget)
    fail_usage("cell '", task.cell->label, "' begins with a network of more ReLUs than its ", task.budget,
               "; name a larger budget of cell '", cell.label, "' by ", task.cell->method, ".from_budget");
  const PhaseBase &ours = task.base, &theirs = other->base;
  if (ours.data != theirs.data || ours.model != theirs.model || ours.precision != theirs.precision)
    fail_usage("cell '", task.cell->label, "' takes something of cell '", cell.label,
               "', which has another data set, model or precision");
  SourceInUse found;
  found.step = source.step.empty() ? other->steps.back().name() : source.step;
  const auto phase = other->phases.find(found.step);
  if (phase == other->phases.end())
    fail_usage("cell '", cell.label, "' has no step '", found.step, "', of which cell '", task.cell->label,
               "' takes something");
  const auto step =
      std::find_if(other->steps.begin(), other->steps.end(), [&](const Step& one) { return one.name() == found.step; });
  if (ours.student != theirs.student && step != other->steps.end() && !step->like_teacher)
    fail_usage("cell '", task.cell->label, "' takes something of cell '", cell.label, "', which has another [student]");
  found.key = phase->second.key();
  found.task = other;
  return found;
}

}  // namespace senet
