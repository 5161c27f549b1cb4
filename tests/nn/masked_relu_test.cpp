#include "senet/masked_relu.h"

#include <cmath>
#include <limits>

#include "device/device.h"
#include "senet/activation.h"
#include "support/support.h"

namespace senet {
namespace {

using testing::error_of;
using testing::identical;
using testing::kLast;
using testing::numerical_gradient;
using testing::random_tensor;

constexpr auto kContiguous = torch::MemoryFormat::Contiguous;

torch::Tensor mask_of(torch::IntArrayRef shape, uint64_t seed) {
  return random_tensor(shape, seed).gt(0).to(torch::kUInt8);
}

// y = M⊙max(x, 0) + (1 − M)⊙x, as written.
torch::Tensor by_definition(const torch::Tensor& x, const torch::Tensor& mask) {
  const torch::Tensor m = mask.to(torch::kFloat64);
  return m * x.to(torch::kFloat64).clamp_min(0) + (1 - m) * x.to(torch::kFloat64);
}

struct Case {
  torch::ScalarType type;
  torch::MemoryFormat format;
  std::vector<int64_t> shape;
};

class MaskedReluTest : public ::testing::TestWithParam<Case> {};

TEST_P(MaskedReluTest, EqualsItsDefinitionForwardAndBackward) {
  const auto& [type, format, shape] = GetParam();
  const torch::Tensor mask = mask_of(torch::IntArrayRef(shape).slice(1), 2);
  const torch::Tensor x = random_tensor(shape, 1, type).contiguous(format).set_requires_grad(true);
  const torch::Tensor y = masked_relu(x, mask);
  EXPECT_EQ(y.scalar_type(), type);
  EXPECT_EQ(y.strides(), x.strides());
  EXPECT_TRUE(identical(y.to(torch::kFloat64), by_definition(x, mask)));

  // An upstream gradient in the other layout, as autograd may hand over.
  const auto other = format == kLast ? kContiguous : kLast;
  const torch::Tensor g = random_tensor(shape, 3, type).contiguous(other);
  y.backward(g);
  const torch::Tensor blocked = mask.to(torch::kBool).logical_and(x.detach() <= 0);
  EXPECT_TRUE(identical(x.grad(), torch::where(blocked, torch::zeros_like(g), g)));
}

INSTANTIATE_TEST_SUITE_P(
    TypesLayoutsSizes, MaskedReluTest,
    ::testing::Values(Case{torch::kFloat32, kContiguous, {4, 3, 5, 7}}, Case{torch::kFloat32, kLast, {4, 3, 5, 7}},
                      Case{torch::kBFloat16, kContiguous, {3, 5, 7, 1}}, Case{torch::kBFloat16, kLast, {3, 5, 7, 11}},
                      Case{torch::kFloat64, kLast, {2, 3, 3, 3}}, Case{torch::kFloat32, kLast, {1, 1, 1, 1}},
                      Case{torch::kFloat32, kLast, {0, 3, 2, 2}}, Case{torch::kFloat32, kLast, {33, 17, 13, 9}},
                      Case{torch::kBFloat16, kContiguous, {19, 64, 8, 8}}));

TEST(MaskedRelu, ItsGradientIsTheNumericalJacobian) {
  const torch::Tensor mask = mask_of({3, 4, 5}, 7);
  // Away from the kink, where the derivative does not exist.
  torch::Tensor x = random_tensor({2, 3, 4, 5}, 8);
  x = x + x.sign() * 0.01;
  const torch::Tensor weight = random_tensor({2, 3, 4, 5}, 9);
  const auto f = [&](const torch::Tensor& at) { return (masked_relu(at, mask) * weight).sum().item<double>(); };
  torch::Tensor point = x.clone().set_requires_grad(true);
  (masked_relu(point, mask) * weight).sum().backward();
  EXPECT_LT(testing::largest_difference(point.grad(), numerical_gradient(f, x)), 1e-7);
}

TEST(MaskedRelu, AllOnesIsReluAllZerosIsTheIdentity) {
  for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
    const torch::Tensor x = random_tensor({5, 3, 6, 6}, 4, type).contiguous(kLast);
    EXPECT_TRUE(identical(masked_relu(x, torch::ones({3, 6, 6}, torch::kUInt8)), x.clamp_min(0)));
    EXPECT_TRUE(identical(masked_relu(x, torch::zeros({3, 6, 6}, torch::kUInt8)), x));
  }
}

TEST(MaskedRelu, TheEdgesOfTheNumberLine) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  for (const auto type : {torch::kFloat32, torch::kBFloat16, torch::kFloat64}) {
    const torch::Tensor x =
        torch::tensor({inf, -inf, nan, -nan, 0.0, -0.0, 1e-38, -1e-38}, torch::kFloat64).to(type).view({1, 1, 1, 8});
    const torch::Tensor relu = masked_relu(x, torch::ones({1, 1, 8}, torch::kUInt8)).to(torch::kFloat64).flatten();
    const double expected[] = {inf, 0, nan, nan, 0, 0, 1e-38, 0};
    for (int i = 0; i < 8; ++i) {
      const double value = relu[i].item<double>();
      if (std::isnan(expected[i])) {
        EXPECT_TRUE(std::isnan(value)) << i;
      } else {
        EXPECT_EQ(value, torch::tensor(expected[i], type).to(torch::kFloat64).item<double>()) << i;
        EXPECT_FALSE(std::signbit(value)) << "no negative zero comes out of a ReLU";
      }
    }
    const torch::Tensor linear = masked_relu(x, torch::zeros({1, 1, 8}, torch::kUInt8));
    EXPECT_EQ(linear.to(torch::kFloat64).flatten()[1].item<double>(), -inf);
    EXPECT_TRUE(std::isnan(linear.to(torch::kFloat64).flatten()[3].item<double>()));
  }
}

TEST(MaskedRelu, TakesMisalignedAndStridedViews) {
  const torch::Tensor mask = mask_of({3, 5, 5}, 11);
  const torch::Tensor storage = random_tensor({1 + 4 * 75}, 12, torch::kFloat32);
  const torch::Tensor misaligned = storage.slice(0, 1).view({4, 3, 5, 5});
  EXPECT_TRUE(identical(masked_relu(misaligned, mask).to(torch::kFloat64), by_definition(misaligned, mask)));
  const torch::Tensor strided = random_tensor({4, 3, 5, 10}, 13, torch::kFloat32).slice(3, 0, 10, 2);
  EXPECT_TRUE(identical(masked_relu(strided, mask).to(torch::kFloat64), by_definition(strided, mask)));
}

TEST(MaskedRelu, RefusesWhatDoesNotFit) {
  const torch::Tensor x = torch::zeros({2, 3, 4, 4});
  EXPECT_NE(error_of([&] {
              masked_relu(x, torch::zeros({3, 4, 5}, torch::kUInt8));
            }).find("[3, 4, 5]"),
            std::string::npos);
  EXPECT_NE(error_of([&] { masked_relu(x, torch::zeros({3, 4, 4})); }).find("uint8"), std::string::npos);
  EXPECT_NE(error_of([&] {
              masked_relu(x[0], torch::zeros({4, 4}, torch::kUInt8));
            }).find("N×C×H×W"),
            std::string::npos);
  EXPECT_NE(error_of([&] {
              masked_relu(x.to(torch::kInt32), torch::zeros({3, 4, 4}, torch::kUInt8));
            }).find("float32"),
            std::string::npos);
}

TEST(Activation, AMaskDescribesTheActivationItMakes) {
  const torch::Tensor some = mask_of({2, 3, 3}, 5);
  EXPECT_NE(std::dynamic_pointer_cast<MaskedRelu>(activation_from_mask(some)), nullptr);
  EXPECT_NE(std::dynamic_pointer_cast<Relu>(activation_from_mask(torch::ones_like(some))), nullptr);
  EXPECT_NE(std::dynamic_pointer_cast<Linear>(activation_from_mask(torch::zeros_like(some))), nullptr);
  for (const torch::Tensor& mask : {some, torch::ones_like(some), torch::zeros_like(some)}) {
    EXPECT_TRUE(identical(activation_from_mask(mask)->mask(), mask));
  }
  EXPECT_NE(error_of([&] { activation_from_mask(some * 2); }).find("zeros and ones"), std::string::npos);
}

TEST(Activation, OneOfTheCoresIsMadeAgainOfItsTensorsAndCutToItsFirstChannels) {
  const torch::Tensor some = mask_of({4, 3, 3}, 5);
  for (const torch::Tensor& mask : {some, torch::ones_like(some), torch::zeros_like(some)}) {
    const auto activation = activation_from_mask(mask);
    TensorMap tensors = activation->tensors();
    const auto again = activation_from(tensors);
    const Activation &first = *activation, &second = *again;
    EXPECT_TRUE(first.is_core());
    EXPECT_EQ(typeid(second), typeid(first));
    EXPECT_TRUE(identical(again->mask(), mask));
    for (auto& [name, tensor] : tensors) tensor = tensor.narrow(0, 0, 2);
    EXPECT_TRUE(identical(activation_from(tensors)->mask(), mask.slice(0, 0, 2)));
  }
  EXPECT_NE(error_of([&] {
              activation_from({{"mask", some}, {"alpha", some}});
            }).find("alpha, mask; expected mask, or mask and coefficients"),
            std::string::npos);
}

TEST(Activation, AMaskedReluTakesAnotherMaskWhereARecordedStepReadsIt) {
  const torch::Tensor first = mask_of({3, 4, 5}, 1), second = mask_of({3, 4, 5}, 2);
  const torch::Tensor x = random_tensor({2, 3, 4, 5}, 3, torch::kFloat32);
  MaskedRelu activation(first);
  activation.forward(x.contiguous(kLast));
  activation.set_mask(second);
  EXPECT_TRUE(identical(activation.mask(), second));
  EXPECT_TRUE(identical(activation.forward(x), masked_relu(x, second)));
  {
    const Capture recording;
    EXPECT_TRUE(identical(activation.forward(x.contiguous(kLast)), masked_relu(x.contiguous(kLast), second)))
        << "made before, so that nothing is copied now";
  }
  EXPECT_NE(error_of([&] {
              activation.set_mask(mask_of({3, 5, 4}, 1));
            }).find("cannot take a mask of [3, 5, 4]"),
            std::string::npos);

  MaskedRelu fresh(first);
  const Capture recording;
  EXPECT_NE(error_of([&] { fresh.forward(x); }).find("while a step is recorded"), std::string::npos);
}

TEST(Activation, AMaskedReluServesBothLayoutsInTurn) {
  const torch::Tensor mask = mask_of({3, 4, 5}, 6);
  MaskedRelu activation(mask);
  const torch::Tensor x = random_tensor({2, 3, 4, 5}, 7, torch::kFloat32);
  for (const auto format : {kContiguous, kLast, kContiguous}) {
    EXPECT_TRUE(identical(activation.forward(x.contiguous(format)).to(torch::kFloat64), by_definition(x, mask)));
  }
}

torch::Tensor coefficients_of(int64_t channels, int64_t degree, uint64_t seed) {
  return random_tensor({channels, degree + 1}, seed, torch::kFloat32);
}

// y = M⊙max(x, 0) + (1 − M)⊙(c₀ + c₁x + c₂x²), as written.
torch::Tensor by_definition(const torch::Tensor& x, const torch::Tensor& mask, const torch::Tensor& coefficients) {
  const torch::Tensor m = mask.to(torch::kFloat64), in = x.to(torch::kFloat64), c = coefficients.to(torch::kFloat64);
  torch::Tensor polynomial = torch::zeros_like(in);
  for (int64_t k = 0; k < c.size(1); ++k) polynomial = polynomial + c.select(1, k).view({-1, 1, 1}) * in.pow(k);
  return m * in.clamp_min(0) + (1 - m) * polynomial;
}

TEST(MaskedPolynomial, EqualsItsDefinitionInBothLayoutsAndKeepsThem) {
  const torch::Tensor mask = mask_of({3, 4, 5}, 6);
  for (const int64_t degree : {1, 2}) {
    const torch::Tensor coefficients = coefficients_of(3, degree, 7);
    MaskedPolynomial activation(mask, coefficients);
    for (const auto format : {kContiguous, kLast, kContiguous}) {
      const torch::Tensor x = random_tensor({2, 3, 4, 5}, 8).contiguous(format);
      const torch::Tensor y = activation.forward(x);
      EXPECT_LT(testing::largest_difference(y, by_definition(x, mask, coefficients)), 1e-12);
      EXPECT_EQ(y.strides(), x.strides());
    }
  }
}

TEST(MaskedPolynomial, RoundsOnceToBfloat16) {
  const torch::Tensor mask = mask_of({3, 4, 5}, 6);
  // 300 + x/300 − 1e-4·x²: rounded in between it would be far off.
  const torch::Tensor coefficients = torch::tensor({{300.f, 1 / 300.f, -1e-4f}}).repeat({3, 1});
  MaskedPolynomial activation(mask, coefficients);
  const torch::Tensor x = (random_tensor({2, 3, 4, 5}, 9, torch::kFloat32) * 1000).to(torch::kBFloat16);
  const torch::Tensor y = activation.forward(x);
  EXPECT_EQ(y.scalar_type(), torch::kBFloat16);
  EXPECT_TRUE(identical(y, activation.forward(x.to(torch::kFloat32)).to(torch::kBFloat16)));
}

TEST(MaskedPolynomial, ItsGradientsAreTheNumericalOnes) {
  const torch::Tensor mask = mask_of({3, 4, 5}, 7), weight = random_tensor({2, 3, 4, 5}, 9);
  torch::Tensor x = random_tensor({2, 3, 4, 5}, 8);
  x = x + x.sign() * 0.01;
  const torch::Tensor coefficients = coefficients_of(3, 2, 10);
  MaskedPolynomial activation(mask, coefficients);
  torch::Tensor point = x.clone().set_requires_grad(true);
  (activation.forward(point) * weight).sum().backward();
  const auto of_x = [&](const torch::Tensor& at) {
    return (by_definition(at, mask, coefficients) * weight).sum().item<double>();
  };
  const auto of_coefficients = [&](const torch::Tensor& at) {
    return (by_definition(x, mask, at) * weight).sum().item<double>();
  };
  EXPECT_LT(testing::largest_difference(point.grad(), numerical_gradient(of_x, x)), 1e-6);
  EXPECT_LT(testing::largest_difference(activation.coefficients.grad(),
                                        numerical_gradient(of_coefficients, coefficients.to(torch::kFloat64))),
            1e-5);
}

TEST(MaskedPolynomial, SaysWhatItMultiplies) {
  torch::Tensor mask = torch::zeros({3, 4, 5}, torch::kUInt8);
  mask[0] = 1;
  const Multiplications first = MaskedPolynomial(mask, coefficients_of(3, 1, 1)).multiplications(),
                        second = MaskedPolynomial(mask, coefficients_of(3, 2, 1)).multiplications();
  EXPECT_EQ(first.squares, 0);
  EXPECT_EQ(first.coefficients, 40);
  EXPECT_EQ(second.squares, 40);
  EXPECT_EQ(second.coefficients, 80);
}

TEST(MaskedPolynomial, IsMadeAgainOfItsTensorsAndCutToItsFirstChannels) {
  const torch::Tensor mask = mask_of({4, 3, 3}, 5), coefficients = coefficients_of(4, 2, 6);
  const torch::Tensor x = random_tensor({2, 4, 3, 3}, 7, torch::kFloat32);
  MaskedPolynomial activation(mask, coefficients);
  EXPECT_TRUE(activation.is_core());
  TensorMap tensors = activation.tensors();
  const torch::Tensor y = activation.forward(x);
  EXPECT_TRUE(identical(activation_from(tensors)->forward(x), y));
  for (auto& [name, tensor] : tensors) tensor = tensor.narrow(0, 0, 2);
  EXPECT_TRUE(identical(activation_from(tensors)->forward(x.narrow(1, 0, 2)), y.narrow(1, 0, 2)));
}

TEST(MaskedPolynomial, RefusesCoefficientsOfOtherChannelsOrDegrees) {
  const torch::Tensor mask = mask_of({4, 3, 3}, 5);
  for (const auto& shape : std::vector<std::vector<int64_t>>{{3, 3}, {4, 1}, {4, 4}, {4}}) {
    EXPECT_NE(error_of([&] { MaskedPolynomial(mask, torch::zeros(shape)); }).find("expected [4, 2] or [4, 3]"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace senet
