#pragma once

#include <torch/nn/module.h>

#include <memory>

#include "kernels/sgd_kernel.h"
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
  // With the settings' weight decay, where a parameter has none of its own.
  Optimizer(torch::nn::Module& module, const TrainingSettings& settings);

  struct Rule {
    double lr_factor, weight_decay;
  };
  Parameters parameters_;
  std::vector<Rule> rules_;  // of each
};

// What a kernel reads of the parameters that it updates: a table in the device's memory, where it stays, since recorded
// steps read it there.
class PieceTable {
 public:
  // Where the `bytes` of pieces lie on the device, written there if the addresses they were cut from (`places`) are
  // others than at the last call. `most`: of bytes, at any call. Throws where they would have to be written while a
  // step is recorded.
  const void* on(const torch::Device& device, const std::vector<const void*>& places, const void* pieces, int64_t bytes,
                 int64_t most);

 private:
  torch::Tensor memory_;
  std::vector<const void*> places_;
};

// Stochastic gradient descent with momentum and weight decay, as PyTorch's without dampening: g ← g + λ·w;
// v ← μ·v + g; w ← w − lr·v, or with Nesterov w ← w − lr·(g + μ·v). v starts at zero, so that the first step is
// PyTorch's too.
class Sgd final : public Optimizer {
 public:
  // settings: momentum, nesterov, weight_decay and rule.
  Sgd(torch::nn::Module& module, const TrainingSettings& settings);
  void begin_step(double lr) override;
  void update() override;

 private:
  SgdRule rule_of(size_t parameter) const;
  // All parameters on a GPU in one kernel; false where it does not take them.
  bool update_on_gpu();

  double momentum_;
  bool nesterov_;
  double lr_ = 0;
  torch::Tensor rate_;  // lr, where the parameters are
  PieceTable pieces_;
};

// Adam (Kingma and Ba, 2015) as PyTorch's: g ← g + λ·w; m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²;
// w ← w − lr·(m/(1 − β₁ᵗ)) / (√(v/(1 − β₂ᵗ)) + ε), t the step from 1; β₁ = 0.9, β₂ = 0.999, ε = 1e-8. A parameter's
// `momentum` is m. AdamW (Loshchilov and Hutter, 2019): g stays, and w ← w − lr·λ·w before.
class Adam final : public Optimizer {
 public:
  static constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;

  // settings: optimizer (adam or adamw), weight_decay and rule.
  Adam(torch::nn::Module& module, const TrainingSettings& settings);
  void begin_step(double lr) override;
  void update() override;
  void state(Archive& archive) override;

 private:
  // All parameters on a GPU in one kernel; false where it does not take them.
  bool update_on_gpu();

  bool decoupled_;
  std::vector<torch::Tensor> squares_;  // v
  int64_t steps_ = 0;
  double rate_ = 0, root_ = 1, lr_ = 0;  // of the running step: lr/(1 − β₁ᵗ), √(1 − β₂ᵗ), lr
  torch::Tensor factors_;                // the three, where the parameters are on a GPU
  PieceTable pieces_;
};

// The optimizer that the settings name.
std::unique_ptr<Optimizer> make_optimizer(torch::nn::Module& module, const TrainingSettings& settings);

}  // namespace senet
