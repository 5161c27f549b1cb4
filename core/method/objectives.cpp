#include "method/objectives.h"

#include <torch/types.h>
#include <torch/utils.h>

#include "kernels/mismatch.h"
#include "senet/error.h"
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
    torch::Tensor& D = MaskIdentification::sum_of(site, sums_);
    const torch::Tensor a = teacher_.take(site.index());
    switch (score_) {
      case MaskScore::post:
        return add_mismatch(D, a, post);
      case MaskScore::pre:
        return add_mismatch(D, a, pre);
      case MaskScore::gain:
        return add_gain(D, a, pre);
    }
  }

  bool wants_pre() const override { return score_ != MaskScore::post; }

 private:
  SiteOutputs& teacher_;
  EpochSums& sums_;
  MaskScore score_;
};

class GainObserver final : public Observer {
 public:
  explicit GainObserver(EpochSums& sums) : sums_(sums) {}
  void at_site(const ReluSite& site, const torch::Tensor& pre, const torch::Tensor& post) override {
    add_gain(MaskIdentification::sum_of(site, sums_), post, pre);
  }

 private:
  EpochSums& sums_;
};

// A tensor that is there only at times.
void optional_tensor(Archive& archive, const std::string& name, torch::Tensor& value) {
  if (archive.is_loading()) value = torch::Tensor();
  if (archive.is_loading() ? archive.has(name) : value.defined()) archive.tensor(name, value);
}

// Of the metrics of a pass: none at width 1.
std::string suffix_of(const Widths& widths, int pass) { return pass == 0 ? "" : text("_", widths.width(pass)); }

}  // namespace

Loss CrossEntropy::loss(const Batch& batch, EpochSums&) {
  const torch::Tensor logits = network_.forward(batch.images);
  return {cross_entropy(logits, batch.labels), logits};
}

std::vector<torch::Tensor> relu_gains(Network& network, PhaseContext& context) {
  const torch::NoGradGuard no_gradient;
  EpochSums sums(context.device());
  GainObserver observer(sums);
  network.eval();
  context.for_each_batch(Part::train, context.training().batch, 0,
                         [&](const Batch& batch) { network.forward(batch.images, &observer); });
  std::vector<torch::Tensor> gains;
  for (const ReluSite& site : network.sites())
    gains.push_back(MaskIdentification::sum_of(site, sums).permute({2, 0, 1}));
  return gains;
}

MaskIdentification::MaskIdentification(Network& teacher, Widths student, std::vector<int64_t> relus,
                                       const MaskSettings& settings, uint64_t seed)
    : student_(std::move(student)),
      distilled_(teacher, student_.full(), settings.distilled),
      relus_(std::move(relus)),
      settings_(settings),
      previous_(student_.full().sites().size()),
      averages_(student_.full().sites().size()) {
  SENET_CHECK(relus_.size() == student_.full().sites().size(), "mask identification: ", relus_.size(),
              " ReLU counts for a network of ", student_.full().sites().size(), " sites");
  std::vector<torch::Tensor> masks = settings_.first;
  if (masks.empty()) {
    for (const ReluSite& site : student_.full().sites()) {
      const int64_t ones = relus_in(0, site);
      masks.push_back(settings_.first_scores.empty()
                          ? random_mask(site.shape(), ones, derive_seed(seed, "mask/" + site.name()), settings_.rule)
                          : chosen_mask(settings_.first_scores.at(site.index()), ones, settings_.rule));
    }
  }
  set_masks(masks);
}

int64_t MaskIdentification::relus_in(int64_t epoch, const ReluSite& site) const {
  FallingBudget of_site = settings_.fall;
  of_site.all = site.relus();
  of_site.budget = relus_[site.index()];
  return of_site.at(epoch);
}

torch::Tensor& MaskIdentification::sum_of(const ReluSite& site, EpochSums& sums) {
  const SiteShape shape = site.shape();
  return sums.get("mismatch." + site.name(), {shape[1], shape[2], shape[0]});
}

void MaskIdentification::set_masks(const std::vector<torch::Tensor>& masks) {
  const bool full = student_.full().set_masks(masks), narrow = student_.cut_masks();
  activations_replaced_ = full || narrow;
}

Loss MaskIdentification::loss(const Batch& batch, EpochSums& sums) {
  const bool compared = batch.pass == 0 && settings_.update;
  SiteOutputs teacher_outputs;
  MismatchObserver mismatch(teacher_outputs, sums, settings_.score);
  return distilled_.loss(batch, sums, student_.at(batch.pass),
                         {compared ? &teacher_outputs : nullptr, compared ? &mismatch : nullptr},
                         suffix_of(student_, batch.pass));
}

void MaskIdentification::update_masks(EpochSums& sums) {
  const std::vector<torch::Tensor> old = student_.full().masks();
  std::vector<torch::Tensor> masks;
  for (const ReluSite& site : student_.full().sites()) {
    torch::Tensor& D = sum_of(site, sums);
    torch::Tensor scores = D.permute({2, 0, 1});
    if (settings_.score_memory > 0) {
      torch::Tensor& average = averages_[site.index()];
      average = average.defined()
                    ? settings_.score_memory * average.to(scores.device()) + (1 - settings_.score_memory) * scores
                    : scores.clone();
      scores = average;
    }
    masks.push_back(chosen_mask(scores, relus_in(epoch_, site), settings_.rule));
    D.zero_();
  }
  const double nhd = normalised_hamming_distance(masks, old);
  overlap_1_ = overlap(masks, old);
  if (previous_.front().defined()) overlap_2_ = overlap(masks, previous_);
  const torch::Tensor movement = torch::full({1}, nhd, torch::kFloat64);
  movements_ = movements_.defined() ? torch::cat({movements_, movement}) : movement;
  settled_ = nhd <= settings_.stop_nhd ? settled_ + 1 : 0;
  previous_ = old;
  set_masks(masks);
}

void MaskIdentification::interval_end(EpochSums& sums) { update_masks(sums); }

void MaskIdentification::epoch_end(EpochEnd& end) {
  if (!settings_.update) return;
  const bool first = !previous_.front().defined() && !movements_.defined();
  epoch_ = end.epoch + 1;
  update_masks(end.sums);
  const int64_t updates = movements_.numel();
  end.metrics.scalar("nhd", movements_[-1].item<double>());
  end.metrics.scalar("overlap_1", overlap_1_);
  if (!first || updates > 1) end.metrics.scalar("overlap_2", overlap_2_);
  if (updates > 1) {
    const auto* values = movements_.data_ptr<double>();
    end.metrics.series("nhd_of_updates", {values, values + updates});
  }
  movements_ = torch::Tensor();
  const torch::Tensor row = packed_masks(student_.full().masks()).unsqueeze(0);
  history_ = history_.defined() ? torch::cat({history_, row}) : row;
  if (finished() || end.epoch + 1 == end.epochs) end.metrics.series("overlap_final", overlap_with_final());
}

std::vector<double> MaskIdentification::overlap_with_final() const {
  std::vector<std::vector<int64_t>> shapes;
  for (const ReluSite& site : student_.full().sites()) {
    const SiteShape shape = site.shape();
    shapes.emplace_back(shape.begin(), shape.end());
  }
  const std::vector<torch::Tensor> final = student_.full().masks();
  std::vector<double> shares;
  for (int64_t epoch = 0; epoch < history_.size(0); ++epoch) {
    shares.push_back(overlap(final, unpacked_masks(history_[epoch], shapes)));
  }
  return shares;
}

bool MaskIdentification::finished() const {
  return settings_.update && settings_.stop_nhd > 0 && settled_ >= settings_.stop_updates && may_be_kept();
}

void MaskIdentification::state(Archive& archive) {
  const std::string own = "mask_identification.";
  for (const ReluSite& site : student_.full().sites()) {
    optional_tensor(archive, own + "previous." + site.name(), previous_[site.index()]);
    optional_tensor(archive, own + "average." + site.name(), averages_[site.index()]);
  }
  optional_tensor(archive, own + "history", history_);
  optional_tensor(archive, own + "movements", movements_);
  archive.number(own + "overlap_1", overlap_1_);
  archive.number(own + "overlap_2", overlap_2_);
  archive.number(own + "settled", settled_);
  if (settings_.fall.fall != Fall::at_once) archive.number(own + "epoch", epoch_);
  if (archive.is_loading()) student_.cut_masks();
}

Finetuning::Finetuning(Network& teacher, Widths student, const DistilledSettings& settings)
    : student_(std::move(student)), distilled_(teacher, student_.full(), settings) {
  SENET_CHECK(settings.pram != PramForm::vector || student_.count() == 1,
              "PRAM's form vector compares whole activations, which narrower widths do not have");
}

Loss Finetuning::loss(const Batch& batch, EpochSums& sums) {
  return distilled_.loss(batch, sums, student_.at(batch.pass), {nullptr, nullptr}, suffix_of(student_, batch.pass));
}

}  // namespace senet
