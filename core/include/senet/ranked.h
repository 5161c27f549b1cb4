#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "senet/allocation.h"
#include "senet/distilled.h"
#include "senet/method.h"

namespace senet {

// What a method that only ranks is a function of, beside its score; its own options come before these (RankedOptions).
constexpr Option kRankedOptions[] = {
    text_option("start", "\"teacher\"", "the weights of the network that is ranked: the teacher's, or random ones")
        .one_of("teacher random"),
    integer_option("linear_first", "0", "so many sites at the front have no ReLU from the start (1: a stem's)")
        .at_least(0),
    text_option("sensitivity.plugin", "\"\"",
                "the sensitivity measure that shares the budget among the sites, each ranked for itself; its options "
                "stand beside it. Empty: one ranking of the whole network"),
    text_option("fall", "\"at_once\"",
                "how the count of ReLUs falls to the budget: at once, from one pass over images; or during a training "
                "(search.…) from N to B, B + (N − B)·s(p), s = ½·(1 + cos(π·p^q)) (cosine) or (1 − p)^q (power), "
                "rounded down, p from 0 to 1 between fall_begin and fall_end")
        .one_of("at_once cosine power"),
    real_option("fall_power", "1", "q").between(0.01, 100),
    integer_option("fall_begin", "1", "b: the epoch, from 1, up to which all ReLUs are kept").at_least(0),
    real_option("fall_end", "0.6", "f: of E epochs, from epoch b + f·(E − b) on the count is the budget").between(0, 1),
    integer_option("interval", "0", "masks are made anew every so many steps of the search; 0: at each epoch's end")
        .at_least(0)
        .in("steps"),
    integer_option("interval_final", "0", "the same once the budget is met; 0: as `interval`").at_least(0).in("steps"),
    integer_option("rank_images", "0", "at once: the first so many training images are ranked by; 0: all").at_least(0),
    integer_option("rank_batch", "128", "at once: images a batch").at_least(1),
    kTemperatureOption,
    integer_option("search.epochs", "20", "passes over the training images while the budget falls")
        .between(1, 1e6)
        .counts_epochs(),
    real_option("search.ce_weight", "0.5", "of the cross entropy").at_least(0),
    real_option("search.kd_weight", "0.5", "of the distillation").at_least(0),
    integer_option("finetune.epochs", "180", "passes over the training images, with the masks frozen")
        .between(1, 1e6)
        .counts_epochs(),
    real_option("finetune.lr", "0.01", "initial learning rate").at_least(0),
    real_option("finetune.ce_weight", "0.1", "of the cross entropy").at_least(0),
    real_option("finetune.kd_weight", "0.9", "of the distillation").at_least(0),
    text_option("finetune.pram", "\"attention\"", "form of the post-ReLU activation mismatch")
        .one_of("attention vector none"),
    integers_option("finetune.pram_stages", "[]", "the residual stages whose ends it compares; []: all of the model's")
        .at_least(1),
    real_option("finetune.beta", "1000", "β, weight of the post-ReLU activation mismatch").at_least(0),
    text_option("finetune.start", "\"ranked\"",
                "the weights that the fine-tuning starts from: those of the network that was ranked, the teacher's, or "
                "random ones")
        .one_of("ranked teacher random"),
    text_option("finetune.pixels", "\"ranked\"",
                "which ReLUs it keeps: those ranked highest, or random ones, as many at each site")
        .one_of("ranked random"),
};

// A plugin's own options, and those of kRankedOptions that it does not declare with another default:
//
//   constexpr senet::Option kOwn[] = {…};
//   constexpr senet::RankedOptions kOptions(kOwn);
template <size_t N>
struct RankedOptions : JoinedOptions<N + std::size(kRankedOptions)> {
  constexpr explicit RankedOptions(const Option (&own)[N])
      : JoinedOptions<N + std::size(kRankedOptions)>(own, kRankedOptions) {}
};

// What a pass left at a ReLU site.
struct SitePass {
  const ReluSite* site;
  torch::Tensor x;         // the pre-activation, N×C×H×W, at kept and dropped elements alike
  torch::Tensor gradient;  // G = ∂L/∂(the activation's output), L the mean over the batch: of x's shape
};

// Takes both by the observer's hooks: gradients are there once the loss of the pass has gone backward.
class SitePasses final : public Observer {
 public:
  SitePasses(const std::vector<const ReluSite*>& sites, bool gradients);
  void at_site(const ReluSite& site, const torch::Tensor& pre, const torch::Tensor& post) override;
  // In the order of the sites; they are no longer kept then.
  std::vector<SitePass> take();

 private:
  std::vector<SitePass> passes_;
  bool gradients_;
};

// A score for each element of some sites: the largest stay ReLUs. It is made anew for each phase.
class ElementScore {
 public:
  enum class Needs { weights, activations, gradients };

  virtual ~ElementScore() = default;
  // What it is computed from: of weights alone, no image is looked at.
  virtual Needs needs() const { return Needs::gradients; }
  // Before anything else: makes the tensors that add() changes, on the device.
  virtual void begin(const std::vector<const ReluSite*>& sites, torch::Device device) = 0;
  // After each batch: tensor work in place that never waits for the device (a GPU records it once and repeats it).
  virtual void add(const std::vector<SitePass>& passes, const Batch& batch) = 0;
  // Where each shard added its own part of the batches: before scores(), makes them those of all images.
  virtual void join() {}
  // C×H×W each, finite.
  virtual std::vector<torch::Tensor> scores() const = 0;
  // After masks were made by them.
  virtual void masks_made() {}
  // All that begin() made.
  virtual void state(Archive& archive) = 0;
};

// A score that is a sum over the images since masks were made last.
class SummedScore : public ElementScore {
 public:
  // What a batch adds at a site: C×H×W. Sums are float64. In a shard the batch is the shard's part of it, and L the
  // mean over that part.
  virtual torch::Tensor of_batch(const SitePass& pass) = 0;
  virtual torch::Tensor of_sum(const torch::Tensor& sum) const { return sum; }

  void begin(const std::vector<const ReluSite*>& sites, torch::Device device) override;
  void add(const std::vector<SitePass>& passes, const Batch& batch) override;
  void join() override;
  std::vector<torch::Tensor> scores() const override;
  void masks_made() final;
  void state(Archive& archive) override;

 private:
  std::vector<torch::Tensor> sums_;  // of this shard's images, until they are joined
};

// A method that is a score: the rest (budgets, their fall, masks, distillation, fine-tuning) is done here. Its steps
// are NAME_sensitivity where a measure shares the budget; NAME_rank (one pass, at once) or NAME_search (a training);
// NAME_finetune.
class Ranked : public Method {
 public:
  std::vector<Step> steps(const Target& target) final;

 protected:
  virtual std::unique_ptr<ElementScore> make_score(const Options& options) const = 0;

 private:
  std::shared_ptr<Network> rank(StepContext& context) const;
  std::shared_ptr<Network> search(StepContext& context) const;
  std::shared_ptr<Network> finetune(StepContext& context, const std::string& found) const;

  std::string name_;
};

template <class Score>
class RankedBy final : public Ranked {
 protected:
  std::unique_ptr<ElementScore> make_score(const Options& options) const override {
    if constexpr (std::is_constructible_v<Score, const Options&>) {
      return std::make_unique<Score>(options);
    } else {
      (void)options;
      return std::make_unique<Score>();
    }
  }
};

// The entry of a method that ranks by the class Score, which is constructed from the method's Options or from nothing.
template <class Score>
constexpr PluginEntry ranked_entry(const char* name, const char* summary) {
  return entry<RankedBy<Score>>(name, summary, kRankedOptions);
}
template <class Score, size_t N>
constexpr PluginEntry ranked_entry(const char* name, const char* summary, const RankedOptions<N>& options) {
  return entry<RankedBy<Score>, N + std::size(kRankedOptions)>(name, summary, options);
}

}  // namespace senet
