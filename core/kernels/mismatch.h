#pragma once

#include <torch/types.h>

namespace senet {

// What mask identification sums for each element of a layer (SENet, section 3), from the teacher's activation A and
// either the student's activation or its pre-activation x. All N×C×H×W of one shape and type.
//   D   H×W×C, float64, contiguous: the memory order of a channels-last activation
// Within the batch the sum is float32, across batches float64. Nothing of this is differentiated.

// D += Σ over the batch of |a − b|.
void add_mismatch(torch::Tensor& D, const torch::Tensor& a, const torch::Tensor& b);

// D += Σ over the batch of |a − x| − |a − max(x, 0)|: what a ReLU at each element would win. Where a ≥ 0, as behind a
// teacher's ReLU, this is max(−x, 0), whatever a is.
void add_gain(torch::Tensor& D, const torch::Tensor& a, const torch::Tensor& x);

}  // namespace senet
