#include "nn/norm_activation.h"

#include <limits>

#include "senet/activation.h"
#include "senet/network.h"
#include "support/support.h"
#include "support/threads.h"

namespace senet {
namespace {

using testing::identical;
using testing::kLast;
using testing::largest_difference;
using testing::random_tensor;

struct NormCase {
  torch::ScalarType type;
  std::vector<int64_t> shape;
  Rectified rectified;
  bool with_shortcut;
  double mean = 0;  // of x
};

torch::Tensor mask_for(const NormCase& c) {
  const auto image = torch::IntArrayRef(c.shape).slice(1);
  switch (c.rectified) {
    case Rectified::none:
      return torch::zeros(image, torch::kUInt8);
    case Rectified::all:
      return torch::ones(image, torch::kUInt8);
    case Rectified::masked:
      return random_tensor(image, 5).gt(0).to(torch::kUInt8);
  }
  return {};
}

struct Inputs {
  torch::Tensor x, shortcut, mask, gradient;
  BatchNorm2d norm;

  explicit Inputs(const NormCase& c) : mask(mask_for(c)), norm(c.shape[1]) {
    x = (random_tensor(c.shape, 1) + c.mean).to(c.type).contiguous(kLast).set_requires_grad(true);
    if (c.with_shortcut) shortcut = random_tensor(c.shape, 2, c.type).contiguous(kLast).set_requires_grad(true);
    gradient = random_tensor(c.shape, 3, c.type).contiguous(kLast);
    const torch::NoGradGuard no_gradient;
    norm.weight.copy_(random_tensor({c.shape[1]}, 6));
    norm.bias.copy_(random_tensor({c.shape[1]}, 7));
    norm.running_mean.copy_(random_tensor({c.shape[1]}, 8) + c.mean);
    norm.running_var.copy_(random_tensor({c.shape[1]}, 9).abs() + 0.1);
  }
};

// Layer after layer, in float64, by PyTorch.
struct Reference {
  torch::Tensor y, gx, g_shortcut, g_weight, g_bias, running_mean, running_var;

  Reference(const Inputs& in, bool training) {
    const auto copy = [](const torch::Tensor& t) {
      return t.detach().to(torch::kFloat64).clone().set_requires_grad(true);
    };
    const torch::Tensor x = copy(in.x), weight = copy(in.norm.weight), bias = copy(in.norm.bias);
    const torch::Tensor shortcut = in.shortcut.defined() ? copy(in.shortcut) : torch::zeros_like(x);
    running_mean = in.norm.running_mean.to(torch::kFloat64).clone();
    running_var = in.norm.running_var.to(torch::kFloat64).clone();
    const torch::Tensor pre =
        at::batch_norm(x, weight, bias, running_mean, running_var, training, 0.1, 1e-5, false) + shortcut;
    const torch::Tensor m = in.mask.to(torch::kFloat64);
    y = m * pre.clamp_min(0) + (1 - m) * pre;
    if (!training) return;
    y.backward(in.gradient.to(torch::kFloat64));
    gx = x.grad(), g_weight = weight.grad(), g_bias = bias.grad(), g_shortcut = shortcut.grad();
  }
};

double size_of(const torch::Tensor& t) { return 1 + t.abs().max().item<double>(); }

class NormActivationTest : public ::testing::TestWithParam<NormCase> {};

TEST_P(NormActivationTest, EqualsTheLayersOneAfterTheOther) {
  const NormCase& c = GetParam();
  Inputs in(c);
  const Reference expected(in, /*training=*/true);
  in.norm.train();
  ASSERT_TRUE(norm_activation_takes(in.norm, in.x, in.shortcut));
  const auto activation = activation_from_mask(in.mask);
  const torch::Tensor y = activation->after(in.norm, in.x, in.shortcut);
  EXPECT_EQ(y.scalar_type(), c.type);
  EXPECT_TRUE(y.is_contiguous(kLast));
  y.backward(in.gradient);

  // A rounding of the result, and of the float32 statistics: with a mean of m deviations, m times as large.
  const double rounding = (c.type == torch::kFloat32 ? 4e-6 : 1e-2) * (1 + std::abs(c.mean) / 4);
  const auto near = [&](const torch::Tensor& found, const torch::Tensor& wanted, const char* what) {
    EXPECT_LT(largest_difference(found, wanted), rounding * size_of(wanted)) << what;
  };
  near(y, expected.y, "y");
  near(in.x.grad(), expected.gx, "gradient of x");
  near(in.norm.weight.grad(), expected.g_weight, "gradient of the weight");
  near(in.norm.bias.grad(), expected.g_bias, "gradient of the bias");
  if (c.with_shortcut) near(in.shortcut.grad(), expected.g_shortcut, "gradient of the shortcut");
  near(in.norm.running_mean, expected.running_mean, "running mean");
  near(in.norm.running_var, expected.running_var, "running variance");
  EXPECT_EQ(in.norm.num_batches_tracked.item<int64_t>(), 1);
}

TEST_P(NormActivationTest, UsesTheRunningStatisticsInEvaluation) {
  const NormCase& c = GetParam();
  Inputs in(c);
  const Reference expected(in, /*training=*/false);
  in.norm.eval();
  const torch::NoGradGuard no_gradient;
  const auto activation = activation_from_mask(in.mask);
  const torch::Tensor y = activation->after(in.norm, in.x, in.shortcut);
  const double rounding = (c.type == torch::kFloat32 ? 4e-6 : 1e-2) * (1 + std::abs(c.mean) / 4);
  EXPECT_LT(largest_difference(y, expected.y), rounding * size_of(expected.y));
  EXPECT_NE(y.data_ptr(), in.x.data_ptr()) << "somebody else holds x";

  torch::Tensor handed_over = in.x.detach().clone(kLast);
  const void* memory = handed_over.data_ptr();
  const torch::Tensor in_place = activation->after(in.norm, std::move(handed_over), in.shortcut);
  EXPECT_EQ(in_place.data_ptr(), memory);
  EXPECT_TRUE(identical(in_place, y));
}

INSTANTIATE_TEST_SUITE_P(TypesSizesActivations, NormActivationTest,
                         ::testing::Values(NormCase{torch::kFloat32, {4, 3, 5, 7}, Rectified::masked, true},
                                           NormCase{torch::kFloat32, {4, 3, 5, 7}, Rectified::masked, false},
                                           NormCase{torch::kFloat32, {2, 1, 1, 1}, Rectified::all, false},
                                           NormCase{torch::kFloat32, {9, 16, 32, 32}, Rectified::masked, true},
                                           NormCase{torch::kFloat32, {9, 16, 32, 32}, Rectified::all, true},
                                           NormCase{torch::kFloat32, {3, 37, 13, 11}, Rectified::none, true},
                                           NormCase{torch::kFloat32, {3, 37, 13, 11}, Rectified::none, false},
                                           NormCase{torch::kFloat32, {5, 300, 4, 4}, Rectified::all, false},
                                           NormCase{torch::kFloat32, {33, 8, 9, 31}, Rectified::masked, false, 100},
                                           NormCase{torch::kBFloat16, {7, 24, 9, 5}, Rectified::masked, true},
                                           NormCase{torch::kBFloat16, {7, 24, 9, 5}, Rectified::none, false}));

TEST(NormActivation, GivesTheSameBitsOnAnyNumberOfThreads) {
  const NormCase c{torch::kFloat32, {17, 20, 23, 19}, Rectified::masked, true};
  std::vector<std::vector<torch::Tensor>> runs;
  for (const int count : {1, 2, 3}) {
    const testing::Threads threads(count);
    Inputs in(c);
    const torch::Tensor y = activation_from_mask(in.mask)->after(in.norm, in.x, in.shortcut);
    y.backward(in.gradient);
    runs.push_back({y.detach(), in.x.grad(), in.norm.weight.grad(), in.norm.running_var});
  }
  for (size_t i = 0; i < runs[0].size(); ++i) {
    EXPECT_TRUE(identical(runs[0][i], runs[1][i])) << i;
    EXPECT_TRUE(identical(runs[0][i], runs[2][i])) << i;
  }
}

TEST(NormActivation, LetsNotANumberThrough) {
  NormCase c{torch::kFloat32, {2, 3, 4, 4}, Rectified::all, true};
  Inputs in(c);
  in.shortcut.detach()[1][2][3][0] = std::numeric_limits<float>::quiet_NaN();
  const torch::Tensor y = activation_from_mask(in.mask)->after(in.norm, in.x, in.shortcut);
  EXPECT_EQ(y.isnan().sum().item<int64_t>(), 1);
  EXPECT_TRUE(y[1][2][3][0].isnan().item<bool>());
}

// What it does not take goes the long way, with the same result.
TEST(NormActivation, LeavesOtherLayoutsTypesAndFrozenStatisticsToTheLayers) {
  const NormCase c{torch::kFloat32, {3, 6, 5, 4}, Rectified::masked, true};
  const auto check = [&](const char* what, const std::function<void(Inputs&)>& change) {
    Inputs in(c);
    change(in);
    EXPECT_FALSE(norm_activation_takes(in.norm, in.x, in.shortcut)) << what;
    const bool training = in.norm.is_training();
    const Reference expected(in, training);
    const torch::Tensor y = activation_from_mask(in.mask)->after(in.norm, in.x, in.shortcut);
    EXPECT_LT(largest_difference(y, expected.y), 1e-5) << what;
  };
  check("contiguous", [](Inputs& in) { in.x = in.x.detach().contiguous(); });
  check("a contiguous shortcut", [](Inputs& in) { in.shortcut = in.shortcut.detach().contiguous(); });
  check("float64", [](Inputs& in) {
    in.x = in.x.detach().to(torch::kFloat64);
    in.shortcut = in.shortcut.detach().to(torch::kFloat64);
    in.norm.to(torch::kFloat64);
  });
  check("gradients through running statistics", [](Inputs& in) { in.norm.eval(); });
}

}  // namespace
}  // namespace senet
