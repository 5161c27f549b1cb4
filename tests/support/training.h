#pragma once

#include "senet/training.h"

namespace senet::testing {

inline TrainingSettings decay(double weight_decay, double momentum = 0.9) {
  TrainingSettings settings;
  settings.weight_decay = weight_decay;
  settings.momentum = momentum;
  return settings;
}

}  // namespace senet::testing
