#include "nn/rectify.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "device/tensors.h"
#include "nn/rectify_kernels.h"

namespace senet {

namespace {

int64_t image_of(const torch::Tensor& x) { return x.numel() / std::max<int64_t>(1, x.size(0)); }

template <class Kernel>
void start(Kernel kernel, const torch::Tensor& x, Rectified rectified, const torch::Tensor& floors) {
  kernel.images = x.size(0);
  kernel.image = image_of(x);
  kernel.floors = rectified == Rectified::masked ? elements<const float>(floors) : nullptr;
  kernel.all = rectified == Rectified::all;
  launch(kernel, Kernel::blocks(kernel.images, kernel.image));
}

torch::Tensor rectify_forward(const torch::Tensor& x, const torch::Tensor& shortcut, Rectified rectified,
                              const torch::Tensor& floors) {
  torch::Tensor y = torch::empty_like(x);
  with_pack(x, packs(image_of(x), {x, shortcut, y}), [&](auto tag, auto pack) {
    using Element = typename decltype(tag)::Type;
    RectifyForward<Element, pack.value> kernel;
    kernel.x = elements<const Element>(x);
    kernel.shortcut = elements<const Element>(shortcut);
    kernel.y = elements<Element>(y);
    start(kernel, x, rectified, floors);
  });
  return y;
}

torch::Tensor rectify_backward(const torch::Tensor& gradient, const torch::Tensor& y, Rectified rectified,
                               const torch::Tensor& floors) {
  torch::Tensor gx = torch::empty_like(y);
  with_pack(y, packs(image_of(y), {y, gradient, gx}), [&](auto tag, auto pack) {
    using Element = typename decltype(tag)::Type;
    RectifyBackward<Element, pack.value> kernel;
    kernel.g = elements<const Element>(gradient);
    kernel.y = elements<const Element>(y);
    kernel.gx = elements<Element>(gx);
    start(kernel, y, rectified, floors);
  });
  return gx;
}

class RectifiedSum final : public torch::autograd::Function<RectifiedSum> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const c10::optional<torch::Tensor>& shortcut, Rectified rectified,
                               const c10::optional<torch::Tensor>& maybe_floors) {
    const torch::Tensor floors = maybe_floors.value_or(torch::Tensor());
    torch::Tensor y = rectify_forward(x, shortcut.value_or(torch::Tensor()), rectified, floors);
    context->saved_data["rectified"] = static_cast<int64_t>(rectified);
    context->saved_data["shortcut"] = shortcut.has_value() && shortcut->defined();
    context->save_for_backward({y, floors});
    return y;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const torch::Tensor& y = saved[0];
    const auto rectified = static_cast<Rectified>(context->saved_data["rectified"].toInt());
    torch::Tensor gradient = gradients[0].to(y.scalar_type());
    if (gradient.strides() != y.strides()) gradient = torch::empty_like(y).copy_(gradient);
    const torch::Tensor gx = rectify_backward(gradient, y, rectified, saved[1]);
    return {gx, context->saved_data["shortcut"].toBool() ? gx : torch::Tensor(), torch::Tensor(), torch::Tensor()};
  }
};

}  // namespace

bool rectify_takes(const torch::Tensor& x) {
  return x.is_cuda() && (x.scalar_type() == torch::kFloat32 || x.scalar_type() == torch::kBFloat16);
}

torch::Tensor rectified_sum(const torch::Tensor& x, const torch::Tensor& shortcut, Rectified rectified,
                            const torch::Tensor& floors) {
  return RectifiedSum::apply(x, c10::optional<torch::Tensor>(shortcut), rectified,
                             c10::optional<torch::Tensor>(floors));
}

}  // namespace senet
