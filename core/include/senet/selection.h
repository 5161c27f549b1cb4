#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace senet {

// Masks (C×H×W, uint8, on the CPU) with ones at the `count` largest scores of the whole network. `scores`: finite,
// C×H×W, one tensor a ReLU site. Among equal scores the earlier site comes first, then the lower index in C,H,W order.
// Throws when there are fewer elements than `count`.
std::vector<torch::Tensor> largest_of_all(const std::vector<torch::Tensor>& scores, int64_t count);

}  // namespace senet
