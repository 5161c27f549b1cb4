#pragma once

#include "senet/losses.h"
#include "senet/objective.h"

namespace senet {

constexpr Option kTemperatureOption = real_option("temperature", "4", "T, of the distillation").between(0.01, 1000);

// Of a method that trains by its labels and its teacher.
constexpr Option kDistilledOptions[] = {
    real_option("ce_weight", "1", "weight of the cross entropy").at_least(0),
    real_option("kd_weight", "1", "weight of the distillation").at_least(0),
    kTemperatureOption,
};

struct DistilledSettings {
  double ce_weight = 1;
  double kd_weight = 1;
  double temperature = 4;                 // T
  PramForm pram = PramForm::none;         // post-ReLU activation mismatch
  double pram_weight = 1000;              // β
  std::vector<int64_t> pram_stages = {};  // none named: each that the model announces
};

// From options of those names under a prefix ("finetune.kd_weight"): kd_weight; ce_weight, or 1 − kd_weight where it is
// missing or negative; pram, beta and pram_stages where they are there; and `temperature`, without the prefix.
DistilledSettings distilled_settings(const Options& options, const std::string& prefix = "");
// Throws (fail_usage) where pram_stages under the prefix names a stage whose end the model does not announce, or pram
// compares stages and it announces none. Runs the model once.
void check_stages(const Options& options, const std::string& prefix, Network& model);

// Trains a network by its labels and its teacher: ce_weight·CE + kd_weight·T²·KL(teacher ‖ network at T) + β·Σ over
// residual stages of PRAM. Metrics: ce, kd and, where it is used, pram.
class Distilled final : public Objective {
 public:
  // Both networks outlive the objective, which puts the teacher into eval mode. The observer, if there is one, sees the
  // network's passes.
  Distilled(Network& teacher, Network& network, DistilledSettings settings, Observer* observer = nullptr);
  Loss loss(const Batch& batch, EpochSums& sums) override { return loss(batch, sums, network_, {nullptr, observer_}); }

  struct Observers {
    Observer *of_teacher, *of_network;
  };
  // The loss of another network at one of the step's passes; the teacher runs once a step, in the first. `suffix`: what
  // the metrics' names end with.
  Loss loss(const Batch& batch, EpochSums& sums, Network& network, const Observers& observers,
            const std::string& suffix = "");

 private:
  Network& teacher_;
  Network& network_;
  DistilledSettings settings_;
  Observer* observer_;
  torch::Tensor teacher_logits_;  // of the running step
  std::map<int, torch::Tensor> teacher_ends_;
};

// Trains a network so while a method takes ReLUs of it, down to a budget. Metrics: those of Distilled, and relus, how
// many the network keeps. Of its epochs best_epoch counts those alone whose network meets the budget.
class DistilledSearch : public Objective {
 public:
  // As of Distilled.
  DistilledSearch(Network& teacher, Network& network, const DistilledSettings& settings, int64_t budget,
                  Observer* observer = nullptr)
      : distilled_(teacher, network, settings, observer), network_(network), budget_(budget) {}

  Loss loss(const Batch& batch, EpochSums& sums) override { return distilled_.loss(batch, sums); }
  void epoch_end(EpochEnd& end) override { end.metrics.scalar("relus", static_cast<double>(count())); }
  bool may_be_kept() const override { return count() <= budget_; }

  int64_t count() const { return network_.kept(); }
  int64_t budget() const { return budget_; }

 protected:
  Network& network() const { return network_; }

 private:
  Distilled distilled_;
  Network& network_;
  int64_t budget_;
};

}  // namespace senet
