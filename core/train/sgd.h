#pragma once

#include "train/optimizer.h"

namespace senet {

// Stochastic gradient descent with momentum and weight decay on named parameters, as PyTorch's (no dampening, no
// Nesterov): v ← μ·v + g + λ·w; w ← w − lr·v. Momentum starts at zero, which makes the first step PyTorch's too.
class Sgd final : public Optimizer {
 public:
  Sgd(torch::nn::Module& module, double momentum, double weight_decay)
      : Optimizer(module), momentum_(momentum), weight_decay_(weight_decay) {}
  void step(double lr) override;

 private:
  double momentum_, weight_decay_;
};

}  // namespace senet
