#include "senet/archive.h"

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
  asked_for_.insert(name);
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

void Archive::check_all_asked_for() const {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors_) {
    if (!asked_for_.count(name)) names.push_back(name);
  }
  if (names.empty()) return;
  fail("the checkpoint holds '", names[0], "'", names.size() > 1 ? text(" and ", names.size() - 1, " more") : "",
       ", which nothing asked for when it was loaded; a state(Archive&) has to name the same things when it loads as "
       "when it saves, also those that are made while the training runs");
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
