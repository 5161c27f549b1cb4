#pragma once

#include <torch/types.h>

namespace senet {

// Which elements of an image an activation rectifies.
enum class Rectified { none, all, masked };

// What rectified_sum() takes: float32 or bfloat16 on a GPU.
bool rectify_takes(const torch::Tensor& x);

// activation(x + shortcut) with its gradient, in one pass each way. Both of one shape, type and memory order, dense;
// `shortcut` may be undefined; `floors`: floors_of() the mask in that order, when `rectified` is `masked`.
torch::Tensor rectified_sum(const torch::Tensor& x, const torch::Tensor& shortcut, Rectified rectified,
                            const torch::Tensor& floors);

}  // namespace senet
