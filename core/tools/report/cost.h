#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "results/result.h"

namespace senet {

struct InferenceCost {
  double online_seconds = 0, offline_seconds = 0, online_bytes = 0, offline_bytes = 0, storage_bytes = 0;
};

// What private inference costs under a protocol, as somebody measured it: experiments/costs/*.toml.
struct CostProfile {
  std::string name;    // the file's
  std::string source;  // who measured it, where
  InferenceCost relu;  // of one ReLU
  // Of the linear layers of one network, in order, shortcuts folded into their block's convolutions.
  struct {
    std::string model;
    std::vector<int64_t> input;  // C, H, W
    int64_t macs;
    std::vector<double> offline_seconds;
    double online_seconds;
  } linear;
};
// Throws (exit code 2) with the file's name for what it lacks, and for a key that no profile has.
CostProfile load_profile(const std::filesystem::path& file);

// What one inference with a result's network costs.
//   ReLUs         the profile's figures times the ReLUs counted;
//   multiplications of secrets: counted; no profile says what one costs
//   linear layers as measured where the network is the profile's; else each in proportion to its multiply–accumulates,
//                 from the profile's sum. Their communication is not in the profiles: it is NaN.
struct NetworkCost {
  struct Layer {
    std::string name;
    int64_t relus;  // counted
    InferenceCost cost;
    Multiplications multiplications = {};
  };
  std::vector<Layer> relu_layers;  // sites in order
  std::vector<Layer> linear_layers;
  InferenceCost relus, linear;
  Multiplications multiplications;
  bool linear_measured;  // false: scaled
};
NetworkCost cost_of(const Result& result, const CostProfile& profile);

}  // namespace senet
