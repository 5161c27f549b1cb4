#pragma once

#include <torch/types.h>

namespace senet {

// Which elements of an image an activation rectifies.
enum class Rectified { none, all, masked };

// The two kernels of the masked ReLU on a GPU. float32 or bfloat16, of one shape, type and memory order, dense;
// `floors`: floors_of() the mask in that order, when `rectified` is `masked`.
bool rectify_takes(const torch::Tensor& x);
// y = activation(x + shortcut); `shortcut` may be undefined.
torch::Tensor rectify_forward(const torch::Tensor& x, const torch::Tensor& shortcut, Rectified rectified,
                              const torch::Tensor& floors);
// The gradient of both x and shortcut.
torch::Tensor rectify_backward(const torch::Tensor& gradient, const torch::Tensor& y, Rectified rectified,
                               const torch::Tensor& floors);

// activation(x + shortcut) with its gradient, on a GPU in one pass each way.
torch::Tensor rectified_sum(const torch::Tensor& x, const torch::Tensor& shortcut, Rectified rectified,
                            const torch::Tensor& floors);

}  // namespace senet
