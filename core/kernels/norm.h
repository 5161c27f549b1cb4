#pragma once

#include <torch/types.h>

namespace senet {

// A batch norm's parameters and running statistics: C numbers each. What trains with the batch's statistics updates the
// running ones in place: running ← (1 − momentum)·running + momentum·new, of the unbiased variance.
struct Norm {
  torch::Tensor weight, bias, running_mean, running_var;
  double momentum, epsilon;
};

}  // namespace senet
