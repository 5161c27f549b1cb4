#pragma once

#include "senet/ranked.h"

namespace senet {

struct TaylorSettings {
  bool as_code = true;  // else as the paper's equation
  bool second_order = true;
  bool layer_weights = true;
};

// ReLUPruner's score of an element (Li et al., AAAI 2026). Of a batch, with G = ∂L/∂(the activation's output) and z the
// pre-activation:
//   as its code:  I = mean|G·z|·A + ½·mean(z²)·F
//   as the paper: I = mean(|G|·max(−z, 0))·A + ½·mean(z²)·F·A
// means over the batch, A the mean of P(z < 0) over the last 10 batches, F ← 0.99·F + 0.01·mean(G²) from 0. Times the
// layer's weight, and then averaged: score ← 0.95·score + 0.05·I, from 0.
//
// A layer's weight, l from 0 of L layers: n·√(g + 1e-8)·(1 + 0.2·l/(L − 1)), n and g the averages (0.95, from 0) of the
// mean over images of ‖G‖₂ and of the mean of G²; scaled over the layers to 0.1 … 1.1.
class TaylorScore final : public ElementScore {
 public:
  explicit TaylorScore(const TaylorSettings& settings) : settings_(settings) {}
  explicit TaylorScore(const Options& options);

  void begin(const std::vector<const ReluSite*>& sites, torch::Device device) override;
  void add(const std::vector<SitePass>& passes, const Batch& batch) override;
  std::vector<torch::Tensor> scores() const override;
  void state(Archive& archive) override;

  // Each layer's, by what was added so far.
  torch::Tensor layer_weights() const;

 private:
  static constexpr int64_t kBatches = 10;

  struct Layer {
    torch::Tensor negative;  // 10×C×H×W: P(z < 0) of the last batches
    torch::Tensor fisher;    // F
    torch::Tensor score;
  };

  TaylorSettings settings_;
  std::vector<Layer> layers_;
  torch::Tensor norms_, squares_;  // n and g of each layer
  torch::Tensor batches_;          // how many were added; int64 scalar
};

}  // namespace senet
