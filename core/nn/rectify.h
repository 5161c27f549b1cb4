#pragma once

#include <torch/types.h>

namespace senet {

// Which elements of an image an activation rectifies.
enum class Rectified { none, all, masked };

// What rectified_sum() takes: float32 or bfloat16 on a GPU.
bool rectify_takes(const torch::Tensor& x);

// activation(x + shortcut) in one pass, and its gradient in one. `x` and `shortcut` are dense and have one shape, type
// and memory order; `shortcut` may be undefined. `floors` is floors_of() the mask in that order when `rectified` is
// `masked`.
torch::Tensor rectified_sum(const torch::Tensor& x, const torch::Tensor& shortcut, Rectified rectified,
                            const torch::Tensor& floors);

}  // namespace senet
