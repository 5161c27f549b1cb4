#include "senet/objective.h"

#include <torch/utils.h>

#include "device/world.h"
#include "senet/error.h"

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

// A checkpoint has the sums of every shard: the first's as `sum.NAME`, others' as `shard<rank>.sum.NAME`.
void EpochSums::state(Archive& archive) {
  const auto prefix = [](int rank) { return rank == 0 ? std::string("sum.") : text("shard", rank, ".sum."); };
  if (archive.is_loading()) {
    sums_.clear();
    for (int rank = 0; rank < (world() ? world()->size() : 1); ++rank) {
      for (const auto& [name, tensor] : archive.tensors()) {
        if (name.rfind(prefix(rank), 0) != 0) continue;
        torch::Tensor sum;
        archive.tensor(name, sum);
        if (rank == (world() ? world()->rank() : 0)) sums_[name.substr(prefix(rank).size())] = sum.to(device_);
      }
    }
    return;
  }
  for (auto& [name, sum] : sums_) {
    std::vector<torch::Tensor> of_ranks = world() ? world()->gather(sum) : std::vector<torch::Tensor>{sum};
    for (size_t rank = 0; rank < of_ranks.size(); ++rank) archive.tensor(prefix(rank) + name, of_ranks[rank]);
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
