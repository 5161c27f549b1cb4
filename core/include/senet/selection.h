#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace senet {

// Masks (C×H×W, uint8, on the CPU) with ones at the `count` largest scores of the whole network. `scores`: finite,
// C×H×W, one tensor a ReLU site. Among equal scores the earlier site comes first, then the lower index in C,H,W order.
// `among`: masks of these shapes, where only an element whose mask is one is chosen; none: any is. Throws when there
// are fewer elements than `count`.
std::vector<torch::Tensor> largest_of_all(const std::vector<torch::Tensor>& scores, int64_t count,
                                          const std::vector<torch::Tensor>& among = {});

// Masks with `count` of the ones of those given, drawn from the whole network, each set of places equally likely: a
// pure function of the seed. Throws when there are fewer ones than `count`.
std::vector<torch::Tensor> random_of_all(const std::vector<torch::Tensor>& masks, int64_t count, uint64_t seed);

}  // namespace senet
