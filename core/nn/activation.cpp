#include "senet/activation.h"

#include <torch/utils.h>

#include <cmath>

#include "device/device.h"
#include "nn/norm_activation.h"
#include "senet/error.h"
#include "senet/layers.h"
#include "senet/masked_relu.h"

namespace senet {

torch::Tensor Activation::after(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut) {
  return forward(norm_and_add(norm, std::move(x), shortcut));
}

TensorMap Activation::tensors() const {
  TensorMap tensors = {{"mask", mask()}};
  for (const auto& item : named_parameters()) tensors[item.key()] = item.value().detach().to(torch::kCPU);
  for (const auto& item : named_buffers()) tensors[item.key()] = item.value().to(torch::kCPU);
  return tensors;
}

torch::Tensor Relu::after(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut) {
  if (!norm_activation_takes(norm, x, shortcut)) return Activation::after(norm, std::move(x), shortcut);
  return norm_activation(norm, std::move(x), shortcut, Rectified::all);
}

torch::Tensor Linear::after(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut) {
  return norm_and_add(norm, std::move(x), shortcut);
}

torch::Tensor MaskedRelu::after(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut) {
  if (!norm_activation_takes(norm, x, shortcut)) return Activation::after(norm, std::move(x), shortcut);
  const torch::Tensor floors = floors_for(x);
  return norm_activation(norm, std::move(x), shortcut, Rectified::masked, floors);
}

torch::Tensor Relu::forward(const torch::Tensor& x) { return torch::relu(x); }
torch::Tensor Relu::mask() const { return torch::ones(torch::IntArrayRef(shape_), torch::kUInt8); }
torch::Tensor Linear::mask() const { return torch::zeros(torch::IntArrayRef(shape_), torch::kUInt8); }

namespace {

torch::MemoryFormat layout_of(const torch::Tensor& x) {
  return x.is_contiguous() ? torch::MemoryFormat::Contiguous : torch::MemoryFormat::ChannelsLast;
}

torch::Tensor copied_mask(const torch::Tensor& mask) {
  SENET_CHECK(mask.dim() == 3, "a mask is C×H×W; found ", mask.sizes());
  torch::Tensor copy = mask.detach().to(torch::kCPU, torch::kUInt8).contiguous().clone();
  SENET_CHECK(copy.le(1).all().item<bool>(), "a mask holds zeros and ones; found values up to ",
              copy.max().item<int64_t>());
  return copy;
}

// That of the input's device and layout, made by make(format) where there is none yet.
template <class Make>
torch::Tensor of_layout(OfLayouts& known, const torch::Tensor& x, const Make& make) {
  const auto format = layout_of(x);
  for (const auto& [of, tensor] : known) {
    if (of == format && tensor.device() == x.device()) return tensor;
  }
  SENET_CHECK(!Capture::active(),
              "a mask would be copied to the device while a step is recorded there; run the step once before, on an "
              "input of the same memory layout");
  return known.emplace_back(format, make(format)).second;
}

}  // namespace

MaskedRelu::MaskedRelu(const torch::Tensor& mask) : mask_(copied_mask(mask)) {}

void MaskedRelu::set_mask(const torch::Tensor& mask) {
  SENET_CHECK(mask.sizes() == mask_.sizes(), "a masked ReLU of ", mask_.sizes(), " cannot take a mask of ",
              mask.sizes());
  mask_ = copied_mask(mask);
  for (auto& [format, floors] : floors_) floors.copy_(floors_of(mask_.to(floors.device()), format));
}

torch::Tensor MaskedRelu::floors_for(const torch::Tensor& x) {
  return of_layout(floors_, x, [&](auto format) { return floors_of(mask_.to(x.device()), format); });
}

torch::Tensor MaskedRelu::forward(const torch::Tensor& x) {
  if (!x.is_contiguous() && !x.is_contiguous(torch::MemoryFormat::ChannelsLast)) return masked_relu(x, mask_);
  return masked_relu_at(x, floors_for(x));
}

torch::Tensor MaskedRelu::mask() const { return mask_.clone(); }

MaskedPolynomial::MaskedPolynomial(const torch::Tensor& mask, const torch::Tensor& own) : mask_(copied_mask(mask)) {
  SENET_CHECK(own.dim() == 2 && own.size(0) == mask.size(0) && (own.size(1) == 2 || own.size(1) == 3),
              "the coefficients of a polynomial of degree 1 or 2 on ", mask.size(0), " channels are ", own.sizes(),
              ", expected [", mask.size(0), ", 2] or [", mask.size(0), ", 3]");
  coefficients = register_parameter("coefficients", own.detach().to(torch::kFloat32).contiguous().clone());
}

torch::Tensor channel_polynomial(const torch::Tensor& x, const torch::Tensor& coefficients) {
  const auto of_channels = [&](int64_t degree) { return coefficients.select(1, degree).view({-1, 1, 1}); };
  torch::Tensor y = of_channels(coefficients.size(1) - 1);
  for (int64_t degree = coefficients.size(1) - 2; degree >= 0; --degree) y = y * x + of_channels(degree);
  return y;
}

torch::Tensor polynomial_of_relu(const torch::Tensor& mean, const torch::Tensor& deviation, int64_t degree) {
  const torch::Tensor z = mean / deviation;
  const torch::Tensor density = (z.square() * -0.5).exp() * (0.5 * M_SQRT1_2 * M_2_SQRTPI);
  const torch::Tensor below = (z * -M_SQRT1_2).erfc() * 0.5;
  if (degree == 1) return torch::stack({deviation * density, below}, 1);
  return torch::stack({(mean * z + deviation) * density / 2, below - z * density, density / (2 * deviation)}, 1);
}

torch::Tensor MaskedPolynomial::forward(const torch::Tensor& x) {
  const torch::Tensor kept = of_layout(
      kept_, x, [&](auto format) { return mask_.to(x.device(), torch::kBool).unsqueeze(0).contiguous(format); });
  const bool rounded = x.scalar_type() == torch::kBFloat16;
  const torch::Tensor exact = rounded ? x.to(torch::kFloat32) : x;
  const torch::Tensor y =
      torch::where(kept, torch::relu(exact), channel_polynomial(exact, coefficients.to(exact.scalar_type())));
  return y.to(x.scalar_type());
}

torch::Tensor MaskedPolynomial::mask() const { return mask_.clone(); }

Multiplications MaskedPolynomial::multiplications() const {
  const int64_t elements = mask_.numel() - mask_.sum().item<int64_t>(), degree = coefficients.size(1) - 1;
  return {degree > 1 ? elements : 0, degree * elements};
}

std::shared_ptr<Activation> activation_from(const TensorMap& tensors) {
  if (tensors.size() == 1 && tensors.count("mask")) return activation_from_mask(tensors.at("mask"));
  if (tensors.size() == 2 && tensors.count("mask") && tensors.count("coefficients"))
    return std::make_shared<MaskedPolynomial>(tensors.at("mask"), tensors.at("coefficients"));
  std::string names;
  for (const auto& [name, tensor] : tensors) names += (names.empty() ? "" : ", ") + name;
  fail("no activation of the core's consists of the tensors ", names, "; expected mask, or mask and coefficients");
}

std::shared_ptr<Activation> activation_from_mask(const torch::Tensor& mask) {
  SENET_CHECK(mask.dim() == 3, "a mask is C×H×W; found ", mask.sizes());
  const SiteShape shape = {mask.size(0), mask.size(1), mask.size(2)};
  const int64_t ones = mask.to(torch::kInt64).sum().item<int64_t>();
  if (ones == 0) return std::make_shared<Linear>(shape);
  if (ones == mask.numel() && mask.le(1).all().item<bool>()) return std::make_shared<Relu>(shape);
  return std::make_shared<MaskedRelu>(mask);
}

}  // namespace senet
