#include "kernels/parameter_copy.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/utils.h>

#include "device/device.h"

namespace senet {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class Copied final : public torch::autograd::Function<Copied> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& parameter, const torch::Tensor& copy) {
    context->saved_data["type"] = static_cast<int64_t>(parameter.scalar_type());
    return copy.detach();
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto type = static_cast<torch::ScalarType>(context->saved_data["type"].toInt());
    return {gradients[0].to(type), torch::Tensor()};
  }
};

void count_change(const torch::Tensor& tensor) { tensor.unsafeGetTensorImpl()->bump_version(); }

}  // namespace

bool ParameterCopy::is_of(const torch::Tensor& parameter) const {
  return copy_.defined() && parameter_.is_same(parameter) &&
         storage_.unsafeGetStorageImpl() == parameter.storage().unsafeGetStorageImpl() &&
         copy_.sizes() == parameter.sizes() && copy_.strides() == parameter.strides();
}

bool ParameterCopy::follows(const torch::Tensor& parameter) const {
  return is_of(parameter) && version_ == parameter._version();
}

void ParameterCopy::write(const torch::Tensor& parameter) {
  const torch::NoGradGuard no_gradient;
  if (!is_of(parameter)) copy_ = torch::empty_like(parameter.detach(), torch::kBFloat16);
  copy_.copy_(parameter);
  parameter_ = parameter;
  storage_ = parameter.storage();
  version_ = parameter._version();
}

torch::Tensor ParameterCopy::of(const torch::Tensor& parameter, torch::ScalarType type) {
  if (type != torch::kBFloat16 || parameter.scalar_type() == type || !parameter.is_leaf() || parameter.is_view()) {
    return parameter.to(type);
  }
  if (!follows(parameter)) {
    if (Capture::active()) return parameter.to(type);
    write(parameter);
  }
  if (Capture::active()) Capture::before_replays([self = shared_from_this(), parameter] { self->refresh(parameter); });
  return torch::GradMode::is_enabled() && parameter.requires_grad() ? Copied::apply(parameter, copy_) : copy_;
}

uint16_t* ParameterCopy::memory(const torch::Tensor& parameter) const {
  return follows(parameter) && parameter.is_non_overlapping_and_dense() ? static_cast<uint16_t*>(copy_.data_ptr())
                                                                        : nullptr;
}

void ParameterCopy::changed(const torch::Tensor& parameter, bool with_copy) {
  const bool both = with_copy && follows(parameter);
  count_change(parameter);
  if (!both) return;
  count_change(copy_);
  version_ = parameter._version();
}

bool ParameterCopy::refresh(const torch::Tensor& parameter) {
  if (!is_of(parameter)) return false;
  if (follows(parameter)) return true;
  // What is recorded is not done yet: the copy follows from the first replay on.
  Capture::active() ? void(copy_.copy_(parameter.detach())) : write(parameter);
  return true;
}

}  // namespace senet
