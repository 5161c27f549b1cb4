#pragma once

#include <functional>

#include "senet/distilled.h"

namespace senet {

struct DescentSettings {
  DistilledSettings distilled;
  int64_t budget = 0;         // ReLUs to come down to
  int64_t set_size = 100;     // ReLUs that a round linearises
  int64_t sets = 100;         // that a round tries at most
  double tolerance = 0.0005;  // of accuracy, in [0, 1]: a set that costs less is taken at once
  int64_t period = 20;        // epochs of a fine-tuning
  int64_t periods = 0;        // in all, rounds shared evenly among them; 0: a fine-tuning once accuracy has fallen
};

// Of a network of `relus` ReLUs as many as the paper's 100 of its ResNet18's 491,520, and at least one.
int64_t proportional_set_size(int64_t relus);

// Block coordinate descent from a network that keeps more ReLUs than the budget. A round draws sets of kept ReLUs at
// random, linearises each in turn and measures the accuracy; it takes the first set that costs less than the tolerance,
// or else the one that costs least, the first of equals. Between rounds the network is fine-tuned with its masks as
// they are; it ends after the fine-tuning that follows the last round. Metrics: relus, trials (sets measured so far).
class Descent final : public DistilledSearch {
 public:
  // accuracy: in [0, 1], of the student as it is. Both networks outlive the objective.
  Descent(Network& teacher, Network& student, const DescentSettings& settings, std::function<double()> accuracy,
          uint64_t seed);
  void begin() { descend(0); }  // the rounds before the first fine-tuning
  void epoch_end(EpochEnd& end) override;
  bool finished() const override { return finished_ != 0; }
  void state(Archive& archive) override;

  int64_t above() const { return count() - budget(); }
  int64_t trials() const { return trials_; }

 private:
  void descend(int64_t periods_done);
  void round();

  DescentSettings settings_;
  std::function<double()> accuracy_;
  uint64_t seed_;
  int64_t first_above_, rounds_ = 0, trials_ = 0, finished_ = 0;
  double now_ = 0;  // the accuracy after the last round
};

}  // namespace senet
