#pragma once

#include "senet/distilled.h"
#include "senet/network.h"

namespace senet {

// y = α⊙max(x, 0) + (1 − α)⊙x with one trainable α an element (SNL: Cho et al., ICML 2022, section 3.1). α starts at 1
// and is never clipped.
class AlphaRelu final : public Activation {
 public:
  AlphaRelu(SiteShape shape, double threshold);
  torch::Tensor forward(const torch::Tensor& x) override;
  torch::Tensor mask() const override;  // α > threshold

  torch::Tensor alpha;  // 1×C×H×W, in channels-last memory

 private:
  double threshold_;
};

struct SnlSettings {
  DistilledSettings distilled;  // ce_weight·CE + kd_weight·KD at T
  double lambda = 1e-5;
  double lambda_factor = 1.1;
  int64_t patience = 5;  // epochs
  double threshold = 1e-2;
};

// The search: ce_weight·CE + kd_weight·KD + λ·Σ|α| over the whole network. At the end of each epoch from the 0-based
// `patience`-th on, where the count of α > threshold is not below the lowest so far, λ is multiplied by lambda_factor.
// Ends as soon as the count is at most the budget. Metrics: relus (that count), lambda.
class SnlSearch final : public DistilledSearch {
 public:
  // Puts an AlphaRelu at each of the student's sites.
  SnlSearch(Network& teacher, Network& student, int64_t budget, const SnlSettings& settings);
  Loss loss(const Batch& batch, EpochSums& sums) override;
  void epoch_end(EpochEnd& end) override;
  bool finished() const override { return count() <= budget(); }
  void state(Archive& archive) override;

  int64_t epochs() const { return epochs_; }  // that it took
  double lambda() const { return lambda_; }
  std::vector<torch::Tensor> alphas() const;  // C×H×W each, copies

  // The masks it ends with: α > threshold; with `fill`, or where more than the budget are left, the budget's number of
  // largest α of the whole network (ties: the earlier site, the lower index).
  std::vector<torch::Tensor> masks(bool fill) const;

 private:
  SnlSettings settings_;
  std::vector<std::shared_ptr<AlphaRelu>> activations_;
  double lambda_;
  int64_t lowest_, epochs_ = 0;
};

}  // namespace senet
