#pragma once

#include <string>
#include <vector>

#include "senet/network.h"

namespace senet {

// One of DeepReDuce's configurations (Jha et al., ICML 2021, section 3): culling, then thinning, then reshaping.
struct Reduction {
  std::vector<int64_t> culled;       // stages without ReLUs, ascending; stage 1 includes the stem
  bool thinned = false;              // of each block only the first ReLU stays
  double channels = 1;               // what all channels are multiplied by
  int64_t stem_stride = 1;           // 2: half the resolution
  std::vector<int64_t> blocks = {};  // of each stage; empty: the model's own

  std::string name() const;  // "culled-1-4_thinned_channels-0.5_resolution-0.5"
  NetworkShape shape(const NetworkShape& model) const;
  // Whether it leaves a network of its shape the ReLUs of a site.
  bool keeps(const Network& network, const ReluSite& site) const;
  int64_t relus(const Network& network) const;
  void apply(Network& network) const;
};

// All reductions when stages are culled in `order`, none to the first `culled_at_most` of it (never all `stages`). For
// each: as it is, thinned, and thinned with half the channels, half the resolution, both, both with `blocks` (unless
// empty). In a model with blocks the network with all its ReLUs is none of them.
std::vector<Reduction> reductions(const std::vector<int64_t>& order, int64_t culled_at_most, int64_t stages,
                                  const std::vector<int64_t>& blocks);

}  // namespace senet
