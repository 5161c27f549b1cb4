#pragma once

#include "nn/recording.h"
#include "senet/network.h"

namespace senet {

// Counts what a network computes outside its ReLU sites and is not linear: max_pool_comparisons and not_counted.
//
// Looks through the operators of a recorded pass over `images` by which the images have a part in the logits. Linear
// operators (convolutions of every kind, batch norms with running statistics, sums, averages, copies, selections by
// constants) are free, max-pooling is counted, and every other operator is named. Throws (exit code 2), naming operator
// and place, where one compares: a ReLU of any kind, a clamp, |x|, a maximum; and where the pass does not come by each
// site exactly once.
void count_outside_sites(const Network& network, const Recording& recording, const torch::Tensor& images,
                         const torch::Tensor& logits, NetworkCounts& counts);

}  // namespace senet
