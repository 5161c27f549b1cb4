#include <cmath>

#include "baselines/relupruner/score.h"
#include "support/support.h"
#include "support/tiny_network.h"

namespace senet {
namespace {

using testing::identical;
using testing::random_tensor;
using testing::TinyNetwork;

// Two layers; of each, one element has numbers and all others are zero.
struct Scored {
  explicit Scored(const TaylorSettings& settings = {}) : score(settings) {
    score.begin({network.site1, network.site2}, torch::kCPU);
  }
  // z and G of two images at the first element of each layer.
  void add(const std::array<float, 2>& z, const std::array<float, 2>& g, double second_layer = 1) {
    std::vector<SitePass> passes;
    for (const ReluSite* site : {network.site1, network.site2}) {
      const SiteShape shape = site->shape();
      torch::Tensor x = torch::zeros({2, shape[0], shape[1], shape[2]}), gradient = torch::zeros_like(x);
      const double factor = site == network.site1 ? 1 : second_layer;
      for (int image = 0; image < 2; ++image) {
        x[image].view(-1)[0] = z[image];
        gradient[image].view(-1)[0] = g[image] * factor;
      }
      passes.push_back({site, x, gradient});
    }
    score.add(passes, {});
  }
  double first(int layer) const { return score.scores()[layer].view(-1)[0].item<double>(); }

  TinyNetwork network{2, 3, 6, 5};
  TaylorScore score;
};

TaylorSettings settings(bool as_code, bool second_order = true, bool layer_weights = false) {
  TaylorSettings made;
  made.as_code = as_code;
  made.second_order = second_order;
  made.layer_weights = layer_weights;
  return made;
}

// z = −2, 4 and G = 0.5, −0.25: mean|G·z| = 1, P(z < 0) = 0.5, mean z² = 10, mean G² = 0.15625,
// mean|G|·max(−z, 0) = 0.5.
constexpr double kF1 = 0.01 * 0.15625;

TEST(TaylorScore, IsTheCodesByHand) {
  Scored both(settings(true)), first_order(settings(true, false));
  both.add({-2, 4}, {0.5, -0.25});
  first_order.add({-2, 4}, {0.5, -0.25});
  EXPECT_NEAR(first_order.first(0), 0.05 * (1 * 0.5), 1e-7);
  EXPECT_NEAR(both.first(0), 0.05 * (1 * 0.5 + 0.5 * 10 * kF1), 1e-7);
}

TEST(TaylorScore, IsThePapersByHand) {
  Scored both(settings(false));
  both.add({-2, 4}, {0.5, -0.25});
  EXPECT_NEAR(both.first(0), 0.05 * (0.5 * 0.5 + 0.5 * 10 * kF1 * 0.5), 1e-7);
}

TEST(TaylorScore, AveragesOverTenBatchesAndForgets) {
  Scored scored(settings(true));
  double F = 0, expected = 0;
  std::vector<double> shares;
  for (int batch = 0; batch < 13; ++batch) {
    const float z = batch < 4 ? -1 : 1;  // of one image; the other's is 1
    scored.add({z, 1}, {1, 0});
    shares.push_back(batch < 4 ? 0.5 : 0);
    double A = 0;
    const int last = std::min<int>(10, static_cast<int>(shares.size()));
    for (int i = 0; i < last; ++i) A += shares[shares.size() - 1 - i] / last;
    F = 0.99 * F + 0.01 * 0.5;
    expected = 0.95 * expected + 0.05 * (0.5 * A + 0.5 * 1 * F);
    EXPECT_NEAR(scored.first(0), expected, 1e-6) << batch;
  }
}

TEST(TaylorScore, LayersWeighFromATenthToOneAndATenth) {
  Scored scored(settings(true, false, true));
  scored.add({-2, 4}, {0.5, -0.25}, 3);
  const torch::Tensor weights = scored.score.layer_weights();
  EXPECT_NEAR(weights[0].item<double>(), 0.1, 1e-6) << "the lower of the two";
  EXPECT_NEAR(weights[1].item<double>(), 1.1, 1e-6);
  EXPECT_NEAR(scored.first(0), 0.1 * 0.05 * 0.5, 1e-7);
  EXPECT_NEAR(scored.first(1), 1.1 * 0.05 * 3 * 0.5, 1e-6);
}

// w = ‖G‖·√(mean G² + 1e−8)·(1 + 0.2·depth), the depth from 0 to 1; of the middle layer, as a share of the range.
TEST(TaylorScore, ALayersWeightGrowsWithItsGradientAndItsDepth) {
  const TinyNetwork network(2, 3, 6, 5);
  TaylorScore score(settings(true, false, true));
  const std::vector<const ReluSite*> sites(3, network.site1);
  score.begin(sites, torch::kCPU);
  std::vector<SitePass> passes;
  std::vector<double> w;
  const SiteShape shape = network.site1->shape();
  for (int l = 0; l < 3; ++l) {
    const torch::Tensor g = random_tensor({2, shape[0], shape[1], shape[2]}, l, torch::kFloat32) * (1 << l);
    passes.push_back({sites[l], torch::ones_like(g), g});
    const double norm = 0.05 * (g[0].norm() + g[1].norm()).item<double>() / 2;
    const double square = 0.05 * g.square().mean().item<double>();
    w.push_back(norm * std::sqrt(square + 1e-8) * (1 + 0.1 * l));
  }
  score.add(passes, {});
  const torch::Tensor weights = score.layer_weights();
  EXPECT_NEAR(weights[1].item<double>(), 0.1 + (w[1] - w[0]) / (w[2] - w[0]), 1e-4);
  EXPECT_NEAR(weights[2].item<double>(), 1.1, 1e-6);
}

TEST(TaylorScore, GoesOnWhereItsStateWasSaved) {
  Scored whole, resumed;
  for (int batch = 0; batch < 5; ++batch) whole.add({-2, 4}, {0.5, -0.25}, 2);
  Archive saved = Archive::saving();
  whole.score.state(saved);
  Archive loaded = Archive::loading(saved.tensors());
  resumed.score.state(loaded);
  loaded.check_all_asked_for();
  for (Scored* each : {&whole, &resumed}) {
    for (int batch = 0; batch < 8; ++batch) each->add({1, -1}, {0.25, 0.5}, 2);
  }
  for (int layer : {0, 1}) EXPECT_TRUE(identical(whole.score.scores()[layer], resumed.score.scores()[layer]));
}

}  // namespace
}  // namespace senet
