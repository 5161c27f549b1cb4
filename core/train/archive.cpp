#include "senet/archive.h"

#include <torch/types.h>
#include <torch/utils.h>

#include "senet/error.h"

namespace senet {

void Archive::tensor(const std::string& name, torch::Tensor& value) {
  const torch::NoGradGuard no_gradient;
  if (!loading_) {
    SENET_CHECK(!has(name), "two things are saved under the name '", name, "'");
    tensors_[name] = value.detach().to(torch::kCPU).contiguous().clone();
    return;
  }
  SENET_CHECK(has(name), "the checkpoint has no tensor '", name, "'");
  const torch::Tensor& saved = tensors_.at(name);
  if (!value.defined()) {
    value = saved.clone();
    return;
  }
  SENET_CHECK(saved.sizes() == value.sizes() && saved.scalar_type() == value.scalar_type(), "tensor '", name,
              "' of the checkpoint is ", saved.dtype(), " ", saved.sizes(), ", expected ", value.dtype(), " ",
              value.sizes());
  value.copy_(saved);
}

void Archive::number(const std::string& name, int64_t& value) {
  torch::Tensor tensor = torch::tensor(value, torch::kInt64);
  this->tensor(name, tensor);
  value = tensor.item<int64_t>();
}

void Archive::number(const std::string& name, double& value) {
  torch::Tensor tensor = torch::tensor(value, torch::kFloat64);
  this->tensor(name, tensor);
  value = tensor.item<double>();
}

}  // namespace senet
