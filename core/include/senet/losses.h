#pragma once

#include <torch/types.h>

#include <map>

#include "senet/choice.h"
#include "senet/network.h"

namespace senet {

// Mean over the batch of −log softmax(logits)[label]; logits N×classes, labels N.
torch::Tensor cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels);

// T²·KL(softmax(teacher/T) ‖ softmax(student/T)), mean over the batch (SENet, section 3; Hinton et al. 2015). The
// teacher's logits carry no gradient.
torch::Tensor distillation(const torch::Tensor& student, const torch::Tensor& teacher, double temperature);

// Post-ReLU activation mismatch (PRAM) at one residual stage, without its factor β. Both activations are N×C×H×W; the
// teacher's carries no gradient. Only `attention` takes activations that differ in their number of channels.
//   attention (the authors' code): mean over N·H·W of (â_t − â_s)², â = channel-mean of the squared activation,
//     flattened over H×W, divided by its L2 norm (at least 1e-12).
//   vector (SENet, equation of section 3): ½·‖Ψ_t/‖Ψ_t‖ − Ψ_s/‖Ψ_s‖‖², Ψ an image's whole activation, mean over images.
enum class PramForm { none, attention, vector };
constexpr Choice<PramForm> kPramForms[] = {
    {"none", PramForm::none}, {"attention", PramForm::attention}, {"vector", PramForm::vector}};
torch::Tensor pram(const torch::Tensor& teacher, const torch::Tensor& student, PramForm form);

// Keeps the output of each stage of the pass that it observes, by the stage's number.
class StageOutputs final : public Observer {
 public:
  void at_stage_end(int stage, const torch::Tensor& output) override;
  bool wants_pre() const override { return false; }
  const std::map<int, torch::Tensor>& outputs() const { return outputs_; }

 private:
  std::map<int, torch::Tensor> outputs_;
};

}  // namespace senet
