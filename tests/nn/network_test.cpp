#include "senet/network.h"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

#include "support/support.h"
#include "support/tiny_network.h"

namespace senet {
namespace {

using testing::error_of;
using testing::identical;
using testing::random_tensor;
using testing::TinyNetwork;

const NetworkShape kShape{2, 6, 6, 5};

TEST(Network, CountsWhatItsActivationsCompare) {
  TinyNetwork network(2, 3, 6, 5);
  network.initialise(1);
  EXPECT_EQ(network.relus(), 3 * 36 + 4 * 9);
  EXPECT_EQ(count(network).relus, 144);
  torch::Tensor mask = torch::zeros({3, 6, 6}, torch::kUInt8);
  mask[1][2][3] = 1;
  mask[2][5][5] = 1;
  network.set_masks({mask, torch::zeros({4, 3, 3}, torch::kUInt8)});
  EXPECT_EQ(count_relus(*network.site1), 2);
  EXPECT_EQ(count_relus(*network.site2), 0);
  EXPECT_EQ(count(network).relus, 2);
  const torch::Tensor y = network.site1->activation().forward(torch::full({1, 3, 6, 6}, -1.0));
  EXPECT_EQ(y[0][1][2][3].item<double>(), 0);
  EXPECT_EQ(y[0][1][2][4].item<double>(), -1);
}

class HalfSlope final : public Activation {
 public:
  torch::Tensor forward(const torch::Tensor& x) override { return torch::where(x < 0, x * 0.5, x); }
  torch::Tensor mask() const override { return torch::ones({3, 6, 6}, torch::kUInt8); }
};

TEST(Network, AnActivationThatIsNeitherReluNorIdentityIsNotCounted) {
  TinyNetwork network(2, 3, 6, 5);
  network.set_activation(*network.site1, std::make_shared<HalfSlope>());
  EXPECT_NE(error_of([&] { count_relus(*network.site1); }).find("site1"), std::string::npos);
}

// max(x, 0) in the first channel, c₂x² + c₁x + c₀ in the others.
class PartlyPolynomial final : public Activation {
 public:
  PartlyPolynomial(std::array<double, 3> coefficients, Multiplications multiplied)
      : coefficients_(coefficients), multiplied_(multiplied) {}
  torch::Tensor forward(const torch::Tensor& x) override {
    const auto [c0, c1, c2] = coefficients_;
    return torch::where(mask().to(torch::kBool), x.clamp_min(0), x.square() * c2 + x * c1 + c0);
  }
  torch::Tensor mask() const override {
    torch::Tensor mask = torch::zeros({3, 6, 6}, torch::kUInt8);
    mask[0] = 1;
    return mask;
  }
  Multiplications multiplications() const override { return multiplied_; }

 private:
  std::array<double, 3> coefficients_;
  Multiplications multiplied_;
};

TEST(Network, CountsWhatItsActivationsMultiply) {
  TinyNetwork network(2, 3, 6, 5);
  const auto put = [&](std::array<double, 3> coefficients, Multiplications multiplied) {
    network.set_activation(*network.site1, std::make_shared<PartlyPolynomial>(coefficients, multiplied));
  };
  put({0.3, -0.7, 0.05}, {72, 144});
  const NetworkCounts counts = count(network);
  EXPECT_EQ(counts.relus, 36 + 36);
  EXPECT_EQ(counts.multiplications.squares, 72);
  EXPECT_EQ(counts.multiplications.coefficients, 144);
  put({100, 1e-4, 0}, {0, 72});
  EXPECT_EQ(count_relus(*network.site1), 36);
  for (const Multiplications& too_little : {Multiplications{}, Multiplications{0, 72}}) {
    put({0.3, -0.7, 0.05}, too_little);
    EXPECT_NE(error_of([&] { count_relus(*network.site1); }).find("'site1' is neither"), std::string::npos);
  }
}

TEST(Network, CountsACorePolynomial) {
  TinyNetwork network(2, 3, 6, 5);
  torch::Tensor mask = torch::zeros({3, 6, 6}, torch::kUInt8);
  mask[0] = 1;
  for (const int64_t degree : {1, 2}) {
    const torch::Tensor coefficients = random_tensor({3, degree + 1}, 1, torch::kFloat32);
    network.set_activation(*network.site1, std::make_shared<MaskedPolynomial>(mask, coefficients));
    const NetworkCounts counts = count(network);
    EXPECT_EQ(counts.relus, 36 + 36);
    EXPECT_EQ(counts.multiplications.squares, degree == 2 ? 72 : 0);
    EXPECT_EQ(counts.multiplications.coefficients, degree * 72);
  }
}

class Rectifies final : public Activation {
 public:
  explicit Rectifies(torch::Tensor says) : says_(std::move(says)) {}
  torch::Tensor forward(const torch::Tensor& x) override { return x.clamp_min(0); }
  torch::Tensor mask() const override { return says_; }

 private:
  torch::Tensor says_;
};

TEST(Network, AnActivationThatComparesMoreThanItSaysIsNotCounted) {
  TinyNetwork network(2, 3, 6, 5);
  torch::Tensor says = torch::ones({3, 6, 6}, torch::kUInt8);
  network.set_activation(*network.site1, std::make_shared<Rectifies>(says));
  EXPECT_EQ(count_relus(*network.site1), 108);
  says[0][0][0] = 0;
  const std::string message = error_of([&] { count_relus(*network.site1); });
  EXPECT_NE(
      message.find("'site1' says by its mask that it compares 107 of its 108 elements; evaluated, it rectifies 108"),
      std::string::npos)
      << message;
}

TEST(Network, ParametersAndMacsAgreeWithACountByHand) {
  TinyNetwork network(2, 3, 6, 5);
  network.initialise(1);
  const NetworkCounts counts = count(network);
  EXPECT_EQ(counts.parameters, 2 * 3 * 9 + 3 * 2 + 3 * 4 * 9 + 4 * 2 + 4 * 5 + 5);
  EXPECT_EQ(counts.macs, 2 * 3 * 9 * 36 + 3 * 4 * 9 * 9 + 4 * 5);
}

TEST(Network, InitialWeightsAreKaimingNormalWithFanOutAndDependOnTheSeedAlone) {
  Conv2d conv({50, 40, 3, 1, 1});
  auto generator = at::make_generator<at::CPUGeneratorImpl>(5);
  conv.reset_parameters(generator);
  EXPECT_NEAR(conv.weight.std().item<double>(), std::sqrt(2.0 / (9 * 40)), 0.002);
  EXPECT_NEAR(conv.weight.mean().item<double>(), 0, 0.002);
  TinyNetwork a(2, 3, 6, 5), b(2, 3, 6, 5), c(2, 3, 6, 5);
  a.initialise(7);
  torch::rand({100});
  b.initialise(7);
  c.initialise(8);
  EXPECT_TRUE(identical(a.conv2->weight, b.conv2->weight));
  EXPECT_FALSE(identical(a.conv2->weight, c.conv2->weight));
}

TEST(Network, ASiteRefusesAnInputOfAnotherShape) {
  TinyNetwork network(2, 3, 6, 5);
  network.initialise(1);
  const std::string message = error_of([&] { network.forward(torch::zeros({1, 2, 8, 8})); });
  for (const char* part : {"site1", "[3, 6, 6]", "[1, 3, 8, 8]"})
    EXPECT_NE(message.find(part), std::string::npos) << message;
}

TEST(Network, MasksAreCheckedSiteBySite) {
  TinyNetwork network(2, 3, 6, 5);
  EXPECT_NE(error_of([&] { network.set_masks({}); }).find("2 ReLU sites"), std::string::npos);
  EXPECT_NE(error_of([&] {
              network.set_masks({torch::zeros({3, 6, 5}, torch::kUInt8), torch::zeros({4, 3, 3}, torch::kUInt8)});
            }).find("site1"),
            std::string::npos);
  TinyNetwork other(2, 3, 6, 5);
  EXPECT_NE(error_of([&] {
              network.set_activation(*other.site1, std::make_shared<Relu>(other.site1->shape()));
            }).find("another network"),
            std::string::npos);
}

class Recorder final : public Observer {
 public:
  void at_site(const ReluSite& site, const torch::Tensor& pre, const torch::Tensor& post) override {
    log += site.name() + (identical(post, pre.clamp_min(0)) ? " relu; " : " masked; ");
  }
  void at_stage_end(int stage, const torch::Tensor&) override { log += "end " + std::to_string(stage) + "; "; }
  std::string log;
};

TEST(Network, AnActivationStaysWhereOneOfItsKindIsToStand) {
  TinyNetwork network(2, 3, 6, 5);
  const auto mask = [](torch::IntArrayRef shape, uint64_t seed) {
    return random_tensor(shape, seed).gt(0).to(torch::kUInt8);
  };
  const torch::Tensor ones = torch::ones({4, 3, 3}, torch::kUInt8), zeros = torch::zeros({4, 3, 3}, torch::kUInt8);
  EXPECT_TRUE(network.set_masks({mask({3, 6, 6}, 1), ones}));
  const Activation *first = &network.site1->activation(), *second = &network.site2->activation();
  const std::vector<torch::Tensor> others = {mask({3, 6, 6}, 2), ones};
  EXPECT_FALSE(network.set_masks(others));
  EXPECT_EQ(&network.site1->activation(), first);
  EXPECT_EQ(&network.site2->activation(), second);
  for (size_t l = 0; l < 2; ++l) EXPECT_TRUE(identical(network.masks()[l], others[l]));
  EXPECT_TRUE(network.set_masks({others[0], zeros}));
  EXPECT_FALSE(network.set_masks({others[0], zeros}));
  EXPECT_TRUE(network.set_masks({torch::ones({3, 6, 6}, torch::kUInt8), zeros}));
}

TEST(Network, TheObserverSeesEverySiteAndStageInOrder) {
  TinyNetwork network(2, 3, 6, 5);
  network.initialise(1);
  torch::Tensor mask = torch::ones({4, 3, 3}, torch::kUInt8);
  mask[0] = 0;
  network.set_masks({torch::ones({3, 6, 6}, torch::kUInt8), mask});
  Recorder recorder;
  network.forward(random_tensor({8, 2, 6, 6}, 3, torch::kFloat32), &recorder);
  EXPECT_EQ(recorder.log, "site1 relu; end 1; site2 masked; end 2; ");
}

TEST(Layers, PrecisionFollowsTheInputAndLogitsLeaveAsFloat32) {
  TinyNetwork network(2, 3, 6, 5);
  network.initialise(1);
  const torch::Tensor x = random_tensor({4, 2, 6, 6}, 3, torch::kFloat32).contiguous(torch::MemoryFormat::ChannelsLast);
  EXPECT_EQ(network.conv1->forward(x.to(torch::kBFloat16)).scalar_type(), torch::kBFloat16);
  const torch::Tensor exact = network.forward(x), rough = network.forward(x.to(torch::kBFloat16));
  EXPECT_EQ(rough.scalar_type(), torch::kFloat32);
  EXPECT_LT(testing::largest_difference(exact, rough), 0.1);
  EXPECT_EQ(network.conv1->weight.scalar_type(), torch::kFloat32);
}

}  // namespace
}  // namespace senet
