#include "kernels/parameter_copy.h"

#include <ATen/CPUGeneratorImpl.h>

#include <cstring>

#include "senet/layers.h"
#include "support/graphs.h"
#include "support/support.h"

namespace senet {
namespace {

using testing::identical;
using testing::kLast;
using testing::random_tensor;
using testing::WatchedWork;

constexpr auto kHalf = torch::kBFloat16;

torch::Tensor made_parameter(uint64_t seed = 1) {
  return random_tensor({5, 3, 3, 3}, seed, torch::kFloat32).contiguous(kLast).set_requires_grad(true);
}

struct Copied {
  torch::Tensor parameter = made_parameter();
  std::shared_ptr<ParameterCopy> copy = std::make_shared<ParameterCopy>();

  torch::Tensor now() { return copy->of(parameter, kHalf); }
  bool right() { return identical(now(), parameter.to(kHalf)); }
};

TEST(ParameterCopy, IsTheCastWithItsLayoutAndItsGradient) {
  Copied copied;
  const torch::Tensor other = made_parameter(), g = random_tensor(other.sizes(), 2, torch::kFloat32);
  for (int pass = 0; pass < 2; ++pass) {
    const torch::Tensor found = copied.now(), expected = other.to(kHalf);
    EXPECT_TRUE(identical(found, expected));
    EXPECT_EQ(found.strides(), expected.strides());
    for (const torch::Tensor& y : {found, expected}) (y.to(torch::kFloat32) * g).sum().backward();
  }
  EXPECT_EQ(copied.parameter.grad().scalar_type(), torch::kFloat32) << "passes are added in float32";
  EXPECT_TRUE(identical(copied.parameter.grad(), other.grad()));
}

TEST(ParameterCopy, IsWrittenOnlyWhereTheParameterHasChanged) {
  Copied copied;
  const torch::Tensor first = copied.now();
  const auto version = first._version();
  EXPECT_TRUE(copied.now().is_alias_of(first));
  {
    const torch::NoGradGuard no_gradient;
    EXPECT_FALSE(copied.now().requires_grad());
    EXPECT_TRUE(copied.now().is_alias_of(first));
  }
  EXPECT_EQ(first._version(), version);
}

TEST(ParameterCopy, OfAnotherTypeAndOfAPartIsTheCast) {
  Copied copied;
  EXPECT_TRUE(copied.copy->of(copied.parameter, torch::kFloat32).is_same(copied.parameter));
  EXPECT_EQ(copied.copy->of(copied.parameter, torch::kFloat64).scalar_type(), torch::kFloat64);
  const torch::Tensor part = copied.parameter.narrow(0, 0, 2);
  copied.copy->of(part, kHalf).to(torch::kFloat32).sum().backward();
  EXPECT_EQ(copied.parameter.grad().sum().item<double>(), 2 * 27);
  EXPECT_EQ(copied.copy->memory(part), nullptr);
}

// Each way in which weights change, from outside of a training's update.
TEST(ParameterCopy, NeverIsWhatTheParameterWasBefore) {
  using Change = std::function<void(torch::Tensor&)>;
  const std::vector<Change> changes = {
      [](torch::Tensor& w) { w.mul_(2); },                                            // sparse momentum's masks
      [](torch::Tensor& w) { w.copy_(made_parameter(7)); },                           // a checkpoint, a teacher
      [](torch::Tensor& w) { w.detach().fill_(3); },                                  // through what shares its memory
      [](torch::Tensor& w) { w.narrow(0, 1, 2).zero_(); },                            // a part of it
      [](torch::Tensor& w) { w.select(0, 1).detach().add_(1); },                      // a part of that
      [](torch::Tensor& w) { w.set_data(made_parameter(8).detach()); },               // another memory
      [](torch::Tensor& w) { w.set_data(made_parameter(9).detach().contiguous()); },  // another layout
      [](torch::Tensor& w) { w = made_parameter(10); },                               // another parameter
      [](torch::Tensor& w) {
        w = random_tensor({2, 3}, 11, torch::kFloat32);
      }  // of another shape
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    Copied copied;
    const torch::NoGradGuard no_gradient;
    EXPECT_TRUE(copied.right());
    for (int times = 0; times < 3; ++times) {
      changes[i](copied.parameter);
      EXPECT_TRUE(copied.right()) << "change " << i;
    }
  }
}

// Memory that was given back is given out again: at the same address, with the same version, other weights can lie.
TEST(ParameterCopy, HoldsTheMemoryThatItWasWrittenFrom) {
  const torch::NoGradGuard no_gradient;
  Copied copied;
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(copied.right());
    copied.parameter.set_data(torch::zeros_like(copied.parameter.detach()));
    copied.parameter.set_data(torch::full_like(copied.parameter.detach(), i));
  }
}

TEST(ParameterCopy, FollowsAKernelThatWritesBothAndNoOther) {
  const torch::NoGradGuard no_gradient;
  Copied copied;
  EXPECT_EQ(copied.copy->memory(copied.parameter), nullptr) << "nothing is written yet";
  const torch::Tensor copy = copied.now();
  const auto kernel = [&](bool with_copy) {
    std::fill_n(copied.parameter.data_ptr<float>(), copied.parameter.numel(), with_copy ? 2.0f : 4.0f);
    if (with_copy) std::fill_n(copied.copy->memory(copied.parameter), copy.numel(), uint16_t{0x4000});
    copied.copy->changed(copied.parameter, with_copy);
  };
  kernel(true);
  EXPECT_NE(copied.copy->memory(copied.parameter), nullptr);
  const auto version = copy._version();
  EXPECT_TRUE(copied.right());
  EXPECT_EQ(copy._version(), version) << "it was not written again";
  kernel(false);
  EXPECT_EQ(copied.copy->memory(copied.parameter), nullptr);
  EXPECT_TRUE(copied.right());
  copied.parameter.mul_(2);
  copied.copy->changed(copied.parameter, true);
  EXPECT_TRUE(copied.right()) << "one that did not follow before does not after";
}

TEST(ParameterCopy, ThatChangedSinceAForwardPassIsRefusedInItsBackwardPass) {
  Copied copied;
  const torch::Tensor x = random_tensor({2, 3, 4, 4}, 2, kHalf).set_requires_grad(true);
  const torch::Tensor y = at::conv2d(x, copied.now());
  {
    const torch::NoGradGuard no_gradient;
    copied.parameter.mul_(2);
  }
  copied.now();
  EXPECT_THROW(y.to(torch::kFloat32).sum().backward(), c10::Error);
}

TEST(ParameterCopy, ThatARecordedStepReadsIsWrittenBeforeAReplayWhereTheParameterHasChanged) {
  const torch::NoGradGuard no_gradient;
  Copied copied;
  copied.now();
  torch::Tensor read;
  WatchedWork graph;
  graph.record([&] { read = copied.now(); });
  copied.parameter.mul_(2);
  EXPECT_FALSE(identical(read, copied.parameter.to(kHalf)));
  graph.replay();
  EXPECT_TRUE(identical(read, copied.parameter.to(kHalf)));
}

// What is recorded is not done: no copy may count as written then.
TEST(ParameterCopy, IsNotWrittenByAStepThatIsRecordedAndNeverReplayed) {
  const torch::NoGradGuard no_gradient;
  // Puts the tensors' bytes back: nothing was done.
  const auto recorded = [](const std::vector<torch::Tensor>& tensors, const std::function<void()>& work) {
    std::vector<torch::Tensor> before;
    for (const torch::Tensor& tensor : tensors) before.push_back(tensor.clone());
    WatchedWork().record(work);
    for (size_t i = 0; i < tensors.size(); ++i) {
      std::memcpy(tensors[i].data_ptr(), before[i].data_ptr(), tensors[i].nbytes());
    }
  };
  Copied copied;
  const torch::Tensor copy = copied.now();
  copied.parameter.mul_(2);
  recorded({copied.parameter, copy}, [&] { EXPECT_FALSE(copied.now().is_alias_of(copy)) << "a cast is recorded"; });
  EXPECT_TRUE(copied.right());
  copied.parameter.mul_(2);
  recorded({copied.parameter, copy}, [&] { EXPECT_TRUE(copied.copy->refresh(copied.parameter)); });
  EXPECT_TRUE(copied.right());
  recorded({copied.parameter, copy}, [&] {
    copied.parameter.mul_(2);
    EXPECT_TRUE(copied.copy->refresh(copied.parameter));
  });
  EXPECT_TRUE(copied.right());
}

TEST(ParameterCopy, OfALayerGivesTheBitsOfItsCast) {
  Conv2d conv({3, 5, 3, 1, 1, true}), other({3, 5, 3, 1, 1, true});
  FullyConnected linear(5, 4), other_linear(5, 4);
  for (Layer* layer : std::initializer_list<Layer*>{&conv, &other, &linear, &other_linear}) {
    auto generator = at::detail::createCPUGenerator(3);
    layer->reset_parameters(generator);
  }
  for (int pass = 0; pass < 3; ++pass) {
    const torch::Tensor x = random_tensor({2, 3, 4, 4}, pass, kHalf).contiguous(kLast);
    const torch::Tensor y = linear.forward(conv.forward(x).mean({2, 3}));
    const torch::Tensor expected =
        at::linear(at::conv2d(x, other.weight.to(kHalf), other.bias.to(kHalf), 1, 1).mean({2, 3}),
                   other_linear.weight.to(kHalf), other_linear.bias.to(kHalf));
    EXPECT_TRUE(identical(y, expected));
    y.to(torch::kFloat32).square().sum().backward();
    expected.to(torch::kFloat32).square().sum().backward();
    for (const auto& [a, b] : {std::pair<Layer*, Layer*>{&conv, &other}, {&linear, &other_linear}}) {
      EXPECT_TRUE(identical(a->weight.grad(), b->weight.grad()));
      EXPECT_TRUE(identical(a->bias.grad(), b->bias.grad()));
      const torch::NoGradGuard no_gradient;
      for (Layer* layer : {a, b}) layer->weight.sub_(layer->weight.grad(), 0.1);
    }
  }
}

}  // namespace
}  // namespace senet
