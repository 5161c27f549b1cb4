#pragma once

#include "senet/losses.h"
#include "senet/objective.h"

namespace senet {

struct DistilledSettings {
  double ce_weight = 1;
  double kd_weight = 1;
  double temperature = 4;
};

// Trains a network by its labels and its teacher: ce_weight·CE + kd_weight·T²·KL(teacher ‖ network at T).
class Distilled final : public Objective {
 public:
  // Both networks outlive the objective; the teacher is in eval mode.
  Distilled(Network& teacher, Network& network, const DistilledSettings& settings)
      : teacher_(teacher), network_(network), settings_(settings) {}
  Loss loss(const Batch& batch, EpochSums& sums) override;

 private:
  Network& teacher_;
  Network& network_;
  DistilledSettings settings_;
};

}  // namespace senet
