#include "device/kernel.h"

#include <cmath>
#include <numeric>

#include "data/batches.h"
#include "device/device.h"
#include "device/tensors.h"
#include "kernels/adam_kernel.h"
#include "kernels/channel_mean_square.h"
#include "kernels/channel_mean_square_kernels.h"
#include "kernels/load_images_kernel.h"
#include "kernels/mismatch.h"
#include "kernels/mismatch_kernel.h"
#include "kernels/norm_passes.h"
#include "kernels/rectify_kernels.h"
#include "kernels/sgd_kernel.h"
#include "nn/norm_activation.h"
#include "senet/masked_relu.h"
#include "support/emulate.h"
#include "support/support.h"

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

constexpr auto kOnTheHost = [](const auto& kernel, Blocks blocks) { emulate(kernel, blocks); };

// A norm whose parameters and running statistics are no round numbers.
std::shared_ptr<BatchNorm2d> odd_norm(int64_t channels) {
  auto norm = std::make_shared<BatchNorm2d>(channels);
  const torch::NoGradGuard no_gradient;
  norm->weight.copy_(random_tensor({channels}, 20, torch::kFloat32));
  norm->bias.copy_(random_tensor({channels}, 21, torch::kFloat32));
  norm->running_mean.copy_(random_tensor({channels}, 22, torch::kFloat32));
  norm->running_var.copy_(random_tensor({channels}, 23, torch::kFloat32).square() + 0.5);
  return norm;
}

// Relative to the largest value, or to 1.
void expect_close(const torch::Tensor& found, const torch::Tensor& expected, double tolerance,
                  const std::string& what) {
  ASSERT_EQ(found.sizes(), expected.sizes()) << what;
  EXPECT_LT(largest_difference(found, expected), tolerance * std::max(1.0, expected.abs().max().item<double>()))
      << what;
}

void expect_norms_as_the_hosts(const torch::Tensor& x, const torch::Tensor& shortcut, const torch::Tensor& g,
                               Rectified rectified, const torch::Tensor& floors, const std::string& what) {
  const double tolerance = x.scalar_type() == torch::kFloat32 ? 2e-5 : 2e-2;
  const auto found = odd_norm(x.size(1)), expected = odd_norm(x.size(1));
  const torch::Tensor leaf = x.detach().clone(torch::MemoryFormat::Preserve).set_requires_grad(true);
  const torch::Tensor added = shortcut.defined()
                                  ? shortcut.detach().clone(torch::MemoryFormat::Preserve).set_requires_grad(true)
                                  : torch::Tensor();
  const torch::Tensor y = norm_activation(*expected, leaf, added, rectified, floors);
  y.backward(g);

  const torch::NoGradGuard no_gradient;
  const NormInputs inputs{x, shortcut, rectified, floors};
  BatchStatistics batch;
  const torch::Tensor out = norm_training(kOnTheHost, norm_of(*found), inputs, batch);
  expect_close(out, y.detach(), tolerance, what + "y");
  expect_close(found->running_mean, expected->running_mean, 1e-5, what + "running mean");
  expect_close(found->running_var, expected->running_var, 1e-5, what + "running variance");
  const NormGradients all = norm_gradients(kOnTheHost, found->weight, inputs, out, g, batch);
  expect_close(all.x, leaf.grad(), tolerance, what + "gradient of x");
  expect_close(all.weight, expected->weight.grad(), 2e-4, what + "gradient of γ");
  expect_close(all.bias, expected->bias.grad(), 2e-4, what + "gradient of β");
  EXPECT_EQ(all.shortcut.defined(), shortcut.defined());
  if (shortcut.defined()) expect_close(all.shortcut, added.grad(), tolerance, what + "gradient of the shortcut");

  found->eval();
  expected->eval();
  expect_close(norm_evaluation(kOnTheHost, norm_of(*found), inputs),
               norm_activation(*expected, x.clone(), shortcut, rectified, floors), tolerance, what + "evaluation");
}

TEST_P(Kernels, NormaliseAddRectifyAndGoBackAsTheHostDoes) {
  const Case& c = GetParam();
  const torch::Tensor x = activation(c, 12) * 3 + 1, shortcut = activation(c, 13), g = activation(c, 14);
  if (x.numel() == x.size(1)) return;  // a single value has no variance
  for (const torch::Tensor& added : {torch::Tensor(), shortcut}) {
    const std::string what = added.defined() ? "with shortcut, " : "";
    expect_norms_as_the_hosts(x, added, g, Rectified::none, {}, what + "none: ");
    expect_norms_as_the_hosts(x, added, g, Rectified::all, {}, what + "all: ");
    for (const double share : {0.0, 0.4, 1.0}) {
      const torch::Tensor mask =
          random_tensor(torch::IntArrayRef(c.shape).slice(1), 15).sigmoid().lt(share).to(torch::kUInt8);
      expect_norms_as_the_hosts(x, added, g, Rectified::masked, floors_of(mask, kLast), what + text(share, ": "));
    }
  }
}

// A view may begin anywhere: it is not read by packs.
TEST(Kernels, NormaliseAMisalignedView) {
  for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
    const torch::Tensor x = random_tensor({5, 16, 3, 5}, 16, type).contiguous(kLast),
                        g = random_tensor({5, 16, 3, 5}, 17, type).contiguous(kLast);
    torch::Tensor room = torch::empty({x.numel() + 1}, x.options());
    const torch::Tensor view = room.narrow(0, 1, x.numel()).as_strided(x.sizes(), x.strides(), 1);
    view.copy_(x);
    ASSERT_NE(reinterpret_cast<uintptr_t>(view.data_ptr()) % kPackBytes, 0u);
    expect_norms_as_the_hosts(view, {}, g, Rectified::all, {}, "misaligned: ");
  }
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

// Of a parameter and what is updated with it: each begins `offset` elements behind a boundary of its memory, and what
// lies around them stays.
class Rooms {
 public:
  explicit Rooms(int64_t offset) : offset_(offset) {}
  torch::Tensor of(const torch::Tensor& values) {
    torch::Tensor room = torch::full({values.numel() + offset_ + 1}, 77, values.options());
    room.narrow(0, offset_, values.numel()).copy_(values);
    rooms_.push_back(room);
    return room.narrow(0, offset_, values.numel());
  }
  bool stay() const {
    return std::all_of(rooms_.begin(), rooms_.end(), [&](const torch::Tensor& room) {
      return room.narrow(0, 0, offset_).eq(77).all().item<bool>() && room[-1].item<double>() == 77;
    });
  }

 private:
  int64_t offset_;
  std::vector<torch::Tensor> rooms_;
};

// The piece that begins at an element; `copy` may be undefined.
UpdatePiece piece_at(int64_t at, const torch::Tensor& w, const torch::Tensor& v, const torch::Tensor& g,
                     const torch::Tensor& copy) {
  return {w.data_ptr<float>() + at, v.data_ptr<float>() + at, g.data_ptr<float>() + at,
          copy.defined() ? elements<uint16_t>(copy) + at : nullptr, std::min(kPiece, w.numel() - at)};
}

TEST(Kernels, UpdateEveryPieceOfEveryParameter) {
  const float lr = 0.1f, momentum = 0.9f, decay = 5e-4f;
  for (const int64_t offset : {0, 1, 2}) {
    Rooms rooms(offset);
    std::vector<torch::Tensor> w, v, g, copies, expected_w, expected_v;
    std::vector<SgdPiece> pieces;
    for (const int64_t size : {int64_t{1}, int64_t{255}, kPiece, 2 * kPiece + 3}) {
      for (auto* all : {&w, &v, &g}) {
        all->push_back(rooms.of(random_tensor({size}, size + w.size(), torch::kFloat32)));
      }
      const bool nesterov = pieces.size() > 1;
      copies.push_back(size == 255 ? torch::Tensor() : rooms.of(torch::zeros({size}, torch::kBFloat16)));
      const float factor = nesterov ? 0.5f : 1.0f;
      const SgdRule rule{momentum, decay, nesterov};
      const torch::Tensor slope = g.back() + decay * w.back();
      expected_v.push_back(momentum * v.back() + slope);
      expected_w.push_back(w.back() -
                           factor * lr * (nesterov ? slope + momentum * expected_v.back() : expected_v.back()));
      for (int64_t at = 0; at < size; at += kPiece) {
        pieces.push_back({piece_at(at, w.back(), v.back(), g.back(), copies.back()), rule, factor});
      }
    }
    emulate(SgdUpdate{pieces.data(), &lr}, {static_cast<int64_t>(pieces.size()), 1});
    for (size_t i = 0; i < w.size(); ++i) {
      EXPECT_LT(largest_difference(w[i], expected_w[i]), 1e-6);
      EXPECT_LT(largest_difference(v[i], expected_v[i]), 1e-6);
      EXPECT_TRUE(!copies[i].defined() || identical(copies[i], w[i].to(torch::kBFloat16))) << i;
    }
    EXPECT_TRUE(rooms.stay()) << offset;
  }
}

// Parameters of odd sizes, against PyTorch's formula in float64.
TEST(Kernels, UpdateEveryPieceAsAdamDoes) {
  for (const auto& [decoupled, offset] : {std::pair(false, 0), std::pair(true, 0), std::pair(false, 3)}) {
    Rooms rooms(offset);
    const AdamRule rule{0.9f, 0.999f, 1e-8f, 0.1f, 0.5f, decoupled};
    const double lr = 0.01, root = std::sqrt(1 - std::pow(0.999, 3)), rate = lr / (1 - std::pow(0.9, 3));
    const AdamFactors factors{static_cast<float>(rate), static_cast<float>(root), static_cast<float>(lr)};
    std::vector<torch::Tensor> tensors, expected, copies;
    std::vector<AdamPiece> pieces;
    for (const int64_t size : {int64_t{1}, int64_t{257}, kPiece, 2 * kPiece + 5}) {
      const torch::Tensor w = rooms.of(random_tensor({size}, 1, torch::kFloat32)),
                          m = rooms.of(random_tensor({size}, 2, torch::kFloat32)),
                          v = rooms.of(random_tensor({size}, 3, torch::kFloat32).square()),
                          g = rooms.of(random_tensor({size}, 4, torch::kFloat32));
      copies.push_back(size == 257 ? torch::Tensor() : rooms.of(torch::zeros({size}, torch::kBFloat16)));
      torch::Tensor wide = w.to(torch::kFloat64), slope = g.to(torch::kFloat64);
      if (decoupled) wide = wide * (1 - lr * 0.5 * 0.1);
      if (!decoupled) slope = slope + 0.1 * wide;
      const torch::Tensor mean = 0.9 * m.to(torch::kFloat64) + 0.1 * slope;
      const torch::Tensor square = 0.999 * v.to(torch::kFloat64) + 0.001 * slope.square();
      expected.insert(expected.end(), {wide - 0.5 * rate * mean / (square.sqrt() / root + 1e-8), mean, square});
      tensors.insert(tensors.end(), {w, m, v, g});
      for (int64_t at = 0; at < size; at += kPiece) {
        pieces.push_back({piece_at(at, w, m, g, copies.back()), v.data_ptr<float>() + at, rule});
      }
    }
    emulate(AdamUpdate{pieces.data(), &factors}, {static_cast<int64_t>(pieces.size()), 1});
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_LT(largest_difference(tensors[4 * (i / 3) + i % 3], expected[i]), 5e-6) << decoupled << " " << i;
    }
    for (size_t i = 0; i < copies.size(); ++i) {
      EXPECT_TRUE(!copies[i].defined() || identical(copies[i], tensors[4 * i].to(torch::kBFloat16))) << i;
    }
    EXPECT_TRUE(rooms.stay()) << offset;
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
