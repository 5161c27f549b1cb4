#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace senet {

enum class OptimizerKind {
  sgd,    // with momentum
  adam,   // β 0.9 and 0.999, ε 1e-8; TrainingSettings::momentum has no part in it
  adamw,  // the same with the weight decay beside it: w ← w − lr·λ·w, then Adam's step by the gradient alone
};

// How the learning rate falls.
enum class Schedule {
  step,      // by lr_drop_factor at each of lr_drops
  cosine,    // by half a cosine, to lr_floor
  constant,  // not at all
};

// What a parameter has of its own.
struct ParameterRule {
  double lr_factor = 1;                // multiplies the learning rate
  std::optional<double> weight_decay;  // in place of the training's
};

// How a training runs. Its options are declared with their defaults (`senet options training`).
struct TrainingSettings {
  int64_t epochs = 1;
  int64_t batch = 128;
  OptimizerKind optimizer = OptimizerKind::sgd;
  double lr = 0.05;  // at the start
  double momentum = 0.9;
  bool nesterov = false;  // SGD: w ← w − lr·(g + μ·v) with the new v
  double weight_decay = 5e-4;
  Schedule schedule = Schedule::step;
  std::vector<double> lr_drops;  // fractions f of the epochs; a drop starts with the first epoch e ≥ f·epochs
  double lr_drop_factor = 0.1;
  double lr_floor = 0;         // what a cosine ends at
  int64_t restart_epochs = 0;  // the schedule begins again every so many epochs; 0: never
  int64_t warmup_epochs = 0;   // W: in epoch e < W, from 0, the rate is (e + 1)/(W + 1) of the schedule's
  int64_t crop_padding = 4;    // pixels
  bool flip = true;
  bool random_resized = false;
  int64_t cutout = 0;  // pixels: a square of that side is black, its middle anywhere in the image; 0: none
  // Leaves the network of the epoch that scores best on the held-out images, the first of equals, in place of the
  // last epoch's; of those epochs alone whose network may be kept (Objective::may_be_kept), the last where none may.
  bool best_epoch = false;
  std::function<ParameterRule(const std::string& parameter)> rule =
      {};  // by a parameter's name; none: nothing of its own
  double checkpoint_seconds = 60;

  double lr_at(int64_t epoch) const;  // epoch: from 0
};

}  // namespace senet
