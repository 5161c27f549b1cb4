#pragma once

#include "nn/recording.h"
#include "senet/network.h"

namespace senet {

// What a network computes outside its ReLU sites that is not linear.
struct OutsideSites {
  int64_t max_pool_comparisons = 0;      // (window − 1) for each output element, per image
  std::vector<std::string> not_counted;  // "aten::gelu after 'layer1.0.conv1'", each once
};

// Looks through the operators of a recorded pass over `images` by which the images have a part in the logits. Linear
// operators (convolutions of every kind, batch norms with running statistics, sums, averages, copies, selections by
// constants) are free, max-pooling is counted, and every other operator is named. Throws (exit code 2), naming operator
// and place, where one compares: a ReLU of any kind, a clamp, |x|, a maximum; and where the pass does not come by each
// site exactly once.
OutsideSites outside_sites(const Network& network, const Recording& recording, const torch::Tensor& images,
                           const torch::Tensor& logits);

}  // namespace senet
