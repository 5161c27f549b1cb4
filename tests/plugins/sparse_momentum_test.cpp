#include "sensitivity/pruning/sparse_momentum.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "support/support.h"
#include "support/threads.h"
#include "support/tiny_network.h"

namespace senet {
namespace {

using testing::random_tensor;
using testing::TinyNetwork;

struct FlatLayer {
  std::vector<double> weight, momentum;
  std::vector<int> kept;
};

std::vector<double> flat(const torch::Tensor& tensor) {
  const torch::Tensor plain = tensor.detach().to(torch::kFloat64).contiguous();
  return {plain.data_ptr<double>(), plain.data_ptr<double>() + plain.numel()};
}

// The update of the header, one weight at a time. Returns the layers after it.
std::vector<FlatLayer> redistribute_by_hand(std::vector<FlatLayer> layers, double p) {
  std::vector<double> means;
  for (const FlatLayer& layer : layers) {
    double sum = 0, nnz = 0;
    for (size_t i = 0; i < layer.kept.size(); ++i) {
      if (layer.kept[i]) sum += std::abs(layer.momentum[i]), nnz += 1;
    }
    means.push_back(sum / nnz);
  }
  const double total = std::accumulate(means.begin(), means.end(), 0.0);
  int64_t freed = 0;
  for (size_t l = 0; l < layers.size(); ++l) {
    FlatLayer& layer = layers[l];
    std::vector<size_t> order;
    for (size_t i = 0; i < layer.kept.size(); ++i) {
      if (layer.kept[i]) order.push_back(i);
    }
    const double sparsity = 1 - static_cast<double>(order.size()) / static_cast<double>(layer.kept.size());
    const double rate =
        sparsity < 0.2 && means[l] / total > 1.0 / static_cast<double>(layers.size()) ? std::min(p, sparsity) : p;
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return std::abs(layer.weight[a]) < std::abs(layer.weight[b]); });
    const auto dropped = static_cast<size_t>(std::ceil(rate * static_cast<double>(order.size())));
    for (size_t i = 0; i < dropped; ++i) layer.kept[order[i]] = 0, layer.weight[order[i]] = 0;
    freed += static_cast<int64_t>(dropped);
  }
  // Proportional shares with caps: repeatedly fix whoever is over, share the rest; then largest remainder.
  std::vector<double> exact(layers.size(), -1), caps;
  for (const FlatLayer& layer : layers)
    caps.push_back(std::floor(0.99 * static_cast<double>(std::count(layer.kept.begin(), layer.kept.end(), 0))));
  for (bool again = true; again;) {
    again = false;
    double left = static_cast<double>(freed), weight = 0;
    for (size_t l = 0; l < layers.size(); ++l) exact[l] == caps[l] ? left -= caps[l] : weight += means[l];
    for (size_t l = 0; l < layers.size(); ++l) {
      if (exact[l] == caps[l]) continue;
      exact[l] = left * means[l] / weight;
    }
    for (size_t l = 0; l < layers.size(); ++l) {
      if (exact[l] > caps[l]) exact[l] = caps[l], again = true;
    }
  }
  std::vector<int64_t> grown;
  std::vector<size_t> by_remainder(layers.size());
  std::iota(by_remainder.begin(), by_remainder.end(), 0);
  for (const double e : exact) grown.push_back(static_cast<int64_t>(std::floor(e)));
  std::stable_sort(by_remainder.begin(), by_remainder.end(), [&](size_t a, size_t b) {
    return exact[a] - std::floor(exact[a]) > exact[b] - std::floor(exact[b]);
  });
  int64_t missing = freed - std::accumulate(grown.begin(), grown.end(), int64_t{0});
  for (size_t i = 0; missing > 0; ++i, --missing) ++grown[by_remainder[i]];

  for (size_t l = 0; l < layers.size(); ++l) {
    FlatLayer& layer = layers[l];
    std::vector<size_t> order;
    for (size_t i = 0; i < layer.kept.size(); ++i) {
      if (!layer.kept[i]) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return std::abs(layer.momentum[a]) > std::abs(layer.momentum[b]); });
    for (int64_t i = 0; i < grown[l]; ++i) layer.kept[order[i]] = 1;
  }
  return layers;
}

struct Training {
  TinyNetwork network{2, 6, 6, 5};
  Parameters parameters;
  std::unique_ptr<SparseMomentum> objective;

  explicit Training(double density, double scale_of_first = 1) {
    network.initialise(1);
    objective = std::make_unique<SparseMomentum>(network, density, 0.5, 7);
    uint64_t seed = 0;
    for (const auto& item : network.named_parameters()) {
      const torch::Tensor momentum = random_tensor(item.value().sizes(), ++seed, torch::kFloat32);
      parameters.push_back({item.key(), item.value(),
                            torch::empty_like(item.value().detach())
                                .copy_(momentum * (item.key() == "conv1.weight" ? scale_of_first : 1))});
    }
  }
  std::vector<FlatLayer> layers() const {
    std::vector<FlatLayer> result;
    for (const SparseMomentum::Layer& layer : objective->layers()) {
      for (const Parameter& parameter : parameters) {
        if (parameter.name != layer.name) continue;
        const std::vector<double> kept = flat(layer.kept);
        result.push_back({flat(parameter.value), flat(parameter.momentum), {kept.begin(), kept.end()}});
      }
    }
    return result;
  }
};

TEST(SparseMomentum, StartsWithExactlyItsShareOfAllConvolutionWeights) {
  const int64_t all = 2 * 6 * 9 + 6 * 7 * 9;
  for (const double density : {0.05, 0.1, 0.5, 0.95}) {
    Training training(density);
    EXPECT_EQ(training.objective->kept(), std::llround(density * all));
    EXPECT_EQ(training.objective->layers().size(), 2u) << "convolutions, not the classifier";
    for (const FlatLayer& layer : training.layers()) {
      for (size_t i = 0; i < layer.kept.size(); ++i) EXPECT_EQ(layer.weight[i] != 0, layer.kept[i] == 1);
    }
  }
}

TEST(SparseMomentum, AnUpdateIsTheOneDoneByHand) {
  struct Case {
    double density, p, scale;
  };
  // The last two reach the caps: a layer that is nearly full, and one that attracts nearly everything.
  for (const Case& c : {Case{0.1, 0.5, 1}, {0.3, 0.37, 1}, {0.5, 0.01, 3}, {0.9, 0.5, 1}, {0.6, 0.5, 100}}) {
    Training training(c.density, c.scale);
    const std::vector<FlatLayer> expected = redistribute_by_hand(training.layers(), c.p);
    const int64_t before = training.objective->kept();
    training.objective->redistribute(training.parameters, c.p);
    EXPECT_EQ(training.objective->kept(), before) << "the total is conserved exactly";
    const std::vector<FlatLayer> found = training.layers();
    for (size_t l = 0; l < expected.size(); ++l) {
      EXPECT_EQ(found[l].kept, expected[l].kept) << "density " << c.density << ", p " << c.p << ", layer " << l;
      EXPECT_EQ(found[l].weight, expected[l].weight);
    }
  }
}

TEST(SparseMomentum, OnOneThreadAnUpdateIsTheOneOnSeveral) {
  const auto updated = [](int count) {
    const testing::Threads threads(count);
    Training training(0.3);
    for (const double p : {0.5, 0.3}) training.objective->redistribute(training.parameters, p);
    return training.layers();
  };
  const std::vector<FlatLayer> one = updated(1), several = updated(3);
  for (size_t l = 0; l < one.size(); ++l) {
    EXPECT_EQ(several[l].kept, one[l].kept);
    EXPECT_EQ(several[l].weight, one[l].weight);
  }
}

TEST(SparseMomentum, ThePruneRateDecaysLinearlyAndTheLastEpochLeavesTheMask) {
  Training training(0.2);
  EpochSums sums(torch::kCPU);
  std::vector<double> rates;
  std::vector<FlatLayer> before;
  for (int64_t epoch = 0; epoch < 4; ++epoch) {
    Metrics metrics;
    EpochEnd end{epoch, 4, sums, training.parameters, metrics};
    before = training.layers();
    training.objective->epoch_end(end);
    for (const auto& [name, value] : metrics.scalars()) rates.push_back(value);
  }
  EXPECT_EQ(rates, (std::vector<double>{0.375, 0.25, 0.125}));
  const std::vector<FlatLayer> after = training.layers();
  for (size_t l = 0; l < before.size(); ++l) EXPECT_EQ(after[l].kept, before[l].kept);
}

TEST(SparseMomentum, WeightsAreMaskedAfterEveryStepAndDenseOnesAreLeft) {
  Training training(0.3);
  const torch::NoGradGuard no_gradient;
  for (Parameter& parameter : training.parameters) parameter.value.fill_(1);
  training.objective->after_update(training.parameters);
  for (const FlatLayer& layer : training.layers()) {
    for (size_t i = 0; i < layer.kept.size(); ++i) EXPECT_EQ(layer.weight[i], layer.kept[i]);
  }
  EXPECT_EQ(training.network.linear->weight.min().item<double>(), 1);
  EXPECT_EQ(training.network.bn1->weight.min().item<double>(), 1);
  EXPECT_NEAR(training.objective->density_of("conv2"), 0.3, 0.1);
}

}  // namespace
}  // namespace senet
