#include "senet/activation.h"

#include <torch/utils.h>

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
  const torch::Tensor& floors = floors_for(x);
  return norm_activation(norm, std::move(x), shortcut, Rectified::masked, floors);
}

torch::Tensor Relu::forward(const torch::Tensor& x) { return torch::relu(x); }
torch::Tensor Relu::mask() const { return torch::ones(torch::IntArrayRef(shape_), torch::kUInt8); }
torch::Tensor Linear::mask() const { return torch::zeros(torch::IntArrayRef(shape_), torch::kUInt8); }

MaskedRelu::MaskedRelu(const torch::Tensor& mask)
    : mask_(mask.detach().to(torch::kCPU, torch::kUInt8).contiguous().clone()) {
  SENET_CHECK(mask.dim() == 3, "a mask is C×H×W; found ", mask.sizes());
  SENET_CHECK(mask_.le(1).all().item<bool>(), "a mask holds zeros and ones; found values up to ",
              mask_.max().item<int64_t>());
}

const torch::Tensor& MaskedRelu::floors_for(const torch::Tensor& x) {
  const auto format = x.is_contiguous() ? torch::MemoryFormat::Contiguous : torch::MemoryFormat::ChannelsLast;
  if (format != format_ || floors_.device() != x.device()) {
    floors_ = floors_of(mask_.to(x.device()), format);
    format_ = format;
  }
  return floors_;
}

torch::Tensor MaskedRelu::forward(const torch::Tensor& x) {
  if (!x.is_contiguous() && !x.is_contiguous(torch::MemoryFormat::ChannelsLast)) return masked_relu(x, mask_);
  return masked_relu_at(x, floors_for(x));
}

torch::Tensor MaskedRelu::mask() const { return mask_.clone(); }

std::shared_ptr<Activation> activation_from(const TensorMap& tensors) {
  if (tensors.size() == 1 && tensors.count("mask")) return activation_from_mask(tensors.at("mask"));
  std::string names;
  for (const auto& [name, tensor] : tensors) names += (names.empty() ? "" : ", ") + name;
  fail("no activation of the core's consists of the tensors ", names, "; expected mask");
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
