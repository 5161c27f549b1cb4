#include "descent.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>

#include "senet/error.h"
#include "senet/random.h"
#include "senet/selection.h"

namespace senet {

int64_t proportional_set_size(int64_t relus) { return std::max<int64_t>(1, std::llround(100.0 * relus / 491520)); }

Descent::Descent(Network& teacher, Network& student, const DescentSettings& settings, std::function<double()> accuracy,
                 uint64_t seed)
    : DistilledSearch(teacher, student, settings.distilled, settings.budget),
      settings_(settings),
      accuracy_(std::move(accuracy)),
      seed_(seed),
      first_above_(above()) {}

void Descent::round() {
  const std::vector<torch::Tensor> masks = network().masks();
  const int64_t ones = std::min(settings_.set_size, above());
  std::vector<torch::Tensor> best;
  double most = -1;
  for (int64_t trial = 0; trial < settings_.sets; ++trial) {
    const uint64_t seed = derive_seed(seed_, text("round ", rounds_, ", set ", trial));
    std::vector<torch::Tensor> tried = random_of_all(masks, ones, seed);
    for (size_t l = 0; l < masks.size(); ++l) tried[l] = masks[l] - tried[l];
    network().set_masks(tried);
    const double accuracy = accuracy_();
    ++trials_;
    if (accuracy > most) {
      most = accuracy;
      best = tried;
    }
    if (now_ - accuracy < settings_.tolerance) break;
  }
  network().set_masks(best);
  now_ = most;
  ++rounds_;
}

void Descent::descend(int64_t periods_done) {
  const double before = now_ = accuracy_();
  const int64_t all = (first_above_ + settings_.set_size - 1) / settings_.set_size;
  const bool spread = settings_.periods > 0;
  const int64_t due = spread ? all * (periods_done + 1) / settings_.periods : all;
  while (rounds_ < due && (spread || now_ >= before)) round();
}

void Descent::epoch_end(EpochEnd& end) {
  if ((end.epoch + 1) % settings_.period == 0) {
    finished_ = may_be_kept();
    if (!finished_) descend((end.epoch + 1) / settings_.period);
  }
  DistilledSearch::epoch_end(end);
  end.metrics.scalar("trials", static_cast<double>(trials_));
}

void Descent::state(Archive& archive) {
  archive.number("descent.rounds", rounds_);
  archive.number("descent.trials", trials_);
  archive.number("descent.finished", finished_);
}

}  // namespace senet
