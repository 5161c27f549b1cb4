#pragma once

#include <torch/types.h>

namespace senet {

// D += Σ over the batch of |a − b|, the mismatch that mask identification ranks by (SENet, section 3).
//   D      H×W×C, float64, contiguous: the memory order of a channels-last activation
//   a, b   N×C×H×W of one shape and type
// Within the batch the sum is float32, across batches float64. Nothing of this is differentiated.
void add_mismatch(torch::Tensor& D, const torch::Tensor& a, const torch::Tensor& b);

// The r largest entries of a C×H×W tensor as a mask of uint8 with exactly r ones; ties go to the lower index in C,H,W
// order.
torch::Tensor largest_entries(const torch::Tensor& scores, int64_t r);

// A mask of the given shape with exactly r ones, each set of r places equally likely; a pure function of the seed.
torch::Tensor random_mask(torch::IntArrayRef shape, int64_t r, uint64_t seed);

// Σ_l Hamming(a_l, b_l) / (C·H·W of layer l), the movement of masks between two updates; two disjoint masks give
// 2·Σ_l r_l/(C·H·W).
double normalised_hamming_distance(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b);

// Share of the ones of `a` that are ones of `b` too, over all layers; 1 when `a` has none.
double overlap(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b);

}  // namespace senet
