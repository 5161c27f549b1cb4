#include "nn/recording.h"

#include <torch/utils.h>

namespace senet {

thread_local Recording* Recording::current_ = nullptr;

Recording::Recording() {
  current_ = this;
  handle_ = at::addThreadLocalCallback(at::RecordFunctionCallback(&Recording::start, &Recording::end)
                                           .needsInputs(true)
                                           .needsOutputs(true)
                                           .scopes({at::RecordScope::FUNCTION}));
}

Recording::~Recording() {
  at::removeCallback(handle_);
  current_ = nullptr;
}

void Recording::at_site(const ReluSite& site, const torch::Tensor& pre, const torch::Tensor& post) {
  calls.push_back({"", {pre}, {post}, {}, &site});
}

std::unique_ptr<at::ObserverContext> Recording::start(const at::RecordFunction& function) {
  Call call;
  call.name = function.name();
  for (const c10::IValue& input : function.inputs()) call.inputs.push_back(input);
  current_->open_.push_back(std::move(call));
  return nullptr;
}

void Recording::end(const at::RecordFunction& function, at::ObserverContext*) {
  // Its start was refused, in a build whose LibTorch was made with other checks.
  if (current_->open_.empty()) return;
  Call call = std::move(current_->open_.back());
  current_->open_.pop_back();
  for (const c10::IValue& output : function.outputs()) call.outputs.push_back(output);
  (current_->open_.empty() ? current_->calls : current_->open_.back().parts).push_back(std::move(call));
}

std::vector<torch::Tensor> tensors_in(const c10::IValue& value) {
  if (value.isTensor())
    return value.toTensor().defined() ? std::vector{value.toTensor()} : std::vector<torch::Tensor>();
  if (value.isTensorList()) return value.toTensorVector();
  if (!value.isList()) return {};
  std::vector<torch::Tensor> tensors;  // of a list with gaps (the indices of aten::index)
  for (const c10::IValue& element : value.toListRef()) {
    if (element.isTensor() && element.toTensor().defined()) tensors.push_back(element.toTensor());
  }
  return tensors;
}

std::vector<torch::Tensor> tensors_in(const std::vector<c10::IValue>& values) {
  std::vector<torch::Tensor> all;
  for (const c10::IValue& value : values) {
    const auto tensors = tensors_in(value);
    all.insert(all.end(), tensors.begin(), tensors.end());
  }
  return all;
}

}  // namespace senet
