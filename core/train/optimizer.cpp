#include "train/optimizer.h"

#include <torch/types.h>
#include <torch/utils.h>

#include "senet/error.h"
#include "train/adam.h"
#include "train/sgd.h"

namespace senet {

Optimizer::Optimizer(torch::nn::Module& module) {
  for (auto& item : module.named_parameters()) {
    parameters_.push_back({item.key(), item.value(), torch::zeros_like(item.value().detach())});
  }
}

void Optimizer::zero_gradients() {
  std::vector<torch::Tensor> gradients;
  for (Parameter& parameter : parameters_) {
    const torch::Tensor& gradient = parameter.value.grad();
    if (gradient.defined()) gradients.push_back(gradient);
  }
  if (!gradients.empty()) at::_foreach_zero_(gradients);
}

void Optimizer::state(Archive& archive) {
  for (Parameter& parameter : parameters_) archive.tensor("momentum." + parameter.name, parameter.momentum);
}

std::unique_ptr<Optimizer> make_optimizer(torch::nn::Module& module, const TrainingSettings& settings) {
  switch (settings.optimizer) {
    case OptimizerKind::sgd:
      return std::make_unique<Sgd>(module, settings.momentum, settings.weight_decay);
    case OptimizerKind::adam:
      return std::make_unique<Adam>(module, settings.weight_decay);
  }
  fail("the settings of a training name no optimizer");
}

}  // namespace senet
