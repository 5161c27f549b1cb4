#pragma once

#include <functional>
#include <optional>

#include "experiment/plan.h"
#include "method/methods.h"
#include "results/result.h"
#include "senet/error.h"

namespace senet {

struct Task;

// A source of a step, found.
struct SourceInUse {
  std::string key;                   // of its phase, or of its content
  std::shared_ptr<const Task> task;  // of another cell; then `step` is one of its steps
  std::string step;
  std::optional<Result> result;  // of a path
  std::filesystem::path masks;   // of the path of masks alone
};
using SourcesInUse = std::map<std::string, SourceInUse>;  // by the names that a step has for them
// Finds the source of a task. Throws (exit code 2) where there is none.
using FindSource = std::function<SourceInUse(const Task& task, const StepSource& source)>;

// One cell at one budget with one seed: the phases that a result is made of. Computing their keys runs nothing.
struct Task {
  const Cell* cell;
  std::string budget_text;
  int64_t budget, seed;
  PhaseBase base;
  PhaseInputs teacher = {}, teacher_evaluation = {}, evaluation = {};
  std::shared_ptr<MethodInUse> method = {};
  std::vector<Step> steps = {};                                    // of the method; the last leaves the network
  std::map<std::string, SourcesInUse> sources = {};                // of each step, by its name
  std::map<std::string, PhaseInputs> phases = {};                  // of each step, by its name; and "teacher"
  std::map<std::string, std::vector<std::string>> announced = {};  // names of steps, by the step that announced them
  std::optional<Error> refused = {};                               // why the method cannot do it: it has no steps then

  FindSource find_source = {};

  SourcesInUse sources_of(const Step& step) const;
  // What a step is a function of, its sources among it.
  PhaseInputs inputs_of(const Step& step, const SourcesInUse& found) const;
  void add(const Step& step);  // its phase, and what it takes of others
  // Adds the steps that a finished one announces, behind it. Throws what the method throws.
  void announce(size_t step, const Series& recorded);
  // The steps that a step may read: those it stands on, and what these announced.
  std::vector<std::string> before(const Step& step) const;

  std::vector<const PhaseInputs*> in_order() const;  // all that are known, the evaluations among them
  const PhaseInputs& phase(const Step& step) const { return phases.at(step.name()); }
};

Task make_task(const Cell& cell, const PluginHost& plugins, const Laboratory& laboratory,
               const std::string& budget_text, int64_t budget, int64_t seed, const FindSource& find_source);

}  // namespace senet
