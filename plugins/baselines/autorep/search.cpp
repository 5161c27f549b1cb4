#include <torch/types.h>
#include <torch/utils.h>

#include "autorep.h"
#include "senet/random.h"
#include "senet/selection.h"

namespace senet {

static constexpr int64_t kFitEvery = 10, kLastFit = 500;  // forward passes
static constexpr double kMomentum = 0.1, kLeastVariance = 1e-5;

ReplaceableRelu::ReplaceableRelu(const ReluSite& site, uint64_t seed, const AutoRepSettings& settings)
    : settings_(settings) {
  const auto [channels, height, width] = site.shape();
  torch::Tensor draws = torch::empty({1, channels, height, width});
  for (int64_t i = 0; i < draws.numel(); ++i)
    draws.data_ptr<float>()[i] = static_cast<float>(random_bits(seed, site.index(), i) >> 40) * 0x1p-24f;
  alpha = register_parameter("alpha", draws.contiguous(torch::MemoryFormat::ChannelsLast));
  kept = register_buffer("kept", torch::ones_like(alpha.detach()));
  coefficients = register_parameter("coefficients", torch::eye(settings.degree + 1).select(0, 1).repeat({channels, 1}));
  factors = register_buffer("factors", torch::tensor({1.f, 1.f, static_cast<float>(settings.scale)}));
  divisors = register_buffer("divisors", settings.released ? torch::tensor({5.f, 1.f, 10.f}) : factors.clone());
  mean = register_buffer("mean", torch::zeros({channels}));
  variance = register_buffer("variance", torch::ones({channels}));
  passes = register_buffer("passes", torch::zeros({}, torch::kInt64));
}

void ReplaceableRelu::begin_pass(const torch::Tensor& x) {
  const torch::NoGradGuard no_gradient;
  passes.add_(1);
  kept.copy_(kept * alpha.gt(-settings_.hysteresis) + (1 - kept) * alpha.gt(settings_.hysteresis));
  const bool several = x.numel() > x.size(1);  // of one value the variance is 0
  const auto [variance_here, mean_here] = torch::var_mean(x, torch::IntArrayRef{0, 2, 3}, /*unbiased=*/several);
  const torch::Tensor mean_now = mean_over_shards(mean_here, x.size(0));
  mean.lerp_(mean_now, kMomentum);
  variance.lerp_(mean_over_shards(variance_here + (mean_here - mean_now).square(), x.size(0)), kMomentum);
  const torch::Tensor sigma = settings_.released ? variance.clamp_min(0.5) : variance.clamp_min(kLeastVariance).sqrt();
  const torch::Tensor fitted = polynomial_of_relu(mean, sigma, settings_.degree) / of_terms(divisors);
  const torch::Tensor fits = passes.remainder(kFitEvery).eq(0).logical_and(passes.le(kLastFit));
  coefficients.copy_(torch::where(fits, fitted, coefficients));
}

torch::Tensor ReplaceableRelu::forward(const torch::Tensor& x) {
  const torch::Tensor exact = x.scalar_type() == torch::kBFloat16 ? x.to(torch::kFloat32) : x;
  if (is_training()) begin_pass(exact);
  const torch::Tensor p = polynomial(), trained = torch::where(passes.gt(kLastFit), p, p.detach()), m = gate();
  return (m * torch::relu(exact) + (1 - m) * channel_polynomial(exact, trained)).to(x.scalar_type());
}

AutoRepSearch::AutoRepSearch(Network& teacher, Network& student, int64_t budget, uint64_t seed,
                             const AutoRepSettings& settings)
    : DistilledSearch(teacher, student, settings.distilled, budget), lambda_(settings.lambda) {
  for (const ReluSite& site : student.sites()) {
    activations_.push_back(std::make_shared<ReplaceableRelu>(site, derive_seed(seed, "autorep/alpha"), settings));
    student.set_activation(site, activations_.back());
  }
}

Loss AutoRepSearch::loss(const Batch& batch, EpochSums& sums) {
  Loss loss = DistilledSearch::loss(batch, sums);
  std::vector<torch::Tensor> kept;
  for (const auto& activation : activations_) kept.push_back(activation->gate().sum());
  const torch::Tensor above = torch::relu(torch::stack(kept).sum() - static_cast<double>(budget()));
  loss.loss = loss.loss + above * (lambda_ / static_cast<double>(network().relus()));
  return loss;
}

int64_t AutoRepSearch::freeze() {
  const int64_t left = count(), stay = std::min(left, budget());
  std::vector<torch::Tensor> alphas;
  for (const auto& own : activations_) alphas.push_back(own->alpha.detach().squeeze(0));
  const std::vector<torch::Tensor> masks = largest_of_all(alphas, stay, network().masks());
  for (const ReluSite& site : network().sites()) {
    const torch::Tensor own = activations_[site.index()]->polynomial();
    network().set_activation(site, std::make_shared<MaskedPolynomial>(masks[site.index()], own));
  }
  return left - stay;
}

}  // namespace senet
