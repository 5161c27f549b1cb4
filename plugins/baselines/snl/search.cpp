#include <torch/types.h>
#include <torch/utils.h>

#include "senet/selection.h"
#include "snl.h"

namespace senet {

AlphaRelu::AlphaRelu(SiteShape shape, double threshold) : threshold_(threshold) {
  alpha = register_parameter(
      "alpha", torch::ones({1, shape[0], shape[1], shape[2]}).contiguous(torch::MemoryFormat::ChannelsLast));
}

torch::Tensor AlphaRelu::forward(const torch::Tensor& x) {
  return torch::addcmul(x, alpha.to(x.scalar_type()), (-x).clamp_min(0));
}

torch::Tensor AlphaRelu::mask() const {
  return alpha.detach().squeeze(0).gt(threshold_).to(torch::kCPU, torch::kUInt8).contiguous();
}

SnlSearch::SnlSearch(Network& teacher, Network& student, int64_t budget, const SnlSettings& settings)
    : DistilledSearch(teacher, student, settings.distilled, budget),
      settings_(settings),
      lambda_(settings.lambda),
      lowest_(student.relus()) {
  for (const ReluSite& site : student.sites()) {
    activations_.push_back(std::make_shared<AlphaRelu>(site.shape(), settings.threshold));
    student.set_activation(site, activations_.back());
  }
}

Loss SnlSearch::loss(const Batch& batch, EpochSums& sums) {
  Loss loss = DistilledSearch::loss(batch, sums);
  torch::Tensor l1;
  for (const auto& activation : activations_) {
    const torch::Tensor sum = activation->alpha.abs().sum();
    l1 = l1.defined() ? l1 + sum : sum;
  }
  loss.loss = loss.loss + lambda_ * l1;
  return loss;
}

void SnlSearch::epoch_end(EpochEnd& end) {
  epochs_ = end.epoch + 1;
  const int64_t left = count();
  if (left < lowest_) {
    lowest_ = left;
  } else if (end.epoch >= settings_.patience) {
    lambda_ *= settings_.lambda_factor;
  }
  DistilledSearch::epoch_end(end);
  end.metrics.scalar("lambda", lambda_);
}

void SnlSearch::state(Archive& archive) {
  archive.number("snl.lambda", lambda_);
  archive.number("snl.lowest", lowest_);
  // Which the network says: a checkpoint of an earlier version has it.
  int64_t counted = 0;
  if (archive.is_loading() && archive.has("snl.count")) archive.number("snl.count", counted);
  // A checkpoint of an earlier version has none.
  if (!archive.is_loading() || archive.has("snl.epochs")) archive.number("snl.epochs", epochs_);
}

std::vector<torch::Tensor> SnlSearch::alphas() const {
  std::vector<torch::Tensor> all;
  for (const auto& activation : activations_) {
    all.push_back(activation->alpha.detach().squeeze(0).to(torch::kCPU).contiguous().clone());
  }
  return all;
}

std::vector<torch::Tensor> SnlSearch::masks(bool fill) const {
  std::vector<torch::Tensor> masks;
  for (const auto& activation : activations_) masks.push_back(activation->mask());
  if (count() == budget() || (count() < budget() && !fill)) return masks;
  return largest_of_all(alphas(), budget());
}

}  // namespace senet
