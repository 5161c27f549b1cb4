#pragma once

#include <cstdint>
#include <vector>

namespace senet {

enum class OptimizerKind {
  sgd,   // with momentum, without Nesterov
  adam,  // β 0.9 and 0.999, ε 1e-8; TrainingSettings::momentum has no part in it
};

// How the learning rate falls.
enum class Schedule {
  step,      // by lr_drop_factor at each of lr_drops
  cosine,    // by half a cosine, to zero
  constant,  // not at all
};

// How a training runs. Its options are declared with their defaults (`senet options training`).
struct TrainingSettings {
  int64_t epochs = 1;
  int64_t batch = 128;
  OptimizerKind optimizer = OptimizerKind::sgd;
  double lr = 0.05;  // at the start
  double momentum = 0.9;
  double weight_decay = 5e-4;
  Schedule schedule = Schedule::step;
  std::vector<double> lr_drops;  // fractions f of the epochs; a drop starts with the first epoch e ≥ f·epochs
  double lr_drop_factor = 0.1;
  int64_t crop_padding = 4;  // pixels
  bool flip = true;
  bool random_resized = false;
  double checkpoint_seconds = 60;

  double lr_at(int64_t epoch) const;  // epoch: from 0
};

}  // namespace senet
