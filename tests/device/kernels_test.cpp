#include "device/kernel.h"

#include <cmath>
#include <numeric>

#include "data/batches.h"
#include "data/batches_kernel.h"
#include "device/device.h"
#include "device/tensors.h"
#include "method/mismatch.h"
#include "method/mismatch_kernel.h"
#include "nn/channel_mean_square.h"
#include "nn/channel_mean_square_kernels.h"
#include "nn/rectify_kernels.h"
#include "senet/masked_relu.h"
#include "support/emulate.h"
#include "support/support.h"
#include "train/adam_kernel.h"
#include "train/sgd_kernel.h"

// What the GPU's kernels compute, run on the host: index by index the same arithmetic.
namespace senet {
namespace {

using testing::emulate;
using testing::identical;
using testing::kLast;
using testing::largest_difference;
using testing::random_tensor;

struct Case {
  torch::ScalarType type;
  bool packs;
  std::vector<int64_t> shape;
};

torch::Tensor activation(const Case& c, uint64_t seed) {
  return random_tensor(c.shape, seed, c.type).contiguous(kLast);
}

int64_t image_of(const torch::Tensor& x) { return x.numel() / x.size(0); }

// Calls body with the element's type and the number that a thread takes.
template <class Body>
void with_kernel_of(const Case& c, const Body& body) {
  with_pack(torch::empty({0}, c.type), c.packs, [&](auto tag, auto pack) { body(tag, pack); });
}

class Kernels : public ::testing::TestWithParam<Case> {};

template <class Element, int pack>
torch::Tensor rectified(const torch::Tensor& x, const torch::Tensor& shortcut, const float* floors, bool all) {
  torch::Tensor y = torch::full_like(x, 99);
  RectifyForward<Element, pack> kernel;
  kernel.images = x.size(0), kernel.image = image_of(x), kernel.floors = floors, kernel.all = all;
  kernel.x = elements<const Element>(x), kernel.shortcut = elements<const Element>(shortcut);
  kernel.y = elements<Element>(y);
  emulate(kernel, kernel.blocks(kernel.images, kernel.image));
  return y;
}

TEST_P(Kernels, RectifyAsTheMaskSays) {
  const Case& c = GetParam();
  const torch::Tensor x = activation(c, 1), shortcut = activation(c, 2);
  with_kernel_of(c, [&](auto tag, auto pack) {
    using Element = typename decltype(tag)::Type;
    for (const double share : {0.0, 0.4, 1.0}) {
      const torch::Tensor mask =
          random_tensor(torch::IntArrayRef(c.shape).slice(1), 3).sigmoid().lt(share).to(torch::kUInt8);
      const torch::Tensor floors = floors_of(mask, kLast);
      const auto* lowest = floors.template data_ptr<float>();
      EXPECT_TRUE(identical((rectified<Element, pack.value>(x, {}, lowest, false)), masked_relu(x, mask)));
      EXPECT_TRUE(
          identical((rectified<Element, pack.value>(x, shortcut, lowest, false)), masked_relu(x + shortcut, mask)));
    }
    EXPECT_TRUE(identical((rectified<Element, pack.value>(x, shortcut, nullptr, true)), torch::relu(x + shortcut)));
    EXPECT_TRUE(identical((rectified<Element, pack.value>(x, shortcut, nullptr, false)), x + shortcut));
  });
}

TEST_P(Kernels, LetTheGradientPassWhereTheActivationDid) {
  const Case& c = GetParam();
  const torch::Tensor x = activation(c, 4).set_requires_grad(true), g = activation(c, 5);
  const torch::Tensor mask = random_tensor(torch::IntArrayRef(c.shape).slice(1), 6).gt(0).to(torch::kUInt8);
  const torch::Tensor y = masked_relu(x, mask);
  y.backward(g);
  const torch::Tensor floors = floors_of(mask, kLast), out = y.detach();
  with_kernel_of(c, [&](auto tag, auto pack) {
    using Element = typename decltype(tag)::Type;
    torch::Tensor gx = torch::full_like(g, 99);
    RectifyBackward<Element, pack.value> kernel;
    kernel.images = g.size(0), kernel.image = image_of(g), kernel.floors = floors.template data_ptr<float>();
    kernel.all = false;
    kernel.g = elements<const Element>(g), kernel.y = elements<const Element>(out), kernel.gx = elements<Element>(gx);
    emulate(kernel, kernel.blocks(kernel.images, kernel.image));
    EXPECT_TRUE(identical(gx, x.grad()));
  });
}

TEST_P(Kernels, AddUpMismatchAndGain) {
  const Case& c = GetParam();
  const torch::Tensor a = torch::relu(activation(c, 7)), b = activation(c, 8);
  const std::vector<int64_t> sums = {c.shape[2], c.shape[3], c.shape[1]};
  with_kernel_of(c, [&](auto tag, auto pack) {
    using Element = const typename decltype(tag)::Type;
    const auto add = [&](auto term, torch::Tensor& D) {
      using Kernel = AddTerms<decltype(term), std::remove_const_t<Element>, pack.value>;
      const Kernel kernel{elements<Element>(a), elements<Element>(b), a.size(0), D.numel(),
                          D.template data_ptr<double>()};
      emulate(kernel, Kernel::blocks(D.numel()));
    };
    torch::Tensor mismatch = random_tensor(sums, 9), gain = mismatch.clone();
    torch::Tensor expected_mismatch = mismatch.clone(), expected_gain = gain.clone();
    add(Mismatch(), mismatch);
    add(Gain(), gain);
    const torch::Tensor wide_a = a.to(torch::kFloat64), wide_b = b.to(torch::kFloat64);
    expected_mismatch += (wide_a - wide_b).abs().sum(0).permute({1, 2, 0});
    expected_gain += (-wide_b).clamp_min(0).sum(0).permute({1, 2, 0});
    EXPECT_LT(largest_difference(mismatch, expected_mismatch), 2e-6 * static_cast<double>(c.shape[0]));
    EXPECT_LT(largest_difference(gain, expected_gain), 2e-6 * static_cast<double>(c.shape[0]));
  });
}

TEST_P(Kernels, SquareAndAverageOverChannels) {
  const Case& c = GetParam();
  if (c.packs && c.shape[1] * static_cast<int64_t>(torch::elementSize(c.type)) % kPackBytes != 0) return;
  const torch::Tensor x = activation(c, 10).set_requires_grad(true);
  const int64_t rows = x.numel() / c.shape[1];
  const torch::Tensor slopes = random_tensor({c.shape[0], c.shape[2], c.shape[3]}, 11, torch::kFloat32);
  const torch::Tensor means = channel_mean_square(x);
  means.backward(slopes);
  with_kernel_of(c, [&](auto tag, auto pack) {
    using Element = typename decltype(tag)::Type;
    using Forward = MeanSquares<Element, pack.value>;
    torch::Tensor found = torch::full_like(slopes, 99), gx = torch::full_like(x.detach(), 99);
    emulate(Forward{elements<const Element>(x), rows, c.shape[1], Forward::lanes_for(c.shape[1]),
                    found.template data_ptr<float>()},
            Forward::blocks(rows, c.shape[1]));
    EXPECT_LT(largest_difference(found, means.detach()), 1e-5);
    using Backward = ScaleRows<Element, pack.value>;
    emulate(Backward{elements<const Element>(x), slopes.template data_ptr<float>(), rows, c.shape[1],
                     elements<Element>(gx)},
            Backward::blocks(rows, c.shape[1]));
    EXPECT_TRUE(identical(gx, x.grad()));
  });
}

INSTANTIATE_TEST_SUITE_P(
    TypesAndSizes, Kernels,
    ::testing::Values(Case{torch::kFloat32, false, {5, 3, 5, 7}}, Case{torch::kBFloat16, false, {3, 5, 7, 1}},
                      Case{torch::kFloat32, true, {4, 3, 4, 3}}, Case{torch::kFloat32, true, {17, 8, 5, 7}},
                      Case{torch::kBFloat16, true, {33, 8, 3, 3}}, Case{torch::kBFloat16, true, {2, 64, 8, 8}},
                      Case{torch::kFloat32, false, {1, 1, 1, 1}}, Case{torch::kFloat32, true, {3, 512, 2, 2}},
                      Case{torch::kBFloat16, true, {16, 256, 4, 4}}, Case{torch::kFloat32, false, {9, 33, 11, 13}}));

TEST(Kernels, UpdateEveryPieceOfEveryParameter) {
  const float lr = 0.1f, momentum = 0.9f, decay = 5e-4f;
  std::vector<torch::Tensor> w, v, g, expected_w, expected_v;
  std::vector<SgdPiece> pieces;
  for (const int64_t size : {int64_t{1}, int64_t{255}, kPiece, 2 * kPiece + 3}) {
    for (auto* all : {&w, &v, &g}) all->push_back(random_tensor({size}, size + w.size(), torch::kFloat32));
    const bool nesterov = pieces.size() > 1;
    const float factor = nesterov ? 0.5f : 1.0f;
    const SgdRule rule{momentum, decay, nesterov};
    const torch::Tensor slope = g.back() + decay * w.back();
    expected_v.push_back(momentum * v.back() + slope);
    expected_w.push_back(w.back() -
                         factor * lr * (nesterov ? slope + momentum * expected_v.back() : expected_v.back()));
    for (int64_t at = 0; at < size; at += kPiece) {
      pieces.push_back({w.back().data_ptr<float>() + at, v.back().data_ptr<float>() + at,
                        g.back().data_ptr<float>() + at, std::min(kPiece, size - at), rule, factor});
    }
  }
  emulate(SgdUpdate{pieces.data(), &lr}, {static_cast<int64_t>(pieces.size()), 1});
  for (size_t i = 0; i < w.size(); ++i) {
    EXPECT_LT(largest_difference(w[i], expected_w[i]), 1e-6);
    EXPECT_LT(largest_difference(v[i], expected_v[i]), 1e-6);
  }
}

// Parameters of odd sizes, against PyTorch's formula in float64.
TEST(Kernels, UpdateEveryPieceAsAdamDoes) {
  for (const bool decoupled : {false, true}) {
    const AdamRule rule{0.9f, 0.999f, 1e-8f, 0.1f, 0.5f, decoupled};
    const double lr = 0.01, root = std::sqrt(1 - std::pow(0.999, 3)), rate = lr / (1 - std::pow(0.9, 3));
    const AdamFactors factors{static_cast<float>(rate), static_cast<float>(root), static_cast<float>(lr)};
    std::vector<torch::Tensor> tensors, expected;
    std::vector<AdamPiece> pieces;
    for (const int64_t size : {int64_t{1}, int64_t{257}, kPiece, 2 * kPiece + 5}) {
      const torch::Tensor w = random_tensor({size}, 1, torch::kFloat32), m = random_tensor({size}, 2, torch::kFloat32),
                          v = random_tensor({size}, 3, torch::kFloat32).square(),
                          g = random_tensor({size}, 4, torch::kFloat32);
      torch::Tensor wide = w.to(torch::kFloat64), slope = g.to(torch::kFloat64);
      if (decoupled) wide = wide * (1 - lr * 0.5 * 0.1);
      if (!decoupled) slope = slope + 0.1 * wide;
      const torch::Tensor mean = 0.9 * m.to(torch::kFloat64) + 0.1 * slope;
      const torch::Tensor square = 0.999 * v.to(torch::kFloat64) + 0.001 * slope.square();
      expected.insert(expected.end(), {wide - 0.5 * rate * mean / (square.sqrt() / root + 1e-8), mean, square});
      tensors.insert(tensors.end(), {w, m, v, g});
      for (int64_t at = 0; at < size; at += kPiece) {
        pieces.push_back({w.data_ptr<float>() + at, m.data_ptr<float>() + at, v.data_ptr<float>() + at,
                          g.data_ptr<float>() + at, std::min(kPiece, size - at), rule});
      }
    }
    emulate(AdamUpdate{pieces.data(), &factors}, {static_cast<int64_t>(pieces.size()), 1});
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_LT(largest_difference(tensors[4 * (i / 3) + i % 3], expected[i]), 5e-6) << decoupled << " " << i;
    }
  }
}

TEST(Kernels, LoadTheBatchThatTheHostLoads) {
  torch::manual_seed(1);
  const Images images = {torch::randint(0, 256, {9, 11, 13, 3}, torch::kUInt8), torch::arange(9) % 4};
  const Normalisation normalisation = {{0.5, 0.25, 0.1}, {0.2, 0.3, 0.4}};
  const std::vector<int64_t> indices = {8, 0, 3, 3, 7};
  const Augmentation augmentation{4, true, false, 6};
  for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
    const BatchLoader loader(images, normalisation, type, torch::kCPU);
    const Batch expected = loader.load(indices.data(), 5, augmentation, 77, 6);
    // As the loader makes them for a device.
    torch::Tensor table = torch::empty({3, 256}, torch::kFloat32);
    for (int64_t channel = 0; channel < 3; ++channel) {
      for (int64_t value = 0; value < 256; ++value) {
        table[channel][value] =
            (static_cast<double>(value) / 255.0 - normalisation.mean[channel]) / normalisation.deviation[channel];
      }
    }
    table = table.to(type);
    const torch::Tensor found = torch::full_like(expected.images, 99), labels = torch::full_like(expected.labels, 99);
    with_element(found, [&](auto tag) {
      using Element = typename decltype(tag)::Type;
      const LoadImages<Element> kernel{images.pixels.data_ptr<uint8_t>(),
                                       images.labels.data_ptr<int64_t>(),
                                       indices.data(),
                                       elements<const Element>(table),
                                       11,
                                       13,
                                       3,
                                       augmentation.crop_padding,
                                       augmentation.flip,
                                       augmentation.cutout,
                                       77,
                                       6,
                                       elements<Element>(found),
                                       labels.template data_ptr<int64_t>()};
      emulate(kernel, kernel.blocks(5, 11, 13));
    });
    EXPECT_TRUE(identical(found, expected.images));
    EXPECT_TRUE(identical(labels, expected.labels));
  }
}

TEST(Device, ABuildOrMachineWithoutOneSaysSo) {
#ifndef SENET_CUDA
  EXPECT_NE(testing::error_of([] { launch(SgdUpdate{}, {1, 1}); }).find("has no CUDA"), std::string::npos);
#endif
  DeviceGraph graph;
  EXPECT_FALSE(graph.recorded());
  EXPECT_THROW(graph.replay(), Error);
}

}  // namespace
}  // namespace senet
