#include "senet/losses.h"

#include <torch/utils.h>

#include "kernels/channel_mean_square.h"
#include "senet/error.h"

namespace senet {

torch::Tensor cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels) {
  return at::cross_entropy_loss(logits.to(torch::promoteTypes(logits.scalar_type(), torch::kFloat32)), labels);
}

torch::Tensor distillation(const torch::Tensor& student, const torch::Tensor& teacher, double temperature) {
  const torch::Tensor log_student = at::log_softmax(student / temperature, 1);
  const torch::Tensor log_teacher = at::log_softmax(teacher.detach() / temperature, 1);
  const torch::Tensor divergence = (log_teacher.exp() * (log_teacher - log_student)).sum();
  return divergence * (temperature * temperature / static_cast<double>(student.size(0)));
}

torch::Tensor pram(const torch::Tensor& teacher, const torch::Tensor& student, PramForm form) {
  const bool any_channels = form == PramForm::attention && teacher.dim() == 4 && student.dim() == 4;
  SENET_CHECK(teacher.size(0) == student.size(0) && teacher.sizes().slice(2) == student.sizes().slice(2) &&
                  (any_channels || teacher.size(1) == student.size(1)),
              "PRAM compares activations of one shape; found ", teacher.sizes(), " and ", student.sizes());
  // At least float32: a norm over a bfloat16 activation keeps 8 bits.
  const auto precision = torch::promoteTypes(student.scalar_type(), torch::kFloat32);
  const auto unit = [](const torch::Tensor& rows) {
    return rows / at::linalg_vector_norm(rows, 2, {1}, /*keepdim=*/true).clamp_min(1e-12);
  };
  switch (form) {
    case PramForm::none:
      return torch::zeros({}, student.options().dtype(precision));
    case PramForm::attention: {
      const auto attention = [&](const torch::Tensor& x) { return unit(channel_mean_square(x).flatten(1)); };
      return (attention(teacher.detach()) - attention(student)).square().mean();
    }
    case PramForm::vector: {
      const auto vector = [&](const torch::Tensor& x) { return unit(x.to(precision).flatten(1)); };
      return (vector(teacher.detach()) - vector(student)).square().sum() / (2.0 * student.size(0));
    }
  }
  fail("no such form of PRAM");
}

void StageOutputs::at_stage_end(int stage, const torch::Tensor& output) {
  const int last = outputs_.empty() ? 0 : outputs_.rbegin()->first;
  SENET_CHECK(stage > last, "the model announced the end of stage ", stage, " after the end of stage ", last,
              "; stages end once each, in ascending order from 1");
  outputs_[stage] = output;
}

}  // namespace senet
