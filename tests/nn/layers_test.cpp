#include "senet/layers.h"

#include <ATen/CPUGeneratorImpl.h>

#include <array>
#include <cmath>

#include "support/support.h"

namespace senet {
namespace {

using testing::error_of;
using testing::largest_difference;
using testing::random_tensor;

// y[n,o,i,j] = Σ_{c,a,b} w[o,c,a,b] · x[n,c,i·s+a−p,j·s+b−p], and its gradients for an incoming gradient g.
struct DirectConvolution {
  torch::Tensor y, gx, gw;

  DirectConvolution(const torch::Tensor& x, const torch::Tensor& w, const torch::Tensor& g, int64_t stride,
                    int64_t padding)
      : y(torch::zeros_like(g)), gx(torch::zeros_like(x)), gw(torch::zeros_like(w)) {
    const auto xs = x.accessor<double, 4>(), ws = w.accessor<double, 4>(), gs = g.accessor<double, 4>();
    auto ys = y.accessor<double, 4>(), gxs = gx.accessor<double, 4>(), gws = gw.accessor<double, 4>();
    for (int64_t n = 0; n < g.size(0); ++n)
      for (int64_t o = 0; o < g.size(1); ++o)
        for (int64_t i = 0; i < g.size(2); ++i)
          for (int64_t j = 0; j < g.size(3); ++j)
            for (int64_t c = 0; c < x.size(1); ++c)
              for (int64_t a = 0; a < w.size(2); ++a)
                for (int64_t b = 0; b < w.size(3); ++b) {
                  const int64_t row = i * stride + a - padding, column = j * stride + b - padding;
                  if (row < 0 || row >= x.size(2) || column < 0 || column >= x.size(3)) continue;
                  ys[n][o][i][j] += ws[o][c][a][b] * xs[n][c][row][column];
                  gxs[n][c][row][column] += ws[o][c][a][b] * gs[n][o][i][j];
                  gws[o][c][a][b] += xs[n][c][row][column] * gs[n][o][i][j];
                }
  }
};

// As PyTorch: weights and biases of U(−1/√in, 1/√in).
TEST(FullyConnected, DrawsFromItsUniformDistribution) {
  FullyConnected layer(400, 300);
  auto generator = at::detail::createCPUGenerator(7);
  layer.reset_parameters(generator);
  for (const torch::Tensor& drawn : {layer.weight.detach(), layer.bias.detach()}) {
    EXPECT_LE(drawn.abs().max().item<double>(), 0.05);
    EXPECT_GT(drawn.max().item<double>(), 0.045);
    EXPECT_LT(drawn.min().item<double>(), -0.045);
  }
  EXPECT_NEAR(layer.weight.detach().std().item<double>(), 0.05 / std::sqrt(3), 0.01 * 0.05);
}

// Narrow channel counts on both sides of every vector width: a library's strided 1×1 kernel is wrong below 8 or 16.
TEST(Conv2d, AgreesWithTheSumInBothDirectionsForNarrowChannels) {
  for (const auto format : {torch::MemoryFormat::ChannelsLast, torch::MemoryFormat::Contiguous}) {
    for (const int64_t channels : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17}) {
      for (const auto& [kernel, stride, padding] :
           {std::array<int64_t, 3>{1, 1, 0}, {1, 2, 0}, {1, 3, 0}, {3, 1, 1}, {3, 2, 1}}) {
        const Conv2dOptions options{channels, channels + 2, kernel, stride, padding};
        Conv2d conv(options);
        auto generator = at::detail::createCPUGenerator(7);
        conv.reset_parameters(generator);
        const torch::Tensor x =
            random_tensor({kernel == 1 ? 32 : 4, channels, 16, 8}, 3, torch::kFloat32).contiguous(format);
        x.requires_grad_();
        const torch::Tensor y = conv.forward(x);
        const torch::Tensor g = random_tensor(y.sizes(), 4, torch::kFloat32);
        y.backward(g.contiguous(format));
        const DirectConvolution expected(x.detach().to(torch::kFloat64).contiguous(),
                                         conv.weight.detach().to(torch::kFloat64).contiguous(),
                                         g.to(torch::kFloat64).contiguous(), stride, padding);
        const std::string where =
            text(channels, " channels, ", kernel, "x", kernel, ", stride ", stride, ", format ", int(format));
        EXPECT_LT(largest_difference(y, expected.y), 1e-4) << where;
        EXPECT_LT(largest_difference(x.grad(), expected.gx), 1e-4) << where;
        EXPECT_LT(largest_difference(conv.weight.grad(), expected.gw), 1e-2) << where;
        EXPECT_EQ(conv.macs_per_image(), channels * (channels + 2) * kernel * kernel * y.size(2) * y.size(3)) << where;
      }
    }
  }
}

struct Grouped {
  Conv2dOptions options;
  int64_t macs;  // by hand, of a 6×6 input
};

// in, out, kernel, stride, padding, bias, fan_in, groups
const Grouped kGrouped[] = {
    {{6, 6, 3, 1, 1, false, false, 6}, 36 * 6 * 9},       // depthwise: each channel by itself
    {{4, 8, 3, 2, 1, true, false, 4}, 9 * 8 * 9},         // two outputs a channel
    {{8, 12, 3, 1, 1, true, false, 2}, 36 * 12 * 4 * 9},  // each output sees four of the eight
    {{8, 4, 1, 2, 0, false, false, 4}, 9 * 4 * 2},
};

TEST(Conv2d, InGroupsAgreesWithTorchAndWithTheMacsCountedByHand) {
  for (const auto& [options, macs] : kGrouped) {
    Conv2d conv(options);
    auto generator = at::detail::createCPUGenerator(7);
    conv.reset_parameters(generator);
    EXPECT_EQ(conv.weight.size(1), options.in_channels / options.groups);
    const torch::Tensor x = random_tensor({2, options.in_channels, 6, 6}, 3, torch::kFloat32).requires_grad_();
    const torch::Tensor w = conv.weight.detach().clone().requires_grad_(), z = x.detach().clone().requires_grad_();
    const torch::Tensor y = conv.forward(x);
    const torch::Tensor expected = torch::conv2d(z, w, conv.bias, options.stride, options.padding, 1, options.groups);
    const torch::Tensor g = random_tensor(y.sizes(), 4, torch::kFloat32);
    y.backward(g);
    expected.backward(g);
    EXPECT_LT(largest_difference(y, expected), 1e-5);
    EXPECT_LT(largest_difference(x.grad(), z.grad()), 1e-5);
    EXPECT_LT(largest_difference(conv.weight.grad(), w.grad()), 1e-4);
    EXPECT_EQ(conv.macs_per_image(), macs);
  }
}

TEST(Conv2d, InGroupsDrawsItsWeightsByTheChannelsOfOneGroup) {
  for (const bool fan_in : {false, true}) {
    Conv2d conv({64, 128, 5, 1, 2, false, fan_in, 8});
    auto generator = at::detail::createCPUGenerator(7);
    conv.reset_parameters(generator);
    const double expected = std::sqrt(2.0 / (25 * (fan_in ? 8 : 16)));
    EXPECT_NEAR(conv.weight.std().item<double>() / expected, 1, 0.02);
  }
}

TEST(Conv2d, GroupsThatDoNotDivideItsChannelsAreRefused) {
  for (const Conv2dOptions& options : {Conv2dOptions{6, 4, 3, 1, 1, false, false, 4},
                                       {4, 6, 3, 1, 1, false, false, 4},
                                       {4, 4, 3, 1, 1, false, false, 0}}) {
    Exit exit = Exit::failure;
    const std::string error = error_of([&] { Conv2d conv(options); }, &exit);
    EXPECT_EQ(exit, Exit::usage);
    EXPECT_NE(error.find("expected a number that divides both"), std::string::npos) << error;
  }
}

TEST(Conv2d, IsCutToItsFirstChannelsWhereItIsDepthwiseAndRefusesOtherGroups) {
  Conv2d wide({8, 8, 3, 1, 1, false, false, 8}), narrow({5, 5, 3, 1, 1, false, false, 5});
  auto generator = at::detail::createCPUGenerator(7);
  wide.reset_parameters(generator);
  narrow.tie(wide);
  EXPECT_TRUE(testing::identical(narrow.weight.detach(), wide.weight.detach().slice(0, 0, 5)));
  EXPECT_TRUE(narrow.parameters().empty());
  const torch::Tensor x = random_tensor({2, 8, 6, 6}, 3, torch::kFloat32);
  EXPECT_LT(largest_difference(narrow.forward(x.slice(1, 0, 5)), wide.forward(x).slice(1, 0, 5)), 1e-5);

  const Conv2d two({8, 8, 3, 1, 1, false, false, 2});
  Conv2d half({4, 4, 3, 1, 1, false, false, 2});
  Exit exit = Exit::failure;
  const std::string error = error_of([&] { half.tie(two); }, &exit);
  EXPECT_EQ(exit, Exit::usage);
  EXPECT_NE(error.find("4 channels in 2 groups cannot be cut out of a wider one"), std::string::npos) << error;
}

TEST(LayerNorm, IsTheFormulaOverTheLastDimensionWhateverThePrecision) {
  LayerNorm norm(6, 1e-3);
  const torch::Tensor x = random_tensor({2, 5, 6}, 9, torch::kFloat32).mul(3).add(1), wide = x.to(torch::kFloat64);
  {
    const torch::NoGradGuard no_gradient;
    norm.weight.copy_(random_tensor({6}, 1, torch::kFloat32));
    norm.bias.copy_(random_tensor({6}, 2, torch::kFloat32));
  }
  const torch::Tensor centred = wide - wide.mean(2, true);
  const torch::Tensor expected = centred / (centred.square().mean(2, true) + 1e-3).sqrt() * norm.weight + norm.bias;
  EXPECT_LT(largest_difference(norm.forward(x), expected), 1e-5);
  EXPECT_LT(largest_difference(norm.forward(wide), expected), 1e-12);
  const torch::Tensor half = norm.forward(x.to(torch::kBFloat16));
  EXPECT_EQ(half.scalar_type(), torch::kBFloat16);
  EXPECT_LT(largest_difference(half, expected), 0.1);
  auto generator = at::detail::createCPUGenerator(7);
  norm.reset_parameters(generator);
  EXPECT_TRUE(norm.weight.eq(1).all().item<bool>() && norm.bias.eq(0).all().item<bool>());
  LayerNorm narrow(4, 1e-3);
  narrow.tie(norm);
  EXPECT_EQ(narrow.weight.size(0), 4);
}

TEST(LearnedTensor, StartsAsDeclaredAndIsTheSameForEachImage) {
  LearnedTensor positions({300, 50}, 0.02), scale({3}, 0, 1.5);
  for (LearnedTensor* layer : {&positions, &scale}) {
    auto generator = at::detail::createCPUGenerator(7);
    layer->reset_parameters(generator);
  }
  EXPECT_NEAR(positions.weight.std().item<double>(), 0.02, 0.001);
  EXPECT_NEAR(positions.weight.mean().item<double>(), 0, 0.001);
  EXPECT_TRUE(scale.weight.eq(1.5).all().item<bool>());
  const torch::Tensor y = positions.forward(torch::zeros({4, 2, 8, 8}, torch::kBFloat16));
  EXPECT_EQ(y.scalar_type(), torch::kBFloat16);
  EXPECT_EQ(y.sizes(), (std::vector<int64_t>{4, 300, 50}));
  y.to(torch::kFloat32).sum().backward();
  EXPECT_TRUE(positions.weight.grad().eq(4).all().item<bool>()) << "one gradient from each image";
}

TEST(Conv2d, ComputesInItsInputsPrecision) {
  Conv2d conv({3, 4, 3, 1, 1});
  auto generator = at::detail::createCPUGenerator(7);
  conv.reset_parameters(generator);
  const torch::Tensor y = conv.forward(random_tensor({2, 3, 5, 5}, 3, torch::kFloat64));
  EXPECT_EQ(y.scalar_type(), torch::kFloat64);
  EXPECT_EQ(conv.weight.scalar_type(), torch::kFloat32);
}

TEST(BatchNorm2d, NormalisesOverImagesAndPixelsAndKeepsRunningStatistics) {
  BatchNorm2d norm(3);
  auto generator = at::detail::createCPUGenerator(7);
  norm.reset_parameters(generator);
  const torch::Tensor x = random_tensor({4, 3, 5, 6}, 9, torch::kFloat32);
  const torch::Tensor wide = x.to(torch::kFloat64).transpose(0, 1).reshape({3, -1});
  const torch::Tensor mean = wide.mean(1), variance = wide.var(1, false);
  const torch::Tensor expected =
      (x.to(torch::kFloat64) - mean.view({1, 3, 1, 1})) / (variance.view({1, 3, 1, 1}) + 1e-5).sqrt();
  EXPECT_LT(largest_difference(norm.forward(x), expected), 1e-5);
  EXPECT_LT(largest_difference(norm.running_mean, 0.1 * mean), 1e-6);
  EXPECT_LT(largest_difference(norm.running_var, 0.9 + 0.1 * wide.var(1, true)), 1e-6);
  EXPECT_EQ(norm.num_batches_tracked.item<int64_t>(), 1);
}

TEST(BatchNorm2d, RefusesToTrainOnOneValueAChannel) {
  BatchNorm2d norm(3);
  const torch::Tensor x = random_tensor({1, 3, 1, 1}, 9, torch::kFloat32);
  EXPECT_NE(error_of([&] { norm.forward(x); }).find("one value a channel, which has no variance"), std::string::npos);
  norm.eval();
  EXPECT_LT(largest_difference(norm.forward(x), x / std::sqrt(1 + 1e-5)), 1e-6);
}

TEST(Classifier, GivesFloat32LogitsWhateverTheInput) {
  Classifier classifier(6, 3);
  auto generator = at::detail::createCPUGenerator(7);
  classifier.reset_parameters(generator);
  const torch::Tensor x = random_tensor({2, 6}, 5, torch::kFloat32);
  const torch::Tensor expected = x.matmul(classifier.weight.t()) + classifier.bias;
  EXPECT_LT(largest_difference(classifier.forward(x), expected), 1e-6);
  const torch::Tensor half = classifier.forward(x.to(torch::kBFloat16));
  EXPECT_EQ(half.scalar_type(), torch::kFloat32);
  EXPECT_LT(largest_difference(half, expected), 0.05);
}

}  // namespace
}  // namespace senet
