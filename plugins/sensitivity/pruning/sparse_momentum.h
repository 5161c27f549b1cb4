#pragma once

#include <map>
#include <string>
#include <vector>

#include "senet/losses.h"
#include "senet/objective.h"

namespace senet {

// Sparse-momentum learning (Dettmers and Zettlemoyer, "Sparse Networks from Scratch", 2019) of a network's
// convolutions, shortcuts included, and of what else feeds a ReLU site (a classifier's hidden layers), at a global
// density d; the last layer, biases and batch norm stay dense and do not count. Gradients and momentum are dense,
// weights are masked after each step. At the end of each epoch but the last:
//   1. a layer's share is the mean |momentum| of its kept weights over the sum of these means;
//   2. the ⌈p·nnz⌉ kept weights of least magnitude are dropped; p decays linearly from `prune_rate` to 0 over all
//      steps, and is at most a layer's sparsity where that is under 0.2 and the layer's share over 1/L;
//   3. as many are given back to the layers in proportion to their shares, at most 0.99 of a layer's zeros;
//   4. each layer regrows, from 0, where the |momentum| of its zeros is largest.
// The number of kept weights is round(d·N) at the start and after every epoch.
class SparseMomentum final : public Objective {
 public:
  SparseMomentum(Network& network, double density, double prune_rate, uint64_t seed);

  Loss loss(const Batch& batch, EpochSums& sums) override;
  void after_update(const Parameters& parameters) override;
  // Metrics: prune_rate, and the series `density` (of each sparse layer, in the network's order).
  void epoch_end(EpochEnd& end) override;
  bool work_changed() const override { return false; }
  void state(Archive& archive) override;

  struct Layer {
    std::string name;    // of the weight: "layer1.0.conv1.weight"
    torch::Tensor kept;  // in the weight's shape and layout, uint8
  };
  const std::vector<Layer>& layers() const { return layers_; }
  int64_t kept() const;
  bool prunes(const std::string& conv_name) const;
  double density_of(const std::string& conv_name) const;  // throws when it is not among layers()

  // Steps 1 to 4 with the given p: changes the masks, and zeroes the weights that they drop or regrow.
  void redistribute(const Parameters& parameters, double p);

 private:
  Network& network_;
  double prune_rate_;
  std::vector<Layer> layers_;
};

}  // namespace senet
