#include "senet/distilled.h"

#include <torch/types.h>
#include <torch/utils.h>

namespace senet {

Loss Distilled::loss(const Batch& batch, EpochSums&) {
  torch::Tensor target;
  {
    const torch::NoGradGuard no_gradient;
    target = teacher_.forward(batch.images);
  }
  const torch::Tensor logits = network_.forward(batch.images);
  return {settings_.ce_weight * cross_entropy(logits, batch.labels) +
              settings_.kd_weight * distillation(logits, target, settings_.temperature),
          logits};
}

}  // namespace senet
