#pragma once

#include "train/optimizer.h"

namespace senet {

// Adam (Kingma and Ba, 2015) as PyTorch's: g ← g + λ·w; m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²;
// w ← w − lr·(m/(1 − β₁ᵗ)) / (√(v/(1 − β₂ᵗ)) + ε), t the step from 1; β₁ = 0.9, β₂ = 0.999, ε = 1e-8. A parameter's
// `momentum` is m.
class Adam final : public Optimizer {
 public:
  static constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;

  Adam(torch::nn::Module& module, double weight_decay);
  void begin_step(double lr) override;
  void update() override;
  void state(Archive& archive) override;

 private:
  double weight_decay_;
  std::vector<torch::Tensor> squares_;  // v
  int64_t steps_ = 0;
  double rate_ = 0, root_ = 1;  // of the running step: lr/(1 − β₁ᵗ), √(1 − β₂ᵗ)
  torch::Tensor factors_;       // both, where the parameters are on a GPU
};

}  // namespace senet
