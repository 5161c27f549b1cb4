#include "senet/objectives.h"

#include <torch/types.h>
#include <torch/utils.h>

#include "senet/error.h"
#include "senet/mismatch.h"
#include "senet/random.h"

namespace senet {

namespace {

// Keeps what a network's activations gave, until each is compared.
class SiteOutputs final : public Observer {
 public:
  void at_site(const ReluSite&, const torch::Tensor&, const torch::Tensor& post) override { outputs_.push_back(post); }
  bool wants_pre() const override { return false; }
  torch::Tensor take(int index) { return std::move(outputs_.at(index)); }

 private:
  std::vector<torch::Tensor> outputs_;
};

class MismatchObserver final : public Observer {
 public:
  MismatchObserver(SiteOutputs& teacher, EpochSums& sums, MaskScore score)
      : teacher_(teacher), sums_(sums), score_(score) {}

  void at_site(const ReluSite& site, const torch::Tensor& pre, const torch::Tensor& post) override {
    const SiteShape shape = site.shape();
    torch::Tensor& D = sums_.get(MaskIdentification::sum_name(site), {shape[1], shape[2], shape[0]});
    add_mismatch(D, teacher_.take(site.index()), score_ == MaskScore::pre ? pre : post);
  }

  bool wants_pre() const override { return score_ == MaskScore::pre; }

 private:
  SiteOutputs& teacher_;
  EpochSums& sums_;
  MaskScore score_;
};

torch::Tensor teacher_pass(Network& teacher, const torch::Tensor& images, Observer* observer) {
  const torch::NoGradGuard no_gradient;
  return teacher.forward(images, observer);
}

}  // namespace

Loss CrossEntropy::loss(const Batch& batch, EpochSums&) {
  const torch::Tensor logits = network_.forward(batch.images);
  return {cross_entropy(logits, batch.labels), logits};
}

MaskIdentification::MaskIdentification(Network& teacher, Network& student, std::vector<int64_t> relus,
                                       const MaskSettings& settings, uint64_t seed)
    : teacher_(teacher), student_(student), relus_(std::move(relus)), settings_(settings) {
  SENET_CHECK(relus_.size() == student_.sites().size(), "mask identification: ", relus_.size(),
              " ReLU counts for a network of ", student_.sites().size(), " sites");
  teacher_.eval();
  std::vector<torch::Tensor> masks;
  for (const ReluSite& site : student_.sites()) {
    const SiteShape shape = site.shape();
    masks.push_back(random_mask(shape, relus_[site.index()], derive_seed(seed, "mask/" + site.name())));
  }
  student_.set_masks(masks);
}

Loss MaskIdentification::loss(const Batch& batch, EpochSums& sums) {
  SiteOutputs teacher_outputs;
  const torch::Tensor teacher_logits = teacher_pass(teacher_, batch.images, &teacher_outputs);
  MismatchObserver mismatch(teacher_outputs, sums, settings_.score);
  const torch::Tensor logits = student_.forward(batch.images, &mismatch);
  const torch::Tensor loss = settings_.ce_weight * cross_entropy(logits, batch.labels) +
                             settings_.kd_weight * distillation(logits, teacher_logits, settings_.temperature);
  return {loss, logits};
}

void MaskIdentification::epoch_end(EpochEnd& end) {
  const std::vector<torch::Tensor> old = student_.masks();
  std::vector<torch::Tensor> masks;
  for (const ReluSite& site : student_.sites()) {
    const SiteShape shape = site.shape();
    const torch::Tensor& D = end.sums.get(sum_name(site), {shape[1], shape[2], shape[0]});
    masks.push_back(largest_entries(D.permute({2, 0, 1}), relus_[site.index()]));
  }
  end.metrics.scalar("nhd", normalised_hamming_distance(masks, old));
  end.metrics.scalar("overlap_1", overlap(masks, old));
  if (!previous_.empty()) end.metrics.scalar("overlap_2", overlap(masks, previous_));
  previous_ = old;
  student_.set_masks(masks);
}

void MaskIdentification::state(Archive& archive) {
  int64_t updates = previous_.empty() ? 0 : 1;
  archive.number("mask_identification.has_previous", updates);
  if (updates == 0) return;
  previous_.resize(student_.sites().size());
  for (const ReluSite& site : student_.sites()) {
    archive.tensor("mask_identification.previous." + site.name(), previous_[site.index()]);
  }
}

Finetuning::Finetuning(Network& teacher, Network& student, const FinetuneSettings& settings)
    : teacher_(teacher), student_(student), settings_(settings) {
  teacher_.eval();
}

Loss Finetuning::loss(const Batch& batch, EpochSums& sums) {
  const bool with_pram = settings_.pram != PramForm::none;
  StageOutputs teacher_stages, student_stages;
  const torch::Tensor teacher_logits = teacher_pass(teacher_, batch.images, with_pram ? &teacher_stages : nullptr);
  const torch::Tensor logits = student_.forward(batch.images, with_pram ? &student_stages : nullptr);
  const torch::Tensor ce = cross_entropy(logits, batch.labels);
  const torch::Tensor kd = distillation(logits, teacher_logits, settings_.temperature);
  const auto images = static_cast<double>(batch.labels.size(0));
  sums.add("ce", ce.detach() * images);
  sums.add("kd", kd.detach() * images);
  torch::Tensor loss = (1 - settings_.kd_weight) * ce + settings_.kd_weight * kd;
  if (with_pram) {
    const auto& teacher_outputs = teacher_stages.outputs();
    const auto& student_outputs = student_stages.outputs();
    SENET_CHECK(!student_outputs.empty() && student_outputs.size() == teacher_outputs.size(),
                "PRAM needs the ends of the residual stages, and the model announces none");
    torch::Tensor mismatch;
    for (size_t stage = 0; stage < student_outputs.size(); ++stage) {
      const torch::Tensor term = pram(teacher_outputs[stage], student_outputs[stage], settings_.pram);
      mismatch = mismatch.defined() ? mismatch + term : term;
    }
    sums.add("pram", mismatch.detach() * images);
    loss = loss + settings_.pram_weight * mismatch;
  }
  sums.add("images", torch::full({}, images));
  return {loss, logits};
}

void Finetuning::epoch_end(EpochEnd& end) {
  const double images = end.sums.value("images");
  end.metrics.scalar("ce", end.sums.value("ce") / images);
  end.metrics.scalar("kd", end.sums.value("kd") / images);
  if (settings_.pram != PramForm::none) end.metrics.scalar("pram", end.sums.value("pram") / images);
}

}  // namespace senet
