#pragma once

#include "senet/ranked.h"

namespace senet {

// |Σ_b G·(max(x, 0) − x)|, G the gradient of an image's own loss: what the loss changes by, to first order, where a
// ReLU is left out (SNIP: Lee et al., ICLR 2019, of ReLUs in place of weights).
class Snip final : public SummedScore {
 public:
  torch::Tensor of_batch(const SitePass& pass) override {
    const torch::Tensor x = pass.x.to(torch::kFloat32), gradient = pass.gradient.to(torch::kFloat32) * x.size(0);
    return (gradient * (x.clamp_min(0) - x)).sum(0);
  }
  torch::Tensor of_sum(const torch::Tensor& sum) const override { return sum.abs(); }
};

}  // namespace senet
