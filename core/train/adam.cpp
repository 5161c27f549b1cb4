#include "train/adam.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

namespace senet {

Adam::Adam(torch::nn::Module& module, double weight_decay) : Optimizer(module), weight_decay_(weight_decay) {
  for (const Parameter& parameter : parameters_) squares_.push_back(torch::zeros_like(parameter.momentum));
  const bool on_gpu = !squares_.empty() && squares_.front().is_cuda();
  if (on_gpu) factors_ = torch::zeros({2}, squares_.front().options());
}

void Adam::begin_step(double lr) {
  ++steps_;
  rate_ = lr / (1 - std::pow(kBeta1, static_cast<double>(steps_)));
  root_ = std::sqrt(1 - std::pow(kBeta2, static_cast<double>(steps_)));
  if (!factors_.defined()) return;
  factors_[0].fill_(rate_);
  factors_[1].fill_(root_);
}

void Adam::update() {
  const torch::NoGradGuard no_gradient;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    torch::Tensor &w = parameters_[i].value, &m = parameters_[i].momentum, &v = squares_[i];
    torch::Tensor g = w.grad();
    if (!g.defined()) continue;
    if (weight_decay_ != 0) g = g.add(w, weight_decay_);
    m.mul_(kBeta1).add_(g, 1 - kBeta1);
    v.mul_(kBeta2).addcmul_(g, g, 1 - kBeta2);
    if (factors_.defined()) {
      w.sub_(m / v.sqrt().div_(factors_[1]).add_(kEpsilon) * factors_[0]);
    } else {
      w.addcdiv_(m, v.sqrt().div_(root_).add_(kEpsilon), -rate_);
    }
  }
}

void Adam::state(Archive& archive) {
  Optimizer::state(archive);
  for (size_t i = 0; i < parameters_.size(); ++i) archive.tensor("square." + parameters_[i].name, squares_[i]);
  archive.number("adam.steps", steps_);
}

}  // namespace senet
