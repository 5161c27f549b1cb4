#pragma once

#include <memory>
#include <vector>

#include "senet/losses.h"
#include "senet/objective.h"

namespace senet {

// Cross entropy: the teacher's objective.
class CrossEntropy final : public Objective {
 public:
  explicit CrossEntropy(Network& network) : network_(network) {}
  Loss loss(const Batch& batch, EpochSums& sums) override;

 private:
  Network& network_;
};

enum class MaskScore { post, pre };

struct MaskSettings {
  double ce_weight = 0.5;  // γ
  double kd_weight = 0.5;  // α
  double temperature = 4;  // T
  MaskScore score = MaskScore::post;
};

// ReLU mask identification (SENet, section 3; stage 2). Loss γ·CE(y, z_pr) + α·T²·KL(softmax(z_ar/T) ‖
// softmax(z_pr/T)). Over an epoch, with the masks fixed, D_l[c,h,w] = Σ over images of |A_ar,l − A_pr,l|: A_pr is the
// student's activation after the masked ReLU (`post`, as the authors' code) or its pre-activation (`pre`), of the very
// forward pass that trains. At the epoch's end M_l becomes the r_l largest entries of D_l.
//
// Metrics: nhd, overlap_1 and overlap_2 (share of the new ones that were ones one and two updates before).
class MaskIdentification final : public Objective {
 public:
  // Puts random masks with exactly relus[l] ones at the student's sites. Both networks outlive the objective.
  MaskIdentification(Network& teacher, Network& student, std::vector<int64_t> relus, const MaskSettings& settings,
                     uint64_t seed);
  Loss loss(const Batch& batch, EpochSums& sums) override;
  void epoch_end(EpochEnd& end) override;
  void state(Archive& archive) override;

  static std::string sum_name(const ReluSite& site) { return "mismatch." + site.name(); }

 private:
  Network& teacher_;
  Network& student_;
  std::vector<int64_t> relus_;
  MaskSettings settings_;
  std::vector<torch::Tensor> previous_;  // the masks before the student's present ones
};

struct FinetuneSettings {
  double kd_weight = 0.9;  // λ
  double temperature = 4;  // T
  PramForm pram = PramForm::attention;
  double pram_weight = 1000;  // β
};

// Fine-tuning with frozen masks (SENet, section 3; stage 3): (1 − λ)·CE + λ·T²·KL(AR ‖ PR at T) + β·Σ over residual
// stages of the post-ReLU activation mismatch (losses.h). Metrics: the three parts.
class Finetuning final : public Objective {
 public:
  Finetuning(Network& teacher, Network& student, const FinetuneSettings& settings);
  Loss loss(const Batch& batch, EpochSums& sums) override;
  void epoch_end(EpochEnd& end) override;

 private:
  Network& teacher_;
  Network& student_;
  FinetuneSettings settings_;
};

}  // namespace senet
