#pragma once

#include <ATen/record_function.h>
#include <torch/types.h>

#include <memory>
#include <string>
#include <vector>

#include "senet/network.h"

namespace senet {

// An operator that LibTorch executed, with those that it is made of; or a ReLU site that the pass came by.
struct Call {
  std::string name;  // "aten::conv2d"
  std::vector<c10::IValue> inputs, outputs;
  std::vector<Call> parts;
  const ReluSite* site = nullptr;
};

// Records what this thread computes while it lives: hand it to a network's forward pass as the observer. Layers then
// run operator by operator, in no pass of their own, and a site stands for the activation in it. All that is recorded
// is kept with it, so that a tensor's address stands for the tensor.
class Recording final : public Observer {
 public:
  Recording();
  ~Recording() override;
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  static bool active() { return current_ != nullptr; }

  void at_site(const ReluSite& site, const torch::Tensor& pre, const torch::Tensor& post) override;

  std::vector<Call> calls;

 private:
  static std::unique_ptr<at::ObserverContext> start(const at::RecordFunction& function);
  static void end(const at::RecordFunction& function, at::ObserverContext*);

  static thread_local Recording* current_;
  at::CallbackHandle handle_;
  std::vector<Call> open_;
};

// The tensors in an operator's input or output, those of a list too.
std::vector<torch::Tensor> tensors_in(const c10::IValue& value);

}  // namespace senet
