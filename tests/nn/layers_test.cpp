#include "senet/layers.h"

#include <ATen/CPUGeneratorImpl.h>

#include <array>

#include "support/support.h"

namespace senet {
namespace {

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
