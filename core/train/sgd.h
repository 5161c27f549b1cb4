#pragma once

#include "train/optimizer.h"

namespace senet {

// Stochastic gradient descent with momentum and weight decay, as PyTorch's without dampening and Nesterov:
// v ← μ·v + g + λ·w; w ← w − lr·v. v starts at zero, so that the first step is PyTorch's too.
class Sgd final : public Optimizer {
 public:
  Sgd(torch::nn::Module& module, double momentum, double weight_decay);
  void begin_step(double lr) override;
  void update() override;

 private:
  // All parameters on a GPU in one kernel; false where it does not take them.
  bool update_on_gpu();

  double momentum_, weight_decay_;
  double lr_ = 0;
  torch::Tensor rate_;               // lr, where the parameters are
  torch::Tensor pieces_;             // of the parameters on a GPU, as bytes
  std::vector<const void*> placed_;  // where they were when the pieces were cut
};

}  // namespace senet
