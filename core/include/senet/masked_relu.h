#pragma once

#include <torch/types.h>

namespace senet {

// y = M⊙max(x, 0) + (1 − M)⊙x, the masked ReLU of SENet (ICLR 2023, section 3), in one pass; with its gradient
// ∂y/∂x = 0 where M = 1 and y ≤ 0, else 1.
//
//   x     N×C×H×W, float32 or bfloat16 (float64 in tests), contiguous or channels-last; y has x's type and layout
//   mask  C×H×W, uint8 zeros and ones, shared by all images, in memory order of one image of x: contiguous for a
//         contiguous x, permuted storage for a channels-last one (any layout is accepted and converted, at a cost)
//
// relu(NaN) is NaN, −0 becomes 0 where M = 1.
torch::Tensor masked_relu(const torch::Tensor& x, const torch::Tensor& mask);

// The mask in the memory layout that an N×C×H×W activation in `format` has for each image.
torch::Tensor mask_in_layout(const torch::Tensor& mask, torch::MemoryFormat format);

}  // namespace senet
