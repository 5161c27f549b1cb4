#pragma once

#include <torch/nn/module.h>

#include "senet/objective.h"

namespace senet {

// Stochastic gradient descent with momentum and weight decay on named parameters, as PyTorch's (no dampening, no
// Nesterov): v ← μ·v + g + λ·w; w ← w − lr·v. Momentum starts at zero, which makes the first step PyTorch's too.
class Sgd {
 public:
  Sgd(torch::nn::Module& module, double momentum, double weight_decay);

  void zero_gradients();
  void step(double lr);
  const Parameters& parameters() const { return parameters_; }
  void state(Archive& archive);  // the momentum

 private:
  double momentum_, weight_decay_;
  Parameters parameters_;
};

}  // namespace senet
