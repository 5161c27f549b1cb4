#pragma once

#include <torch/types.h>

#include "nn/rectify.h"
#include "senet/layers.h"

namespace senet {

// Whether norm_activation() takes these: float32 or bfloat16 in channels-last memory; on the CPU batch statistics or no
// gradient. Never while operators are recorded.
bool norm_activation_takes(const BatchNorm2d& norm, const torch::Tensor& x, const torch::Tensor& shortcut);

// y = activation(norm(x) + shortcut), batch norm and what follows it in as few passes over memory as there can be: two
// forward with batch statistics (one with the running ones, then into x where nothing else holds it) and two backward,
// where the layers one after the other take five and five; on a GPU LibTorch's batch norm and then shortcut and
// activation in one pass. `shortcut` may be undefined. `floors`: floors_of() the
// mask in x's format, when `rectified` is `masked`. Statistics are summed over fixed parts in float32 and over the
// parts in float64, so that the result does not depend on the number of threads.
torch::Tensor norm_activation(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut, Rectified rectified,
                              const torch::Tensor& floors = {});

// norm(x) + shortcut alone: by norm_activation() where it takes them, else one layer after the other.
torch::Tensor norm_and_add(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut);

}  // namespace senet
