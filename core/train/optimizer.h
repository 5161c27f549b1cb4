#pragma once

#include <torch/nn/module.h>

#include <memory>
#include <vector>

#include "kernels/parameter_copy.h"
#include "kernels/piece_table.h"
#include "kernels/sgd_kernel.h"
#include "senet/objective.h"
#include "senet/training.h"

namespace senet {

// Updates a module's named parameters from their gradients.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  // Before a step's first backward pass. On a GPU gradients are dropped: those of that pass take their place without an
  // addition. On a CPU they are set to zero.
  void zero_gradients();
  void drop_gradients();
  void step(double lr) {
    begin_step(lr);
    update();
    end_step();
  }
  // The first part of a step, on the host: sets all that changes from step to step.
  virtual void begin_step(double lr) = 0;
  // The second part, tensor work alone. Parameters that never had a gradient stay as they are; of one that has none in
  // this step the gradient is zero.
  void update();
  // The last part, behind all that changes parameters: copies in bfloat16 follow those that update() did not write
  // along. Where a step is recorded, each replay leaves parameters, copies and gradients to the host as it does here.
  void end_step();
  const Parameters& parameters() const { return parameters_; }
  // Everything that the next step depends on beside parameters and gradients.
  virtual void state(Archive& archive);

 protected:
  // With the settings' weight decay, where a parameter has none of its own.
  Optimizer(torch::nn::Module& module, const TrainingSettings& settings);

  // Whether by a kernel that wrote copies along, where `copies_` had memory for them.
  virtual bool update_parameters() = 0;

  struct Rule {
    double lr_factor, weight_decay;
  };
  Parameters parameters_;
  std::vector<Rule> rules_;                             // of each
  std::vector<std::shared_ptr<ParameterCopy>> copies_;  // of each: its layer's; an unused one where no layer owns it

 private:
  std::vector<bool> dropped_;  // whether it had a gradient that was dropped
};

// Stochastic gradient descent with momentum and weight decay, as PyTorch's without dampening: g ← g + λ·w;
// v ← μ·v + g; w ← w − lr·v, or with Nesterov w ← w − lr·(g + μ·v). v starts at zero, so that the first step is
// PyTorch's too.
class Sgd final : public Optimizer {
 public:
  // settings: momentum, nesterov, weight_decay and rule.
  Sgd(torch::nn::Module& module, const TrainingSettings& settings);
  void begin_step(double lr) override;

 private:
  bool update_parameters() override;
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
  void state(Archive& archive) override;

 private:
  bool update_parameters() override;
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
