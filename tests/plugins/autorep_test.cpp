#include "baselines/autorep/autorep.h"

#include <cmath>

#include "support/support.h"
#include "support/tiny_network.h"

namespace senet {
namespace {

using testing::identical;
using testing::largest_difference;
using testing::random_tensor;
using testing::TinyNetwork;

torch::Tensor numbers(std::vector<double> all) { return torch::tensor(all, torch::kFloat64); }

// The mean squared error of each channel's polynomial against max(x, 0) for x ~ N(μ, σ²), by the midpoint rule.
double squared_error(double mean, double deviation, const torch::Tensor& coefficients) {
  constexpr int kSteps = 200000;
  constexpr double kWidth = 20.0 / kSteps;
  const torch::Tensor z = (torch::arange(kSteps, torch::kFloat64) + 0.5) * kWidth - 10;
  const torch::Tensor x = (z * deviation + mean).view({1, 1, 1, -1});
  const torch::Tensor error = channel_polynomial(x, coefficients) - x.clamp_min(0);
  const torch::Tensor density = (z.square() * -0.5).exp() / std::sqrt(2 * M_PI);
  return (error.square().flatten() * density).sum().item<double>() * kWidth;
}

TEST(PolynomialOfRelu, HasThePublishedErrorsAtTheStandardNormal) {
  EXPECT_NEAR(squared_error(0, 1, polynomial_of_relu(numbers({0}), numbers({1}), 1)), 0.0908451, 5e-8);
  EXPECT_NEAR(squared_error(0, 1, polynomial_of_relu(numbers({0}), numbers({1}), 2)), 0.0112676, 5e-8);
}

TEST(PolynomialOfRelu, NoOtherCoefficientsFitBetter) {
  for (const int64_t degree : {1, 2}) {
    const torch::Tensor best = polynomial_of_relu(numbers({0.7}), numbers({1.6}), degree);
    const double least = squared_error(0.7, 1.6, best);
    for (int64_t k = 0; k <= degree; ++k) {
      for (const double step : {-1e-2, 1e-2}) {
        torch::Tensor other = best.clone();
        other[0][k] += step;
        EXPECT_GT(squared_error(0.7, 1.6, other), least) << "degree " << degree << ", c" << k;
      }
    }
  }
}

AutoRepSettings with(bool released, int64_t degree = 2, double scale = 0.1) {
  AutoRepSettings settings;
  settings.released = released;
  settings.degree = degree;
  settings.scale = scale;
  return settings;
}

// Of site 1 of a network of its own, 3×6×6.
struct Replaced {
  explicit Replaced(const AutoRepSettings& settings) : activation(*network.site1, 7, settings) { activation.train(); }
  void set_alpha(const torch::Tensor& values) {
    const torch::NoGradGuard no_gradient;
    activation.alpha.copy_(values);
  }
  void set_kept(const torch::Tensor& values) { activation.kept.copy_(values); }
  TinyNetwork network{2, 3, 6, 5};
  ReplaceableRelu activation;
};

torch::Tensor input(uint64_t seed) { return random_tensor({4, 3, 6, 6}, seed, torch::kFloat32); }

TEST(ReplaceableRelu, StartsAsAReluWithAlphasBetweenZeroAndOne) {
  Replaced replaced(with(true));
  const torch::Tensor alpha = replaced.activation.alpha.detach(), x = input(1);
  EXPECT_TRUE(alpha.ge(0).logical_and(alpha.lt(1)).all().item<bool>());
  EXPECT_NEAR(alpha.mean().item<double>(), 0.5, 0.1);
  EXPECT_TRUE(identical(replaced.activation.forward(x), x.clamp_min(0)));
  EXPECT_TRUE(identical(replaced.activation.mask(), torch::ones({3, 6, 6}, torch::kUInt8)));
}

TEST(ReplaceableRelu, AnAlphaHasToPassTheBandAroundZeroBeforeItsGateChanges) {
  Replaced replaced(with(true));
  // Before: m = 1, 1, 1, 0, 0, 0; α below, in, and above ±0.003.
  torch::Tensor kept = torch::ones({1, 3, 6, 6}), alpha = torch::ones({1, 3, 6, 6});
  for (int i = 0; i < 6; ++i) {
    kept[0][0][0][i] = i < 3 ? 1 : 0;
    alpha[0][0][0][i] = std::array{-0.004, 0.0, 0.004}[i % 3];
  }
  replaced.set_kept(kept);
  replaced.set_alpha(alpha);
  const auto gates = [&] { return replaced.activation.mask()[0][0]; };
  replaced.activation.eval();
  replaced.activation.forward(input(1));
  EXPECT_TRUE(identical(gates(), torch::tensor({1, 1, 1, 0, 0, 0}, torch::kUInt8))) << "only in training";
  replaced.activation.train();
  replaced.activation.forward(input(1));
  EXPECT_TRUE(identical(gates(), torch::tensor({0, 1, 1, 0, 0, 1}, torch::kUInt8)));
  replaced.set_alpha(-alpha);
  replaced.activation.forward(input(1));
  EXPECT_TRUE(identical(gates(), torch::tensor({1, 1, 0, 1, 0, 0}, torch::kUInt8)));
}

TEST(ReplaceableRelu, TheGradientOfAlphaIsSoftplusOfAlphaTimesThatOfTheGate) {
  Replaced replaced(with(true));
  replaced.set_kept(random_tensor({1, 3, 6, 6}, 2).gt(0));
  replaced.set_alpha(random_tensor({1, 3, 6, 6}, 3));
  replaced.activation.eval();
  {
    const torch::NoGradGuard no_gradient;
    replaced.activation.coefficients.copy_(random_tensor({3, 3}, 4));
  }
  const torch::Tensor x = input(5), gradient = input(6);
  replaced.activation.forward(x).backward(gradient);
  const torch::Tensor p = channel_polynomial(x, replaced.activation.polynomial()).detach();
  const torch::Tensor of_gate = (gradient * (x.clamp_min(0) - p)).sum(0, true);
  const torch::Tensor alpha = replaced.activation.alpha.detach(), softplus = (1 + alpha.exp()).log();
  EXPECT_LT(largest_difference(replaced.activation.alpha.grad(), softplus * of_gate), 1e-4);
}

TEST(ReplaceableRelu, ItsPolynomialFollowsTheRunningStatisticsForFiveHundredPassesAndThenTrains) {
  for (const bool released : {false, true}) {
    Replaced replaced(with(released));
    replaced.set_alpha(torch::full({1, 3, 6, 6}, -1));
    torch::Tensor mean = torch::zeros({3}, torch::kFloat64), variance = torch::ones({3}, torch::kFloat64);
    torch::Tensor identity = numbers({0, 1, 0}).repeat({3, 1}), expected = identity;
    for (int pass = 1; pass <= 520; ++pass) {
      const torch::Tensor x = input(pass % 7) * 2 + 0.3, wide = x.to(torch::kFloat64);
      const torch::Tensor y = replaced.activation.forward(x);
      mean = 0.9 * mean + 0.1 * wide.mean({0, 2, 3});
      variance = 0.9 * variance + 0.1 * wide.var(torch::IntArrayRef{0, 2, 3}, /*unbiased=*/true);
      if (pass % 10 == 0 && pass <= 500) {
        const torch::Tensor sigma = released ? variance.clamp_min(0.5) : variance.sqrt();
        expected = polynomial_of_relu(mean, sigma, 2);
        // c₀/5, c₂/10, then times s = 0.1.
        if (released) expected = expected * numbers({0.2, 1, 0.01});
      }
      ASSERT_LT(largest_difference(replaced.activation.polynomial(), expected), 1e-4) << "pass " << pass;
      if (pass != 500 && pass != 501) continue;
      replaced.activation.coefficients.mutable_grad() = torch::Tensor();
      y.sum().backward();
      EXPECT_EQ(replaced.activation.coefficients.grad().abs().max().item<double>() > 0, pass > 500) << pass;
    }
    EXPECT_TRUE(identical(replaced.activation.passes, torch::tensor(520, torch::kInt64)));
  }
}

TEST(ReplaceableRelu, OfDegreeOneMultipliesByNoSquare) {
  Replaced replaced(with(true, 1, 1));
  replaced.set_alpha(torch::full({1, 3, 6, 6}, -1));
  const torch::Tensor x = input(1);
  for (int pass = 1; pass <= 10; ++pass) replaced.activation.forward(x);
  EXPECT_EQ(replaced.activation.coefficients.size(1), 2);
  const torch::Tensor fit =
      polynomial_of_relu(replaced.activation.mean, replaced.activation.variance.clamp_min(0.5), 1);
  EXPECT_LT(largest_difference(replaced.activation.polynomial(), fit / torch::tensor({5.f, 1.f})), 1e-6);
}

// On the tiny network, 3·6·6 + 4·3·3 = 144 ReLUs.
struct Replacing {
  explicit Replacing(int64_t budget, AutoRepSettings settings = {}) : objective(teacher, student, budget, 3, settings) {
    teacher.initialise(1);
    student.initialise(2);
    teacher.eval();
  }
  ReplaceableRelu& at(const ReluSite& site) { return dynamic_cast<ReplaceableRelu&>(site.activation()); }
  // The first `count` ReLUs of the network stay.
  void keep(int64_t count) {
    const torch::NoGradGuard no_gradient;
    for (const ReluSite& site : student.sites()) {
      const int64_t here = std::min(count, site.relus());
      at(site).kept.copy_(torch::arange(site.relus()).lt(here).view(at(site).kept.sizes()));
      at(site).alpha.copy_(at(site).kept * 2 - 1);
      count -= here;
    }
  }
  double penalty() {
    student.train();
    const Batch batch{random_tensor({7, 2, 6, 6}, 1, torch::kFloat32), torch::arange(7) % 5};
    EpochSums sums(torch::kCPU);
    loss = objective.loss(batch, sums).loss;
    return loss.item<double>() - (sums.value("ce") + sums.value("kd")) / 7;
  }
  TinyNetwork teacher{2, 3, 6, 5}, student{2, 3, 6, 5};
  AutoRepSearch objective;
  torch::Tensor loss;
};

TEST(AutoRepSearch, ItsPenaltyIsTheShareAboveTheBudgetsAndNoneBelow) {
  AutoRepSettings settings;
  settings.lambda = 80;
  for (const int64_t count : {144, 100, 41}) {
    Replacing search(40, settings);
    search.keep(count);
    EXPECT_NEAR(search.penalty(), 80.0 * static_cast<double>(count - 40) / 144, 2e-4) << count;
    EXPECT_FALSE(search.objective.may_be_kept());
  }
  for (const int64_t count : {40, 12}) {
    Replacing search(40, settings);
    search.keep(count);
    EXPECT_NEAR(search.penalty(), 0, 1e-6) << count;
    EXPECT_TRUE(search.objective.may_be_kept());
  }
}

TEST(AutoRepSearch, WhatIsAboveTheBudgetIsCutByTheSmallestAlphas) {
  Replacing search(40);
  const ReluSite& first = *search.student.site1;
  search.keep(60);
  {
    const torch::NoGradGuard no_gradient;
    // In the order C, H, W: the larger the later, but for one that is no ReLU.
    search.at(first).alpha.copy_(torch::arange(108, torch::kFloat32).view({1, 3, 6, 6}));
  }
  EXPECT_EQ(search.objective.freeze(), 20);
  const torch::Tensor mask = first.mask().flatten();
  EXPECT_EQ(mask.slice(0, 20, 60).sum().item<int64_t>(), 40);
  EXPECT_EQ(mask.sum().item<int64_t>(), 40);
  const NetworkCounts counts = count(search.student);
  EXPECT_EQ(counts.relus, 40);
  EXPECT_EQ(counts.multiplications.squares, 104);
  EXPECT_EQ(counts.multiplications.coefficients, 208);
}

TEST(AutoRepSearch, WhatEndsUnderTheBudgetStaysAndComputesTheSame) {
  Replacing search(40);
  search.keep(30);
  search.penalty();
  search.student.eval();
  const torch::Tensor images = random_tensor({3, 2, 6, 6}, 9, torch::kFloat32), logits = search.student.forward(images);
  EXPECT_EQ(search.objective.freeze(), 0);
  EXPECT_EQ(count(search.student).relus, 30);
  EXPECT_LT(largest_difference(search.student.forward(images), logits), 1e-5);
}

}  // namespace
}  // namespace senet
