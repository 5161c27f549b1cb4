#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace senet {

// Masks (C×H×W, uint8, on the CPU) for finite scores C×H×W, one a ReLU site: ones at the `count` largest of all
// elements together. Ties: the earlier site, then the lower index in C,H,W order. Throws when there are fewer elements.
std::vector<torch::Tensor> largest_of_all(const std::vector<torch::Tensor>& scores, int64_t count);

}  // namespace senet
