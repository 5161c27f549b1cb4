#pragma once

#include "config/document.h"
#include "method/phases.h"
#include "senet/distilled.h"
#include "senet/training.h"

namespace senet::testing {

inline TrainingSettings decay(double weight_decay, double momentum = 0.9) {
  TrainingSettings settings;
  settings.weight_decay = weight_decay;
  settings.momentum = momentum;
  return settings;
}

// Of SENet's fine-tuning where an experiment says nothing.
inline DistilledSettings finetune_settings() {
  return distilled_settings(Document("none").resolve("finetune", finetune_options()));
}

}  // namespace senet::testing
