#pragma once

#include <memory>
#include <vector>

#include "method/masks.h"
#include "senet/allocation.h"
#include "senet/distilled.h"
#include "senet/phase_context.h"
#include "train/widths.h"

namespace senet {

// Cross entropy: the teacher's objective.
class CrossEntropy final : public Objective {
 public:
  explicit CrossEntropy(Network& network) : network_(network) {}
  Loss loss(const Batch& batch, EpochSums& sums) override;
  bool work_changed() const override { return false; }

 private:
  Network& network_;
};

// What ranks the elements of a layer (method: `mask.score`).
//   post  Σ|A_ar − A_pr|, the student's activation after the masked ReLU (the authors' code);
//   pre   Σ|A_ar − x|, its pre-activation x at every element, whatever the present mask;
//   gain  Σ(|A_ar − x| − |A_ar − max(x, 0)|) = Σ max(−x, 0), what a ReLU there would win.
enum class MaskScore { post, pre, gain };

struct MaskSettings {
  DistilledSettings distilled = {0.5, 0.5};  // γ of CE, α of KD
  MaskScore score = MaskScore::post;
  double score_memory = 0;                       // m: ranked by D̄ ← m·D̄ + (1 − m)·D, D̄ = D at first
  MaskRule rule;                                 // pixel or channel
  bool update = true;                            // false: the first masks stay
  std::vector<torch::Tensor> first = {};         // masks to begin with; empty: as the next says
  std::vector<torch::Tensor> first_scores = {};  // the first masks are the rule's by these; empty: random ones
  FallingBudget fall = {};                       // of each layer, from its C·H·W to its r_l; epochs from 0
  int64_t update_steps = 0;                      // also after every so many steps of an epoch; 0: at its end alone
  double stop_nhd = 0;                           // ends when NHD was at most this …
  int64_t stop_updates = 3;                      // … at so many updates in a row; 0 of stop_nhd: never
};

// Of each element, C×H×W a layer, with its pre-activation x in `network`: Σ over the training images, as they are, of
// max(−x, 0), which a ReLU there takes away. Leaves the network in eval mode.
std::vector<torch::Tensor> relu_gains(Network& network, PhaseContext& context);

// ReLU mask identification (SENet, section 3; stage 2). Loss γ·CE(y, z_pr) + α·T²·KL(softmax(z_ar/T) ‖
// softmax(z_pr/T)), summed over the student's widths; scores and masks are those of width 1. Between two updates of the
// masks each layer's score D_l[c,h,w] is summed over the images, of the very forward pass that trains; at an update M_l
// becomes what the rule chooses by D_l.
//
// Metrics of an epoch, of its last update: nhd, overlap_1 and overlap_2 (share of the new ones that were ones one and
// two updates before); the series nhd_of_updates when there were several. With the last epoch: the series
// overlap_final, for each epoch the share of the final ones that were ones at its end.
class MaskIdentification final : public Objective {
 public:
  // Puts the first masks at the student's sites: with exactly relus[l] ones (fewer where the rule drops a partial
  // channel; more while the budget falls).
  // Both networks outlive the objective.
  MaskIdentification(Network& teacher, Widths student, std::vector<int64_t> relus, const MaskSettings& settings,
                     uint64_t seed);
  int passes() const override { return student_.count(); }
  Loss loss(const Batch& batch, EpochSums& sums) override;
  int64_t interval() const override { return settings_.update ? settings_.update_steps : 0; }
  void interval_end(EpochSums& sums) override;
  void epoch_end(EpochEnd& end) override;
  bool work_changed() const override { return settings_.update && activations_replaced_; }
  bool finished() const override;
  bool may_be_kept() const override { return settings_.fall.fallen(epoch_); }
  void state(Archive& archive) override;

  // D of a layer, H×W×C.
  static torch::Tensor& sum_of(const ReluSite& site, EpochSums& sums);

 private:
  void set_masks(const std::vector<torch::Tensor>& masks);
  void update_masks(EpochSums& sums);
  std::vector<double> overlap_with_final() const;

  Widths student_;
  Distilled distilled_;
  // r_l of a site in an epoch.
  int64_t relus_in(int64_t epoch, const ReluSite& site) const;

  std::vector<int64_t> relus_;  // once the budget has fallen
  MaskSettings settings_;
  int64_t epoch_ = 0;                    // that the present masks are of
  std::vector<torch::Tensor> previous_;  // the masks before the student's present ones
  std::vector<torch::Tensor> averages_;  // D̄
  torch::Tensor history_;                // packed masks, a row an epoch
  torch::Tensor movements_;              // NHD of the running epoch's updates
  double overlap_1_ = 1, overlap_2_ = 1;
  int64_t settled_ = 0;                // updates in a row at or under stop_nhd
  bool activations_replaced_ = false;  // by the last update
};

// Fine-tuning with frozen masks (SENet, section 3; stage 3): (1 − λ)·CE + λ·T²·KL(AR ‖ PR at T) + β·Σ over residual
// stages of the post-ReLU activation mismatch (losses.h), summed over the student's widths. Metrics: the three parts,
// and for each width under 1 the same with its number behind ("ce_0.5").
class Finetuning final : public Objective {
 public:
  // Throws when the form `vector`, which compares whole activations, is to compare several widths.
  Finetuning(Network& teacher, Widths student, const DistilledSettings& settings);
  int passes() const override { return student_.count(); }
  Loss loss(const Batch& batch, EpochSums& sums) override;
  bool work_changed() const override { return false; }

 private:
  Widths student_;
  Distilled distilled_;
};

}  // namespace senet
