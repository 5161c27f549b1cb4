#pragma once

#include "kernels/norm.h"
#include "kernels/rectify.h"

namespace senet {

// y = rectified(norm(x) + shortcut) in few passes over memory. x is N×C×H×W of float32 or bfloat16 in channels-last
// memory, and so is `shortcut`, which may be undefined; the norm is float32. `floors` is floors_of() the mask in x's
// format when `rectified` is `masked`.

// With the batch's statistics, joined over shards: two passes forward and two backward, where the layers one after the
// other take five and five. Statistics are summed over fixed parts in float32 and over the parts in float64, so that
// the result does not depend on the number of threads.
torch::Tensor rectified_norm(const Norm& norm, const torch::Tensor& x, const torch::Tensor& shortcut,
                             Rectified rectified, const torch::Tensor& floors);
// With the running statistics and without a gradient: one pass, which on the CPU writes over x where nobody else holds
// its memory.
torch::Tensor rectified_running_norm(const Norm& norm, torch::Tensor x, const torch::Tensor& shortcut,
                                     Rectified rectified, const torch::Tensor& floors);

}  // namespace senet
