// Every operation with a kernel of ours, on the GPU and on the CPU.
#include <numeric>

#include "data/batches.h"
#include "device/device.h"
#include "kernels/channel_mean_square.h"
#include "kernels/mismatch.h"
#include "kernels/parameter_copy.h"
#include "method/masks.h"
#include "senet/activation.h"
#include "senet/layers.h"
#include "senet/masked_relu.h"
#include "senet/network.h"
#include "support/support.h"
#include "support/tiny_network.h"
#include "train/optimizer.h"

namespace senet {
namespace {

using testing::identical;
using testing::kLast;
using testing::largest_difference;
using testing::random_tensor;

struct Case {
  torch::ScalarType type;
  std::vector<int64_t> shape;
};

class OnTheGpu : public ::testing::TestWithParam<Case> {
 protected:
  torch::Tensor activation(uint64_t seed) const {
    return random_tensor(GetParam().shape, seed, GetParam().type).contiguous(kLast);
  }
  std::vector<torch::Tensor> masks() const {
    const torch::IntArrayRef image = torch::IntArrayRef(GetParam().shape).slice(1);
    return {torch::zeros(image, torch::kUInt8), random_tensor(image, 3).gt(0).to(torch::kUInt8),
            torch::ones(image, torch::kUInt8)};
  }
  double tolerance() const { return GetParam().type == torch::kFloat32 ? 1e-5 : 2e-2; }
};

TEST_P(OnTheGpu, TheMaskedReluIsTheCpus) {
  const torch::Tensor x = activation(1), g = activation(2);
  for (const torch::Tensor& mask : masks()) {
    const auto both = [&](const torch::Device& device) {
      const torch::Tensor input = x.clone().to(device).set_requires_grad(true);
      const torch::Tensor y = masked_relu(input, mask);
      y.backward(g.to(device));
      return std::pair{y.detach().cpu(), input.grad().cpu()};
    };
    const auto [y, gx] = both(torch::kCUDA);
    const auto [expected_y, expected_gx] = both(torch::kCPU);
    EXPECT_TRUE(identical(y, expected_y));
    EXPECT_TRUE(identical(gx, expected_gx));
  }
}

TEST_P(OnTheGpu, AMisalignedViewGivesTheSame) {
  const torch::Tensor x = activation(1);
  torch::Tensor room = torch::empty({x.numel() + 1}, x.options().device(torch::kCUDA));
  const torch::Tensor view = room.narrow(0, 1, x.numel()).as_strided(x.sizes(), x.strides(), 1);
  view.copy_(x);
  const torch::Tensor mask = masks()[1];
  EXPECT_TRUE(identical(masked_relu(view, mask).cpu(), masked_relu(x, mask)));
}

TEST_P(OnTheGpu, NormShortcutAndActivationAreTheCpus) {
  const int64_t channels = GetParam().shape[1];
  if (activation(1).numel() == channels) return;  // a single value has no variance
  const torch::Tensor g = activation(5);
  for (const torch::Tensor& mask : masks()) {
    for (const bool with_shortcut : {false, true}) {
      const auto all = [&](const torch::Device& device) {
        BatchNorm2d norm(channels);
        norm.to(device);
        const torch::Tensor x = activation(6).to(device).set_requires_grad(true);
        const torch::Tensor shortcut =
            with_shortcut ? activation(7).to(device).set_requires_grad(true) : torch::Tensor();
        const torch::Tensor y = activation_from_mask(mask)->after(norm, x, shortcut);
        y.backward(g.to(device));
        std::vector<torch::Tensor> found = {y.detach(),       x.grad(),          norm.weight.grad(),
                                            norm.bias.grad(), norm.running_mean, norm.running_var};
        if (with_shortcut) found.push_back(shortcut.grad());
        return found;
      };
      const std::vector<torch::Tensor> found = all(torch::kCUDA), expected = all(torch::kCPU);
      for (size_t i = 0; i < expected.size(); ++i) {
        // Beside a kink rounding decides on which side an element falls: a few have another gradient, all of it.
        const double size = std::max(1.0, expected[i].abs().max().item<double>());
        const torch::Tensor apart = (found[i].cpu() - expected[i]).abs().gt(10 * tolerance() * size);
        EXPECT_LT(apart.to(torch::kFloat64).mean().item<double>(), 0.01) << i;
      }
    }
  }
}

TEST_P(OnTheGpu, MismatchAndGainAreTheCpusAndRepeat) {
  const torch::Tensor a = torch::relu(activation(8)), b = activation(9);
  const std::vector<int64_t>& shape = GetParam().shape;
  for (const auto add : {add_mismatch, add_gain}) {
    const auto sums = [&](const torch::Device& device) {
      torch::Tensor D =
          torch::zeros({shape[2], shape[3], shape[1]}, torch::TensorOptions(device).dtype(torch::kFloat64));
      for (int i = 0; i < 3; ++i) add(D, a.to(device), b.to(device));
      return D.cpu();
    };
    const torch::Tensor found = sums(torch::kCUDA);
    EXPECT_LT(largest_difference(found, sums(torch::kCPU)), 1e-5 * static_cast<double>(3 * shape[0]));
    EXPECT_TRUE(identical(found, sums(torch::kCUDA)));
  }
}

TEST_P(OnTheGpu, TheAttentionMapIsTheCpus) {
  const auto both = [&](const torch::Device& device) {
    const torch::Tensor x = activation(10).to(device).set_requires_grad(true);
    const torch::Tensor means = channel_mean_square(x);
    means.square().sum().backward();
    return std::pair{means.detach().cpu(), x.grad().cpu()};
  };
  const auto [means, gx] = both(torch::kCUDA);
  const auto [expected_means, expected_gx] = both(torch::kCPU);
  EXPECT_LT(largest_difference(means, expected_means), 1e-5 * expected_means.abs().max().item<double>());
  EXPECT_LT(largest_difference(gx, expected_gx), tolerance() * expected_gx.abs().max().item<double>());
}

// LibTorch's own, of ImageNet's stem: windows that overlap add up gradients, in an order that has to be the same.
TEST_P(OnTheGpu, MaxPoolingIsTheCpusAndRepeats) {
  const auto both = [&](const torch::Device& device) {
    const torch::Tensor x = activation(11).to(device).set_requires_grad(true);
    const torch::Tensor y = torch::max_pool2d(x, 3, 2, 1);
    y.backward(random_tensor(y.sizes(), 12, GetParam().type).contiguous(kLast).to(device));
    return std::pair{y.detach().cpu(), x.grad().cpu()};
  };
  const auto [y, gx] = both(torch::kCUDA);
  const auto [expected_y, expected_gx] = both(torch::kCPU);
  EXPECT_TRUE(identical(y, expected_y));
  EXPECT_LT(largest_difference(gx, expected_gx), tolerance() * expected_gx.abs().max().item<double>());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(identical(both(torch::kCUDA).second, gx));
}

INSTANTIATE_TEST_SUITE_P(TypesAndSizes, OnTheGpu,
                         ::testing::Values(Case{torch::kFloat32, {5, 3, 5, 7}}, Case{torch::kBFloat16, {3, 5, 7, 1}},
                                           Case{torch::kFloat32, {1, 1, 1, 1}}, Case{torch::kFloat32, {17, 8, 5, 7}},
                                           Case{torch::kBFloat16, {128, 64, 32, 32}},
                                           Case{torch::kFloat32, {33, 512, 4, 4}},
                                           Case{torch::kBFloat16, {19, 33, 11, 13}}));

TEST(OnTheGpu, BatchesAreTheCpusBitForBit) {
  torch::manual_seed(1);
  const Images images = {torch::randint(0, 256, {50, 11, 13, 3}, torch::kUInt8), torch::arange(50) % 4};
  const Normalisation normalisation = {{0.5, 0.25, 0.1}, {0.2, 0.3, 0.4}};
  for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
    const BatchLoader cpu(images, normalisation, type, torch::kCPU), gpu(images, normalisation, type, torch::kCUDA);
    BatchStream expected(cpu, cpu.shuffled(3, 1), 16, 16, {4, true}, 3, 1);
    BatchStream found(gpu, gpu.shuffled(3, 1), 16, 16, {4, true}, 3, 1);
    for (int i = 0; i < 3; ++i) {
      const Batch a = found.next(), b = expected.next();
      EXPECT_TRUE(identical(a.images.cpu(), b.images));
      EXPECT_TRUE(identical(a.labels.cpu(), b.labels));
      EXPECT_TRUE(a.images.is_contiguous(kLast));
    }
  }
}

// Above 4,096 scores LibTorch sorts by other kernels.
TEST(OnTheGpu, MasksChosenBySameScoresAreIdenticalTiesIncluded) {
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{33, 7, 5}, {64, 32, 32}}) {
    const torch::Tensor scores = (random_tensor(shape, 4) * 3).round();
    for (const int64_t r : {int64_t{0}, int64_t{1}, int64_t{400}, scores.numel() / 10, scores.numel()}) {
      for (const auto granularity : {Granularity::pixel, Granularity::channel}) {
        MaskRule rule;
        rule.granularity = granularity;
        EXPECT_TRUE(identical(chosen_mask(scores.to(torch::kCUDA), r, rule), chosen_mask(scores, r, rule)));
      }
    }
  }
}

TEST(OnTheGpu, OptimisersStepAsOnTheCpu) {
  for (const OptimizerKind kind : {OptimizerKind::sgd, OptimizerKind::adam}) {
    const auto weights = [&](const torch::Device& device) {
      FullyConnected layer(130, 67);
      torch::Generator generator = at::detail::createCPUGenerator(1);
      layer.reset_parameters(generator);
      layer.to(device);
      TrainingSettings settings;
      settings.optimizer = kind;
      const auto optimizer = make_optimizer(layer, settings);
      const torch::Tensor x = random_tensor({3, 130}, 9, torch::kBFloat16).to(device);
      for (int step = 0; step < 4; ++step) {
        layer.forward(x);
        for (torch::Tensor& parameter : layer.parameters()) {
          parameter.mutable_grad() = random_tensor(parameter.sizes(), step, torch::kFloat32).to(device);
        }
        optimizer->step(0.1 / (1 + step));
        if (device.is_cuda()) {
          EXPECT_NE(layer.weight_copy->memory(layer.weight), nullptr) << "it was written along";
        }
        EXPECT_TRUE(identical(layer.weight_copy->of(layer.weight, torch::kBFloat16).detach().cpu(),
                              layer.weight.detach().to(torch::kBFloat16).cpu()));
      }
      return std::pair{layer.weight.detach().cpu(), layer.bias.detach().cpu()};
    };
    const auto [weight, bias] = weights(torch::kCUDA);
    const auto [expected_weight, expected_bias] = weights(torch::kCPU);
    EXPECT_LT(largest_difference(weight, expected_weight), 1e-5) << static_cast<int>(kind);
    EXPECT_LT(largest_difference(bias, expected_bias), 1e-5) << static_cast<int>(kind);
  }
}

TEST(Counting, AnActivationWithParametersIsCountedWhereTheyAre) {
  torch::Tensor mask = torch::zeros({3, 6, 6}, torch::kUInt8);
  mask[1][2][3] = 1;
  const torch::Tensor coefficients = random_tensor({3, 3}, 1, torch::kFloat32);
  const auto relus = [&](const torch::Device& device) {
    testing::TinyNetwork network(2, 3, 6, 5);
    network.set_activation(*network.site1, std::make_shared<MaskedPolynomial>(mask, coefficients));
    network.to(device);
    return count(network).relus;
  };
  EXPECT_EQ(relus(torch::kCUDA), relus(torch::kCPU));
}

TEST(DeviceMemory, IsKnown) {
  const DeviceMemory memory = device_memory();
  EXPECT_GT(memory.free, 0);
  EXPECT_GE(memory.total, memory.free);
}

}  // namespace
}  // namespace senet
