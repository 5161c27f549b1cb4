#pragma once

#include <memory>
#include <string>
#include <vector>

#include "senet/phase_context.h"

namespace senet {

// A training that a method is going to do, or may.
struct PlannedTraining {
  std::string name;
  int64_t relus;  // of the network that it trains
  int64_t epochs;
  double likelihood = 1;  // under 1 where it depends on what earlier trainings show
};

// Plugin interface: a whole method, from a teacher and a ReLU budget to a linearised network.
class Baseline {
 public:
  using Interface = Baseline;
  static constexpr PluginKind kKind = PluginKind::baseline;
  virtual ~Baseline() = default;

  // The result holds core activations only and at most `budget` ReLUs; the harness counts for itself. The teacher is in
  // eval mode and must be left as it is.
  virtual std::shared_ptr<Network> linearise(Network& teacher, int64_t budget, PhaseContext& context) = 0;

  // Whether linearise() asks for Part::held_out: an experiment that holds no images out is refused before it trains.
  virtual bool needs_held_out() const { return false; }

  // What linearise() will train for all budgets, told before anything is trained: `senet run --dry-run` lists it. It
  // may make networks to count them. Where it is empty, the options that count epochs say how long a method takes.
  virtual std::vector<PlannedTraining> plan(int64_t budget, PhaseContext& context) {
    (void)budget, (void)context;
    return {};
  }
};

}  // namespace senet
