#pragma once

#include <memory>

#include "senet/experiment.h"

namespace senet {

// Plugin interface: a whole method, from a teacher and a ReLU budget to a linearised network.
class Baseline {
 public:
  using Interface = Baseline;
  static constexpr PluginKind kKind = PluginKind::baseline;
  virtual ~Baseline() = default;

  // The result holds core activations only and at most `budget` ReLUs; the harness counts for itself. The teacher is in
  // eval mode and must be left as it is.
  virtual std::shared_ptr<Network> linearise(Network& teacher, int64_t budget, Experiment& experiment) = 0;
};

}  // namespace senet
