#pragma once

#include <torch/types.h>

#include "kernels/norm.h"
#include "kernels/rectify.h"
#include "senet/layers.h"

namespace senet {

// The layer as kernels see it: its own tensors.
Norm norm_of(const BatchNorm2d& norm);

// Whether norm_activation() takes these: float32 or bfloat16 in channels-last memory; on the CPU batch statistics or no
// gradient. Never while operators are recorded.
bool norm_activation_takes(const BatchNorm2d& norm, const torch::Tensor& x, const torch::Tensor& shortcut);

// y = activation(norm(x) + shortcut): with the batch's statistics rectified_norm(), with the running ones
// rectified_running_norm(), which may write over x. What neither takes on a GPU, a gradient behind running statistics,
// a single row and a shard of a batch, is the layer's own norm and one pass for shortcut and activation. `shortcut` may
// be undefined; `floors` is floors_of() the mask in x's format when `rectified` is `masked`.
torch::Tensor norm_activation(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut, Rectified rectified,
                              const torch::Tensor& floors = {});

// norm(x) + shortcut without an activation: by norm_activation() where it takes them, else one layer after the other.
torch::Tensor norm_and_add(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut);

}  // namespace senet
