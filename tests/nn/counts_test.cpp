// What senet::count() says of networks that compute more than their layers and sites do.

#include <torch/csrc/autograd/custom_function.h>

#include <functional>

#include "senet/network.h"
#include "support/support.h"

namespace senet {
namespace {

using testing::error_of;

// A convolution, a site, and then whatever `pass` makes of 4×6×6.
class Stranger final : public Network {
 public:
  using Pass = std::function<torch::Tensor(const torch::Tensor&)>;
  explicit Stranger(Pass pass) : Network({2, 6, 6, 3}), pass_(std::move(pass)) {
    conv_ = register_module("conv", std::make_shared<Conv2d>(Conv2dOptions{2, 4, 3, 1, 1}));
    norm_ = register_module("norm", std::make_shared<BatchNorm2d>(4));
    linear_ = register_module("linear", std::make_shared<Classifier>(4, 3));
    site_ = add_site("site", {4, 6, 6}, 1, "conv", conv_);
    initialise(1);
  }
  torch::Tensor forward(const torch::Tensor& images, Observer* observer) override {
    torch::Tensor x = site_->after(*norm_, conv_->forward(images), {}, announce ? observer : nullptr);
    if (twice) x = site_->forward(x, observer);
    x = pass_(x);
    return linear_->forward(x.dim() == 4 ? x.mean({2, 3}) : x);
  }

  bool announce = true, twice = false;

 private:
  Pass pass_;
  std::shared_ptr<Conv2d> conv_;
  std::shared_ptr<BatchNorm2d> norm_;
  std::shared_ptr<Classifier> linear_;
  const ReluSite* site_;
};

NetworkCounts count_of(Stranger::Pass pass) {
  Stranger network(std::move(pass));
  return count(network);
}

const torch::Tensor kKernels = torch::ones({4, 4, 3, 3}), kOneKernelEach = torch::ones({4, 1, 3, 3});

TEST(Counts, WhatIsLinearIsFree) {
  const std::map<std::string, Stranger::Pass> passes = {
      {"nothing", [](const torch::Tensor& x) { return x; }},
      {"a grouped convolution",
       [](const torch::Tensor& x) { return torch::conv2d(x, kOneKernelEach, {}, 1, 1, 1, 4); }},
      {"a dilated one", [](const torch::Tensor& x) { return torch::conv2d(x, kKernels, {}, 1, 2, 2); }},
      {"a transposed one", [](const torch::Tensor& x) { return torch::conv_transpose2d(x, kKernels); }},
      {"a matrix product with a constant",
       [](const torch::Tensor& x) {
         return torch::matmul(x, torch::ones({6, 6}));
       }},
      {"scaling", [](const torch::Tensor& x) { return x * 3 / 2 - x.mean() + 1; }},
      {"averages that the graph of an export has not",
       [](const torch::Tensor& x) {
         return torch::avg_pool2d(torch::avg_pool2d(x, 3, 2, 1, false, true), 2, 2, 0, true);
       }},
      {"upsampling",
       [](const torch::Tensor& x) {
         return at::upsample_bilinear2d(x, {12, 12}, false);
       }},
      {"slices, padding and concatenation",
       [](const torch::Tensor& x) {
         return torch::cat({x.slice(1, 2, 4), at::constant_pad_nd(x, {0, 0, 0, 0, 1, 1}).slice(1, 1, 3)}, 1);
       }},
      {"halves that change places",
       [](const torch::Tensor& x) {
         const auto parts = x.chunk(2, 1);
         return torch::cat({parts[1], parts[0]}, 1).permute({0, 1, 3, 2}).contiguous();
       }},
      {"what is written into a tensor",
       [](const torch::Tensor& x) {
         torch::Tensor y = torch::zeros_like(x);
         y.slice(1, 0, 2).copy_(x.slice(1, 2, 4));
         y += x;
         return y;
       }},
      {"a choice by constants",
       [](const torch::Tensor& x) {
         return torch::where(torch::ones({6, 6}, torch::kBool), x, -x).index_select(1, torch::arange(4));
       }},
      {"a clamp of weights alone",
       [](const torch::Tensor& x) { return x * torch::relu(kKernels.slice(0, 0, 1).mean()); }},
      {"a ReLU that no logit depends on",
       [](const torch::Tensor& x) {
         torch::relu(x);
         return x;
       }},
  };
  for (const auto& [name, pass] : passes) {
    SCOPED_TRACE(name);
    const NetworkCounts counts = count_of(pass);
    EXPECT_EQ(counts.relus, 4 * 36);
    EXPECT_EQ(counts.max_pool_comparisons, 0);
    EXPECT_TRUE(counts.not_counted.empty()) << counts.not_counted.front();
  }
}

TEST(Counts, WhatComparesOutsideASiteIsRefusedByNameAndPlace) {
  const std::map<std::string, Stranger::Pass> passes = {
      {"aten::relu", [](const torch::Tensor& x) { return torch::relu(x); }},
      {"aten::relu_", [](const torch::Tensor& x) { return x.clone().relu_(); }},
      {"aten::relu6", [](const torch::Tensor& x) { return at::relu6(x); }},
      {"aten::clamp", [](const torch::Tensor& x) { return x.clamp(0, 6); }},
      {"aten::clamp_max", [](const torch::Tensor& x) { return x.clamp_max(6); }},
      {"aten::leaky_relu", [](const torch::Tensor& x) { return torch::leaky_relu(x, 0.1); }},
      {"aten::elu", [](const torch::Tensor& x) { return at::elu(x); }},
      {"aten::abs", [](const torch::Tensor& x) { return x.abs(); }},
      {"aten::maximum", [](const torch::Tensor& x) { return torch::maximum(x, -x); }},
      {"aten::max", [](const torch::Tensor& x) { return std::get<0>(x.max(3)).mean(2); }},
      {"aten::amax",
       [](const torch::Tensor& x) {
         return x.amax({2, 3});
       }},
      {"aten::gt", [](const torch::Tensor& x) { return x * x.gt(0).to(torch::kFloat32); }},
      {"aten::hardswish", [](const torch::Tensor& x) { return at::hardswish(x); }},
  };
  for (const auto& [name, pass] : passes) {
    Exit exit = Exit::failure;
    const std::string error = error_of([&, &pass = pass] { count_of(pass); }, &exit);
    EXPECT_EQ(exit, Exit::usage) << error;
    EXPECT_NE(error.find(name + " after 'site'"), std::string::npos) << error;
  }
}

TEST(Counts, MaxPoolingHasAColumnOfItsOwn) {
  EXPECT_EQ(count_of([](const torch::Tensor& x) { return torch::max_pool2d(x, 2); }).max_pool_comparisons, 3 * 4 * 9);
  EXPECT_EQ(count_of([](const torch::Tensor& x) { return torch::max_pool2d(x, 3, 2, 1); }).max_pool_comparisons,
            8 * 4 * 9);
  // Windows of 2 and 2, 3 and 2 (rows 0–1, 1–2, 3–4, 4–5 of 6) in each direction: sum 8.
  const NetworkCounts adaptive = count_of([](const torch::Tensor& x) {
    return std::get<0>(at::adaptive_max_pool2d(x, {4, 4}));
  });
  EXPECT_EQ(adaptive.max_pool_comparisons, 4 * (8 * 8 - 16));
  EXPECT_EQ(adaptive.relus, 4 * 36) << "they are in no budget";
  EXPECT_TRUE(adaptive.not_counted.empty());
}

// Rectifies on its own, by no operator of LibTorch.
class OwnLoop final : public torch::autograd::Function<OwnLoop> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext*, const torch::Tensor& x) {
    torch::Tensor y = torch::empty_like(x);
    for (int64_t i = 0; i < x.numel(); ++i) y.data_ptr<float>()[i] = std::max(x.data_ptr<float>()[i], 0.0f);
    return y;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext*, torch::autograd::variable_list g) {
    return g;
  }
};

TEST(Counts, WhatCannotBeCountedIsNamed) {
  const std::map<std::string, Stranger::Pass> passes = {
      {"aten::gelu after 'site'", [](const torch::Tensor& x) { return torch::gelu(x); }},
      {"aten::softmax after 'site'", [](const torch::Tensor& x) { return torch::softmax(x, 1); }},
      {"aten::sigmoid after 'site'", [](const torch::Tensor& x) { return x.sigmoid(); }},
      {"aten::mul after 'site'", [](const torch::Tensor& x) { return x * x; }},
      {"aten::matmul after 'site'", [](const torch::Tensor& x) { return torch::matmul(x, x); }},
      {"aten::pow after 'site'", [](const torch::Tensor& x) { return x.pow(2); }},
      {"aten::layer_norm after 'site'",
       [](const torch::Tensor& x) {
         return at::layer_norm(x, {6, 6});
       }},
      {"aten::div after 'site'", [](const torch::Tensor& x) { return x / (x.sum() + 1); }},
      {"aten::round after 'site'", [](const torch::Tensor& x) { return x.round(); }},
      {"aten::to after 'site'", [](const torch::Tensor& x) { return x.to(torch::kInt32).to(torch::kFloat32); }},
      {"aten::item after 'site'", [](const torch::Tensor& x) { return x.sum().item<float>() > 0 ? x : -x; }},
      {"what is computed without LibTorch's operators", [](const torch::Tensor& x) { return OwnLoop::apply(x); }},
  };
  for (const auto& [name, pass] : passes) {
    const NetworkCounts counts = count_of(pass);
    ASSERT_EQ(counts.not_counted.size(), 1u) << name;
    EXPECT_EQ(counts.not_counted[0], name);
    EXPECT_EQ(counts.relus, 4 * 36);
  }
}

TEST(Counts, APassComesByEachSiteOnce) {
  Stranger silent([](const torch::Tensor& x) { return x; });
  silent.announce = false;
  EXPECT_NE(error_of([&] { count(silent); }).find("ReLU site 'site' 0 times"), std::string::npos);
  Stranger again([](const torch::Tensor& x) { return x; });
  again.twice = true;
  EXPECT_NE(error_of([&] { count(again); }).find("ReLU site 'site' 2 times"), std::string::npos);
}

TEST(Counts, AParameterThatNoLayerOwnsIsRefusedByName) {
  Stranger network([](const torch::Tensor& x) { return x; });
  network.register_parameter("scale", torch::randn({4}));
  Exit exit = Exit::failure;
  const std::string error = error_of([&] { count(network); }, &exit);
  EXPECT_EQ(exit, Exit::usage);
  EXPECT_NE(error.find("'scale' belongs to no senet::Layer"), std::string::npos) << error;
}

TEST(Counts, LeavesTheNetworkAndTheGeneratorAsTheyWere) {
  Stranger network([](const torch::Tensor& x) { return at::dropout(x, 0.5, false); });
  network.train();
  torch::manual_seed(3);
  const torch::Tensor expected = torch::rand({4});
  torch::manual_seed(3);
  count(network);
  EXPECT_TRUE(torch::rand({4}).equal(expected));
  EXPECT_TRUE(network.is_training());
  for (const torch::Tensor& parameter : network.parameters()) EXPECT_FALSE(parameter.grad().defined());
}

TEST(Counts, EveryTokenOfAFullyConnectedLayerIsMultiplied) {
  FullyConnected layer(6, 5);
  layer.forward(torch::zeros({2, 6}));
  EXPECT_EQ(layer.macs_per_image(), 30);
  layer.forward(torch::zeros({2, 7, 6}));
  EXPECT_EQ(layer.macs_per_image(), 7 * 30);
}

// An activation with a parameter, which is its method's to set.
class Scaled final : public Activation {
 public:
  Scaled() { scale = register_parameter("scale", torch::full({4, 1, 1}, 0.5f)); }
  torch::Tensor forward(const torch::Tensor& x) override { return x.clamp_min(0) * (scale - scale + 1); }
  torch::Tensor mask() const override { return torch::ones({4, 6, 6}, torch::kUInt8); }
  torch::Tensor scale;
};

TEST(Counts, AnActivationOwnsItsParameters) {
  Stranger network([](const torch::Tensor& x) { return x; });
  const int64_t before = count(network).parameters;
  const auto scaled = std::make_shared<Scaled>();
  network.set_activation(network.sites().front(), scaled);
  network.initialise(3);
  EXPECT_TRUE(scaled->scale.eq(0.5).all().item<bool>()) << "no seed draws it";
  EXPECT_EQ(count(network).parameters, before + 4);
}

// An activation that is a function of its input alone.
class Shape final : public Activation {
 public:
  using Function = std::function<torch::Tensor(const torch::Tensor&)>;
  explicit Shape(Function function) : function_(std::move(function)) {}
  torch::Tensor forward(const torch::Tensor& x) override { return function_(x); }
  torch::Tensor mask() const override { return torch::ones({4, 6, 6}, torch::kUInt8); }

 private:
  Function function_;
};

TEST(Counts, AnActivationThatIsNoReluAtSomeMagnitudeIsRefused) {
  const std::map<std::string, Shape::Function> functions = {
      {"ReLU6", [](const torch::Tensor& x) { return x.clamp(0, 6); }},
      {"hardtanh", [](const torch::Tensor& x) { return x.clamp(-1, 1); }},
      {"hardtanh of 500", [](const torch::Tensor& x) { return x.clamp(-500, 500); }},
      {"softshrink", [](const torch::Tensor& x) { return at::softshrink(x, 0.5); }},
      {"a cubic through −1, 0 and 1", [](const torch::Tensor& x) { return x * x * x; }},
      {"a ReLU of large numbers alone",
       [](const torch::Tensor& x) { return torch::where(x < -5, torch::zeros_like(x), x); }},
      {"the maximum over neighbours", [](const torch::Tensor& x) { return torch::max_pool2d(x, 3, 1, 1); }},
  };
  for (const auto& [name, function] : functions) {
    Stranger network([](const torch::Tensor& x) { return x; });
    network.set_activation(network.sites()[0], std::make_shared<Shape>(function));
    const std::string error = error_of([&] { count_relus(network.sites()[0]); });
    EXPECT_NE(error.find("'site' is neither a ReLU nor the identity"), std::string::npos) << name << ": " << error;
  }
}

}  // namespace
}  // namespace senet
