#include "senet/masked_relu.h"

#include <torch/utils.h>

#include <limits>

#include "kernels/rectify.h"
#include "senet/error.h"

namespace senet {

namespace {

torch::MemoryFormat format_of(const torch::Tensor& x) {
  if (x.is_contiguous()) return torch::MemoryFormat::Contiguous;
  if (x.is_contiguous(torch::MemoryFormat::ChannelsLast)) return torch::MemoryFormat::ChannelsLast;
  return torch::MemoryFormat::Preserve;
}

}  // namespace

torch::Tensor floors_of(const torch::Tensor& mask, torch::MemoryFormat format) {
  torch::Tensor floors = torch::zeros(mask.sizes(), mask.options().dtype(torch::kFloat32))
                             .masked_fill(mask.eq(0), -std::numeric_limits<float>::infinity());
  if (format != torch::MemoryFormat::ChannelsLast) return floors;
  return floors.permute({1, 2, 0}).contiguous().permute({2, 0, 1});
}

torch::Tensor masked_relu_at(const torch::Tensor& x, const torch::Tensor& floors) {
  return rectified_sum(x, {}, Rectified::masked, floors);
}

torch::Tensor masked_relu(const torch::Tensor& input, const torch::Tensor& mask) {
  SENET_CHECK(input.dim() == 4, "masked_relu: expected an N×C×H×W activation, found ", input.sizes());
  SENET_CHECK(mask.scalar_type() == torch::kUInt8, "masked_relu: expected a mask of uint8, found ", mask.dtype());
  SENET_CHECK(mask.sizes() == input.sizes().slice(1), "masked_relu: the mask is ", mask.sizes(),
              " but an image of the activation is ", input.sizes().slice(1));
  const torch::Tensor x = format_of(input) == torch::MemoryFormat::Preserve ? input.contiguous() : input;
  return masked_relu_at(x, floors_of(mask.to(x.device()), format_of(x)));
}

}  // namespace senet
