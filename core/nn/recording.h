#pragma once

#include <ATen/record_function.h>
#include <torch/types.h>

#include <memory>
#include <string>
#include <vector>

#include "senet/network.h"

namespace senet {

// An operator that LibTorch executed, with the operators that it is made of; or a ReLU site that the pass came by.
struct Call {
  std::string name;  // "aten::conv2d"
  std::vector<c10::IValue> inputs, outputs;
  std::vector<Call> parts;
  const ReluSite* site = nullptr;
};

// Records what this thread computes while the object lives; it is handed to a network's forward pass as the observer.
// Meanwhile layers run operator by operator, not in the core's joined passes, and a site stands for its activation. The
// recording keeps every tensor that it saw, so that a tensor's address identifies it.
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

// The tensors in one of an operator's inputs or outputs, which may be a list of them; and in all of these.
std::vector<torch::Tensor> tensors_in(const c10::IValue& value);
std::vector<torch::Tensor> tensors_in(const std::vector<c10::IValue>& values);

}  // namespace senet
