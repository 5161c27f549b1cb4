#pragma once

#include "senet/distilled.h"
#include "senet/network.h"

namespace senet {

struct AutoRepSettings {
  DistilledSettings distilled;  // CE + KD at T = 4
  double lambda = 140, hysteresis = 0.003, scale = 0.1;
  int64_t degree = 2;
  bool released = true;  // the fit of the public code
};

// y = m·max(x, 0) + (1 − m)·p(x), p(x) = s·c₂x² + c₁x + c₀, with one α ~ U(0, 1) and one m = 1 an element, and one c a
// channel (AutoReP: Peng et al., ICCV 2023). A forward pass in training begins with m ← m·[α > −t] + (1 − m)·[α > t]
// and takes x into the running mean μ and variance σ² (momentum 0.1). In the 10th, 20th, … 500th, p becomes the fit to
// the ReLU (polynomial_of_relu): of μ and σ; or as released, of μ and max(σ², 0.5) in place of σ, then c₀/5, c₂/10 and
// the factor s. From the 501st on c trains. ∂L/∂α = softplus(α)·∂L/∂m.
class ReplaceableRelu final : public Activation {
 public:
  ReplaceableRelu(const ReluSite& site, uint64_t seed, const AutoRepSettings& settings);
  torch::Tensor forward(const torch::Tensor& x) override;
  torch::Tensor mask() const override { return kept.squeeze(0).to(torch::kCPU, torch::kUInt8).contiguous(); }
  // m, through which α has its gradient.
  torch::Tensor gate() const { return kept + torch::softplus(alpha.detach()) * (alpha - alpha.detach()); }
  torch::Tensor polynomial() const { return coefficients * of_terms(factors); }  // c₀, c₁, s·c₂ of each channel

  torch::Tensor alpha, kept;             // 1×C×H×W, in channels-last memory; kept: m
  torch::Tensor coefficients;            // c₀, c₁, c₂
  torch::Tensor factors, divisors;       // of p from c: 1, 1, s; of c from the fit
  torch::Tensor mean, variance, passes;  // running, and how many there were

 private:
  torch::Tensor of_terms(const torch::Tensor& all) const { return all.narrow(0, 0, coefficients.size(1)); }
  void begin_pass(const torch::Tensor& x);

  AutoRepSettings settings_;
};

// CE + KD + λ·max(0, Σm/N − B/N) over the whole network of N ReLUs, B the budget.
class AutoRepSearch final : public DistilledSearch {
 public:
  // Puts a ReplaceableRelu at each of the student's sites.
  AutoRepSearch(Network& teacher, Network& student, int64_t budget, uint64_t seed, const AutoRepSettings& settings);
  Loss loss(const Batch& batch, EpochSums& sums) override;
  // Puts a MaskedPolynomial at each site; of the ReLUs above the budget those with the smallest α go (ties: the later
  // site, the higher index). Returns how many they were.
  int64_t freeze();

 private:
  double lambda_;
  std::vector<std::shared_ptr<ReplaceableRelu>> activations_;
};

}  // namespace senet
