#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace senet {

// What a mask keeps or drops as one.
enum class Granularity { pixel, channel };

// How r ReLUs of a layer C×H×W are chosen by a score for each element. Ties go to the lower index in C,H,W order.
//   pixel    the r elements of largest score;
//   channel  channels in the order of their mean score over H×W: the first ⌊r/(H·W)⌋ keep all their ReLUs; of the next
//            channel the r mod H·W elements of largest score are kept (`partial_channel`), or none, so that a layer may
//            then end under its r.
struct MaskRule {
  Granularity granularity = Granularity::pixel;
  bool partial_channel = true;
};

// The mask (C×H×W, uint8) that a rule makes of finite scores C×H×W of any memory order.
torch::Tensor chosen_mask(const torch::Tensor& scores, int64_t r, const MaskRule& rule = {});

// A mask of the given shape by the same rule, each set of places that it allows equally likely; a pure function of the
// seed.
torch::Tensor random_mask(torch::IntArrayRef shape, int64_t r, uint64_t seed, const MaskRule& rule = {});

// Σ_l Hamming(a_l, b_l) / (C·H·W of layer l), the movement of masks between two updates; two disjoint masks give
// 2·Σ_l r_l/(C·H·W).
double normalised_hamming_distance(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b);

// Share of the ones of `a` that are ones of `b` too, over all layers; 1 when `a` has none.
double overlap(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b);

// Masks of all layers in one row of bits (uint8), for keeping many; and back, for layers of the given shapes.
torch::Tensor packed_masks(const std::vector<torch::Tensor>& masks);
std::vector<torch::Tensor> unpacked_masks(const torch::Tensor& row, const std::vector<std::vector<int64_t>>& shapes);

}  // namespace senet
