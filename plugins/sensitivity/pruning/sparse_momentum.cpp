#include "sparse_momentum.h"

#include <ATen/Parallel.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "senet/allocation.h"
#include "senet/error.h"
#include "senet/random.h"

namespace senet {

namespace {

constexpr double kMostOfZeros = 0.99;
constexpr double kNearlyDense = 0.2;

// The first `count` of `indices` by `before`.
template <class Before>
void keep_first(std::vector<int64_t>& indices, int64_t count, const Before& before) {
  if (count < static_cast<int64_t>(indices.size())) {
    std::nth_element(indices.begin(), indices.begin() + count, indices.end(), before);
  }
  indices.resize(count);
}

// With a matrix or more for its weight: a batch norm has nothing to prune.
bool feeds_a_site(const Network& network, const Layer& layer) {
  return layer.weight.dim() > 1 &&
         std::any_of(network.sites().begin(), network.sites().end(),
                     [&](const ReluSite& site) { return site.conv_weight().is_same(layer.weight); });
}

// body(l) for each of `count` layers, several at once.
template <class Body>
void for_each_layer(size_t count, const Body& body) {
  at::parallel_for(0, static_cast<int64_t>(count), 1, [&](int64_t begin, int64_t end) {
    for (int64_t l = begin; l < end; ++l) body(static_cast<size_t>(l));
  });
}

const Parameter& find(const Parameters& parameters, const std::string& name) {
  for (const Parameter& parameter : parameters) {
    if (parameter.name == name) return parameter;
  }
  fail("sparse momentum: the network has no parameter '", name, "'");
}

}  // namespace

SparseMomentum::SparseMomentum(Network& network, double density, double prune_rate, uint64_t seed)
    : network_(network), prune_rate_(prune_rate) {
  const torch::NoGradGuard no_gradient;
  std::vector<torch::Tensor> weights;
  for (const auto& module : network.named_modules("", /*include_self=*/false)) {
    const auto* layer = dynamic_cast<const senet::Layer*>(module.value().get());
    if (!layer || !(dynamic_cast<const Conv2d*>(layer) || feeds_a_site(network, *layer))) continue;
    layers_.push_back({module.key() + ".weight", torch::zeros_like(layer->weight, torch::kUInt8)});
    weights.push_back(layer->weight);
  }
  SENET_CHECK(!layers_.empty(), "sparse momentum: the network has no convolution");

  // One uniform key a weight, and the round(d·N) smallest are kept: every weight with probability d, the total exact.
  struct Place {
    uint64_t key;
    size_t layer;
    int64_t index;
  };
  std::vector<Place> places;
  for (size_t layer = 0; layer < layers_.size(); ++layer) {
    const uint64_t stream = derive_seed(seed, layers_[layer].name);
    for (int64_t i = 0; i < weights[layer].numel(); ++i) places.push_back({random_bits(stream, 0, i), layer, i});
  }
  const int64_t target = std::llround(density * static_cast<double>(places.size()));
  std::nth_element(places.begin(), places.begin() + target, places.end(), [](const Place& a, const Place& b) {
    return std::tie(a.key, a.layer, a.index) < std::tie(b.key, b.layer, b.index);
  });
  std::vector<torch::Tensor> flat;
  for (const Layer& layer : layers_) flat.push_back(torch::zeros(layer.kept.numel(), torch::kUInt8));
  for (int64_t i = 0; i < target; ++i) flat[places[i].layer].data_ptr<uint8_t>()[places[i].index] = 1;
  for (size_t layer = 0; layer < layers_.size(); ++layer) {
    layers_[layer].kept.copy_(flat[layer].view_as(layers_[layer].kept));
    weights[layer].mul_(layers_[layer].kept);
  }
}

Loss SparseMomentum::loss(const Batch& batch, EpochSums&) {
  const torch::Tensor logits = network_.forward(batch.images);
  return {cross_entropy(logits, batch.labels), logits};
}

void SparseMomentum::after_update(const Parameters& parameters) {
  const torch::NoGradGuard no_gradient;
  for (const Layer& layer : layers_) {
    torch::Tensor weight = find(parameters, layer.name).value;
    weight.mul_(layer.kept);
  }
}

void SparseMomentum::epoch_end(EpochEnd& end) {
  if (end.epoch + 1 < end.epochs) {
    const double p = prune_rate_ * (1 - static_cast<double>(end.epoch + 1) / static_cast<double>(end.epochs));
    redistribute(end.parameters, p);
    end.metrics.scalar("prune_rate", p);
  }
  std::vector<double> densities;
  for (const Layer& layer : layers_) densities.push_back(layer.kept.to(torch::kFloat64).mean().item<double>());
  end.metrics.series("density", densities);
}

void SparseMomentum::redistribute(const Parameters& parameters, double p) {
  const torch::NoGradGuard no_gradient;
  const size_t count = layers_.size();
  // Copies in C,H,W order, so that ties do not depend on the memory layout.
  std::vector<torch::Tensor> weights(count), momenta(count), masks(count);
  std::vector<double> means(count);
  for (size_t l = 0; l < count; ++l) {
    const Parameter& parameter = find(parameters, layers_[l].name);
    weights[l] = parameter.value.detach().abs().to(torch::kCPU, torch::kFloat64).contiguous().flatten();
    momenta[l] = parameter.momentum.abs().to(torch::kCPU, torch::kFloat64).contiguous().flatten();
    masks[l] = layers_[l].kept.to(torch::kCPU).contiguous().flatten().clone();
    const double nnz = masks[l].to(torch::kFloat64).sum().item<double>();
    means[l] = nnz > 0 ? (momenta[l] * masks[l]).sum().item<double>() / nnz : 0;
  }
  const double mean_sum = std::accumulate(means.begin(), means.end(), 0.0);

  std::vector<int64_t> dropped(count), zeros(count), most(count);
  for_each_layer(count, [&](size_t l) {
    auto* mask = masks[l].data_ptr<uint8_t>();
    const auto* magnitude = weights[l].data_ptr<double>();
    std::vector<int64_t> kept;
    for (int64_t i = 0; i < masks[l].numel(); ++i) {
      if (mask[i]) kept.push_back(i);
    }
    const double sparsity = 1 - static_cast<double>(kept.size()) / static_cast<double>(masks[l].numel());
    const double share = mean_sum > 0 ? means[l] / mean_sum : 0;
    const bool spare = sparsity < kNearlyDense && share > 1.0 / static_cast<double>(count);
    const double rate = spare ? std::min(p, sparsity) : p;
    dropped[l] = static_cast<int64_t>(std::ceil(rate * static_cast<double>(kept.size())));
    keep_first(kept, dropped[l], [&](int64_t i, int64_t j) {
      return magnitude[i] != magnitude[j] ? magnitude[i] < magnitude[j] : i < j;
    });
    for (const int64_t i : kept) mask[i] = 0;
    zeros[l] = std::count(mask, mask + masks[l].numel(), uint8_t{0});
    most[l] = static_cast<int64_t>(std::floor(kMostOfZeros * static_cast<double>(zeros[l])));
  });
  const int64_t freed = std::accumulate(dropped.begin(), dropped.end(), int64_t{0});
  // Only where nearly everything is kept can the caps hold back more than is to be given; then they give way.
  const bool caps_suffice = std::accumulate(most.begin(), most.end(), int64_t{0}) >= freed;
  const std::vector<int64_t> grown = allocate(freed, means, caps_suffice ? most : zeros);

  std::vector<std::vector<int64_t>> regrown(count);
  for_each_layer(count, [&](size_t l) {
    const auto* mask = masks[l].data_ptr<uint8_t>();
    const auto* momentum = momenta[l].data_ptr<double>();
    for (int64_t i = 0; i < masks[l].numel(); ++i) {
      if (!mask[i]) regrown[l].push_back(i);
    }
    keep_first(regrown[l], grown[l],
               [&](int64_t i, int64_t j) { return momentum[i] != momentum[j] ? momentum[i] > momentum[j] : i < j; });
  });

  for (size_t l = 0; l < count; ++l) {
    torch::Tensor weight = find(parameters, layers_[l].name).value;
    // A place that is dropped and regrown at once starts from 0 as well.
    weight.mul_(masks[l].view_as(weight).to(weight.device()));
    auto* mask = masks[l].data_ptr<uint8_t>();
    for (const int64_t i : regrown[l]) mask[i] = 1;
    layers_[l].kept.copy_(masks[l].view_as(weight));
  }
}

void SparseMomentum::state(Archive& archive) {
  for (Layer& layer : layers_) archive.tensor("sparse." + layer.name, layer.kept);
}

int64_t SparseMomentum::kept() const {
  int64_t total = 0;
  for (const Layer& layer : layers_) total += layer.kept.to(torch::kInt64).sum().item<int64_t>();
  return total;
}

bool SparseMomentum::prunes(const std::string& conv_name) const {
  return std::any_of(layers_.begin(), layers_.end(),
                     [&](const Layer& layer) { return layer.name == conv_name + ".weight"; });
}

double SparseMomentum::density_of(const std::string& conv_name) const {
  for (const Layer& layer : layers_) {
    if (layer.name == conv_name + ".weight") return layer.kept.to(torch::kFloat64).mean().item<double>();
  }
  fail("sparse momentum: the network has no layer '", conv_name, "' whose weights it prunes");
}

}  // namespace senet
