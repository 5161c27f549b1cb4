#include "senet/distilled.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>

#include "nn/evaluation_mode.h"
#include "senet/error.h"

namespace senet {

namespace {

// Two observers of one pass, either of which may be missing.
class Both final : public Observer {
 public:
  Both(Observer* first, Observer* second) : observers_{first, second} {}

  void at_site(const ReluSite& site, const torch::Tensor& pre, const torch::Tensor& post) override {
    for (Observer* observer : observers_) {
      if (observer) observer->at_site(site, pre, post);
    }
  }
  bool wants_pre() const override {
    return std::any_of(observers_.begin(), observers_.end(),
                       [](const Observer* observer) { return observer && observer->wants_pre(); });
  }
  void at_stage_end(int stage, const torch::Tensor& output) override {
    for (Observer* observer : observers_) {
      if (observer) observer->at_stage_end(stage, output);
    }
  }
  // Null where there is none: a pass without an observer takes fewer passes over memory.
  Observer* any() { return observers_[0] || observers_[1] ? this : nullptr; }

 private:
  std::array<Observer*, 2> observers_;
};

// The stages that PRAM compares: those asked for, or all that the model announces.
std::vector<int64_t> compared_stages(const std::vector<int64_t>& asked, const std::map<int, torch::Tensor>& announced) {
  SENET_CHECK(!announced.empty(), "PRAM needs the ends of the residual stages, and the model announces none");
  std::vector<int64_t> all;
  for (const auto& [stage, output] : announced) all.push_back(stage);
  for (const int64_t stage : asked) {
    SENET_CHECK(std::count(all.begin(), all.end(), stage) == 1, "pram_stages names stage ", stage,
                "; the model announces the ends of ", torch::IntArrayRef(all));
  }
  return asked.empty() ? all : asked;
}

std::string named(const std::string& prefix, const char* option) {
  return prefix.empty() ? option : prefix + "." + option;
}

}  // namespace

DistilledSettings distilled_settings(const Options& options, const std::string& prefix) {
  const auto name = [&](const char* option) { return named(prefix, option); };
  DistilledSettings settings;
  settings.kd_weight = options.real(name("kd_weight"));
  settings.ce_weight = options.has(name("ce_weight")) ? options.real(name("ce_weight")) : -1;
  if (settings.ce_weight < 0) settings.ce_weight = 1 - settings.kd_weight;
  settings.temperature = options.real("temperature");
  if (!options.has(name("pram"))) return settings;
  settings.pram = choice_of(options, name("pram"), kPramForms);
  settings.pram_weight = options.real(name("beta"));
  settings.pram_stages = options.integers(name("pram_stages"));
  return settings;
}

void check_stages(const Options& options, const std::string& prefix, Network& model) {
  const Options::Item &form = options.item(named(prefix, "pram")), &stages = options.item(named(prefix, "pram_stages"));
  const std::vector<int64_t>& asked = options.integers(stages.declaration.name);
  const bool compares = options.text(form.declaration.name) != "none";
  if (!compares && asked.empty()) return;
  const torch::NoGradGuard no_gradient;
  const EvaluationMode evaluation(model);
  const NetworkShape& shape = model.shape();
  StageOutputs ends;
  model.forward(torch::zeros({1, shape.channels, shape.height, shape.width}), &ends);
  std::vector<int64_t> known;
  for (const auto& [stage, output] : ends.outputs()) known.push_back(stage);
  if (compares && known.empty())
    fail_usage(form.origin, ": ", options.section(), ".", form.declaration.name,
               " compares the ends of stages, and the model announces none; set it to \"none\"");
  for (const int64_t stage : asked) {
    if (std::count(known.begin(), known.end(), stage) == 0)
      fail_usage(stages.origin, ": ", options.section(), ".", stages.declaration.name, " names stage ", stage,
                 "; the model announces the ends of ", torch::IntArrayRef(known));
  }
}

Distilled::Distilled(Network& teacher, Network& network, DistilledSettings settings, Observer* observer)
    : teacher_(teacher), network_(network), settings_(std::move(settings)), observer_(observer) {
  teacher_.eval();
}

Loss Distilled::loss(const Batch& batch, EpochSums& sums, Network& network, const Observers& observers,
                     const std::string& suffix) {
  const bool with_pram = settings_.pram != PramForm::none;
  if (batch.pass == 0) {
    const torch::NoGradGuard no_gradient;
    StageOutputs ends;
    teacher_logits_ = teacher_.forward(batch.images, Both(with_pram ? &ends : nullptr, observers.of_teacher).any());
    teacher_ends_ = ends.outputs();
  }
  StageOutputs ends;
  const torch::Tensor logits =
      network.forward(batch.images, Both(with_pram ? &ends : nullptr, observers.of_network).any());
  const torch::Tensor ce = cross_entropy(logits, batch.labels);
  const torch::Tensor kd = distillation(logits, teacher_logits_, settings_.temperature);
  const auto images = static_cast<double>(batch.labels.size(0));
  sums.add("ce" + suffix, ce.detach() * images);
  sums.add("kd" + suffix, kd.detach() * images);
  torch::Tensor loss = settings_.ce_weight * ce + settings_.kd_weight * kd;
  if (!with_pram) return {loss, logits};
  torch::Tensor mismatch;
  for (const int64_t stage : compared_stages(settings_.pram_stages, ends.outputs())) {
    const int number = static_cast<int>(stage);
    const torch::Tensor term = pram(teacher_ends_.at(number), ends.outputs().at(number), settings_.pram);
    mismatch = mismatch.defined() ? mismatch + term : term;
  }
  sums.add("pram" + suffix, mismatch.detach() * images);
  return {loss + settings_.pram_weight * mismatch, logits};
}

}  // namespace senet
