#pragma once

#include <torch/types.h>

namespace senet {

// y = M⊙max(x, 0) + (1 − M)⊙x, the masked ReLU of SENet (ICLR 2023, section 3), in one pass. Its gradient ∂y/∂x is 0
// where M = 1 and y ≤ 0, else 1 (where M = 0 and y = −∞: 0).
//
//   x     N×C×H×W, float32 or bfloat16 (float64 in tests), contiguous or channels-last; y has x's type and layout
//   mask  C×H×W, uint8 zeros and ones, shared by all images
//
// relu(NaN) is NaN, −0 becomes 0 where M = 1.
torch::Tensor masked_relu(const torch::Tensor& x, const torch::Tensor& mask);

// The same in two steps, for a mask that is used more than once. floors_of() turns the mask into floors: 0 where M = 1
// and −∞ where M = 0, as float32 in the memory order that an image has in `format`. masked_relu_at() gives
// y = max(x, floor).
torch::Tensor floors_of(const torch::Tensor& mask, torch::MemoryFormat format);
torch::Tensor masked_relu_at(const torch::Tensor& x, const torch::Tensor& floors);

}  // namespace senet
