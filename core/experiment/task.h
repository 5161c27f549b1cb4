#pragma once

#include <optional>

#include "experiment/plan.h"
#include "method/methods.h"
#include "senet/error.h"

namespace senet {

// One cell at one budget with one seed: the phases that a result is made of. Computing their keys runs nothing.
struct Task {
  const Cell* cell;
  std::string budget_text;
  int64_t budget, seed;
  PhaseBase base;
  PhaseInputs teacher = {}, teacher_evaluation = {}, evaluation = {};
  std::shared_ptr<MethodInUse> method = {};
  std::vector<Step> steps = {};                                    // of the method; the last leaves the network
  std::map<std::string, PhaseInputs> phases = {};                  // of each step, by its name; and "teacher"
  std::map<std::string, std::vector<std::string>> announced = {};  // names of steps, by the step that announced them
  std::optional<Error> refused = {};                               // why the method cannot do it: it has no steps then

  // Adds the steps that a finished one announces, behind it. Throws what the method throws.
  void announce(size_t step, const Series& recorded);
  // The steps that a step may read: those it stands on, and what these announced.
  std::vector<std::string> before(const Step& step) const;

  std::vector<const PhaseInputs*> in_order() const;  // all that are known, the evaluations among them
  const PhaseInputs& phase(const Step& step) const { return phases.at(step.name()); }
};

Task make_task(const Cell& cell, const PluginHost& plugins, const Laboratory& laboratory,
               const std::string& budget_text, int64_t budget, int64_t seed);

}  // namespace senet
