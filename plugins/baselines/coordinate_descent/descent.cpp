#include "descent.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>

#include "senet/error.h"
#include "senet/random.h"
#include "senet/selection.h"

namespace senet {

Descent::Descent(Network& teacher, Network& student, const DescentSettings& settings, std::function<double()> accuracy,
                 uint64_t seed)
    : student_(student),
      distilled_(teacher, student, settings.distilled),
      settings_(settings),
      accuracy_(std::move(accuracy)),
      seed_(seed),
      first_count_(count()) {}

int64_t Descent::count() const {
  int64_t count = 0;
  for (const torch::Tensor& mask : student_.masks()) count += mask.sum().item<int64_t>();
  return count;
}

std::vector<torch::Tensor> Descent::without(std::vector<torch::Tensor> masks, int64_t ones, int64_t trial) const {
  const uint64_t seed = derive_seed(seed_, text("round ", rounds_, ", set ", trial));
  std::vector<torch::Tensor> keys;
  for (size_t l = 0; l < masks.size(); ++l) {
    keys.push_back(torch::empty(masks[l].sizes(), torch::kFloat64));
    auto* values = keys.back().data_ptr<double>();
    for (int64_t i = 0; i < keys.back().numel(); ++i)
      values[i] = static_cast<double>(random_bits(seed, static_cast<uint32_t>(l), i) >> 11);
    keys.back().masked_fill_(masks[l].eq(0), -1);
  }
  const std::vector<torch::Tensor> chosen = largest_of_all(keys, ones);
  for (size_t l = 0; l < masks.size(); ++l) masks[l] = masks[l] - chosen[l];
  return masks;
}

void Descent::round() {
  const std::vector<torch::Tensor> masks = student_.masks();
  const int64_t ones = std::min(settings_.set_size, count() - settings_.budget);
  std::vector<torch::Tensor> best;
  double most = -1;
  for (int64_t trial = 0; trial < settings_.sets; ++trial) {
    const std::vector<torch::Tensor> tried = without(masks, ones, trial);
    student_.set_masks(tried);
    const double accuracy = accuracy_();
    ++trials_;
    if (accuracy > most) {
      most = accuracy;
      best = tried;
    }
    if (now_ - accuracy < settings_.tolerance) break;
  }
  student_.set_masks(best);
  now_ = most;
  ++rounds_;
}

void Descent::descend(int64_t periods_done) {
  const double before = now_ = accuracy_();
  const int64_t all = (first_count_ - settings_.budget + settings_.set_size - 1) / settings_.set_size;
  const bool spread = settings_.periods > 0;
  const int64_t due = spread ? all * (periods_done + 1) / settings_.periods : all;
  while (rounds_ < due && (spread || now_ >= before)) round();
}

void Descent::epoch_end(EpochEnd& end) {
  if ((end.epoch + 1) % settings_.period == 0) {
    finished_ = may_be_kept();
    if (!finished_) descend((end.epoch + 1) / settings_.period);
  }
  end.metrics.scalar("relus", static_cast<double>(count()));
  end.metrics.scalar("trials", static_cast<double>(trials_));
}

void Descent::state(Archive& archive) {
  archive.number("descent.rounds", rounds_);
  archive.number("descent.trials", trials_);
  archive.number("descent.finished", finished_);
}

}  // namespace senet
