#pragma once

#include <torch/nn/module.h>

#include <memory>

#include "senet/objective.h"
#include "senet/training.h"

namespace senet {

// Updates a module's named parameters from their gradients.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  void zero_gradients();
  void step(double lr) {
    begin_step(lr);
    update();
  }
  // The first half of a step, on the host: sets all that changes from step to step.
  virtual void begin_step(double lr) = 0;
  // The second half, tensor work alone. Parameters without a gradient stay as they are.
  virtual void update() = 0;
  const Parameters& parameters() const { return parameters_; }
  // Everything that the next step depends on beside parameters and gradients.
  virtual void state(Archive& archive);

 protected:
  explicit Optimizer(torch::nn::Module& module);

  Parameters parameters_;
};

// The optimizer that the settings name.
std::unique_ptr<Optimizer> make_optimizer(torch::nn::Module& module, const TrainingSettings& settings);

}  // namespace senet
