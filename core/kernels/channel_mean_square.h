#pragma once

#include <torch/types.h>

namespace senet {

// The mean over channels of x², N×C×H×W → N×H×W in float32 (float64 for float64): the attention map of PRAM. Takes one
// pass forward and one backward, and keeps nothing but x.
torch::Tensor channel_mean_square(const torch::Tensor& x);

}  // namespace senet
