#include "senet/objective.h"

#include <torch/utils.h>

#include "device/world.h"
#include "train/shard_state.h"

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
  const std::string prefix = "sum.";
  if (!archive.is_loading()) {
    for (auto& [name, sum] : sums_) state_of_shard(archive, prefix + name, sum);
    return;
  }
  sums_.clear();
  for (const auto& [name, tensor] : archive.tensors()) {
    if (name.rfind(prefix, 0) != 0) continue;
    torch::Tensor sum;
    state_of_shard(archive, name, sum);
    sums_[name.substr(prefix.size())] = sum.to(device_);
  }
}

void EpochSums::join() {
  if (!world()) return;
  for (auto& [name, sum] : sums_) world()->sum(sum);
}

void EpochSums::part() {
  if (world() && world()->rank() > 0) zero();
}

torch::Tensor mean_over_shards(const torch::Tensor& mean_of_shard, int64_t images) {
  World* world = sharing_world();
  if (!world) return mean_of_shard;
  const torch::NoGradGuard no_gradient;
  const torch::Tensor sums = (mean_of_shard.detach() * images).reshape({-1});
  torch::Tensor all = torch::cat({sums, torch::full({1}, images, sums.options())});
  world->sum(all);
  return (all.narrow(0, 0, sums.numel()) / all[sums.numel()]).reshape(mean_of_shard.sizes());
}

}  // namespace senet
