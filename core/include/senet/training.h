#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace senet {

// How a training runs; the defaults are declared as options (`senet options training`).
struct TrainingSettings {
  int64_t epochs = 1;
  int64_t batch = 128;
  std::string optimizer = "sgd";  // "sgd", or "adam" (β 0.9 and 0.999, ε 1e-8; no momentum of its own)
  double lr = 0.05;
  double momentum = 0.9;
  double weight_decay = 5e-4;
  std::string schedule = "step";  // "step", "cosine" (to zero), "constant"
  std::vector<double> lr_drops;   // fractions f of the epochs; the drop starts with the first epoch e ≥ f·epochs
  double lr_drop_factor = 0.1;
  int64_t crop_padding = 4;
  bool flip = true;
  bool random_resized = false;
  double checkpoint_seconds = 60;

  double lr_at(int64_t epoch) const;
};

}  // namespace senet
