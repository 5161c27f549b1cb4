#pragma once

#include <vector>

#include "senet/phase_context.h"

namespace senet {

// Plugin interface: how much a network suffers when a layer loses its ReLUs.
class Sensitivity {
 public:
  using Interface = Sensitivity;
  static constexpr PluginKind kKind = PluginKind::sensitivity;
  virtual ~Sensitivity() = default;

  // One finite, non-negative number per ReLU site, in the sites' order, not all zero. Only proportions matter. The
  // teacher is in eval mode and must be left as it is. A measure that trains declares an option `epochs`.
  virtual std::vector<double> measure(Network& teacher, PhaseContext& context) = 0;

  // Whether measure() asks for Part::held_out: an experiment that holds no images out is refused before it trains.
  virtual bool needs_held_out() const { return false; }
  // Before anything is trained, with a network to count on, whose weights are not drawn: throws (fail_usage) where
  // measure() would refuse the model.
  virtual void check(const Network&) const {}
};

}  // namespace senet
