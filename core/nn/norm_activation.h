#pragma once

#include <torch/types.h>

#include "nn/rectify.h"
#include "senet/layers.h"

namespace senet {

// Whether norm_activation() takes these: float32 or bfloat16 in channels-last memory; on the CPU batch statistics or no
// gradient. Never while operators are recorded.
bool norm_activation_takes(const BatchNorm2d& norm, const torch::Tensor& x, const torch::Tensor& shortcut);

// y = activation(norm(x) + shortcut) in few passes over memory. With batch statistics there are two passes forward and
// two backward, where the layers one after the other take five and five. With running statistics there is one, which
// writes over x where nobody else holds its memory. On a GPU LibTorch's batch norm is followed by one pass for shortcut
// and activation. `shortcut` may be undefined; `floors` is floors_of() the mask in x's format when `rectified` is
// `masked`. Statistics are summed over fixed parts in float32 and over the parts in float64, so that the result does
// not depend on the number of threads.
torch::Tensor norm_activation(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut, Rectified rectified,
                              const torch::Tensor& floors = {});

// norm(x) + shortcut without an activation: by norm_activation() where it takes them, else one layer after the other.
torch::Tensor norm_and_add(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut);

}  // namespace senet
