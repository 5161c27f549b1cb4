#include "senet/objective.h"

#include <torch/utils.h>

namespace senet {

torch::Tensor& EpochSums::get(const std::string& name, torch::IntArrayRef shape) {
  torch::Tensor& sum = sums_[name];
  if (!sum.defined()) sum = torch::zeros(shape, torch::TensorOptions(torch::kFloat64).device(device_));
  return sum;
}

double EpochSums::value(const std::string& name) { return get(name).item<double>(); }

std::vector<std::string> EpochSums::scalars() const {
  std::vector<std::string> names;
  for (const auto& [name, sum] : sums_) {
    if (sum.dim() == 0) names.push_back(name);
  }
  return names;
}

void EpochSums::zero() {
  for (auto& [name, sum] : sums_) sum.zero_();
}

void EpochSums::state(Archive& archive) {
  if (archive.is_loading()) {
    sums_.clear();
    for (const auto& [name, tensor] : archive.tensors()) {
      if (name.rfind("sum.", 0) != 0) continue;
      torch::Tensor sum;
      archive.tensor(name, sum);
      sums_[name.substr(4)] = sum.to(device_);
    }
    return;
  }
  for (auto& [name, sum] : sums_) archive.tensor("sum." + name, sum);
}

}  // namespace senet
