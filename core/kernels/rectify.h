#pragma once

#include <torch/types.h>

namespace senet {

// Which elements of an image an activation rectifies.
enum class Rectified { none, all, masked };

// activation(x + shortcut), and its gradient, each in one pass over memory. `x` and `shortcut` are dense and have one
// shape, type and memory order; `shortcut` may be undefined. `floors` is floors_of() the mask in that order when
// `rectified` is `masked`. Takes float32 and bfloat16 on a GPU; elsewhere a mask without a shortcut, in float64 too.
torch::Tensor rectified_sum(const torch::Tensor& x, const torch::Tensor& shortcut, Rectified rectified,
                            const torch::Tensor& floors);

}  // namespace senet
