#include "kernels/rectify.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/utils.h>

#include "device/tensors.h"
#include "kernels/cpu_loops.h"
#include "kernels/rectify_kernels.h"
#include "senet/error.h"

namespace senet {

namespace {

// Written so that NaN, which compares with nothing, passes.
template <class T>
SENET_CPU_CLONES void forward_loop(const T* __restrict x, const float* __restrict floors, T* __restrict y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const auto value = widen(x[i]);
    restore(value <= floors[i] ? floors[i] : value, y[i]);
  }
}

// y is above its floor ⇔ x is, so that the output serves and the input need not be kept.
template <class T>
SENET_CPU_CLONES void backward_loop(const T* __restrict g, const T* __restrict y, const float* __restrict floors,
                                    T* __restrict gx, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const auto slope = widen(g[i]);
    restore(widen(y[i]) <= floors[i] ? 0 : slope, gx[i]);
  }
}

// for_each_run() on all threads, over N images of `image` elements each.
template <class Body>
void for_all_runs(int64_t images, int64_t image, const Body& body) {
  at::parallel_for(0, images * image, kParallelGrain,
                   [&](int64_t begin, int64_t end) { for_each_run(begin, end, image, body); });
}

template <class Body>
void with_any_element(const torch::Tensor& x, const Body& body) {
  if (x.scalar_type() == torch::kFloat64) return body(TypeTag<double>());
  SENET_CHECK(x.scalar_type() == torch::kFloat32 || x.scalar_type() == torch::kBFloat16,
              "masked_relu: expected float32, bfloat16 or float64 activations, found ", x.dtype());
  with_element(x, body);
}

torch::Tensor masked_forward(const torch::Tensor& x, const torch::Tensor& floors) {
  if (!x.is_cpu()) return torch::where(x <= floors, floors.to(x.scalar_type()), x);
  torch::Tensor y = torch::empty_like(x);
  with_any_element(x, [&](auto tag) {
    using Element = typename decltype(tag)::Type;
    const auto* from = elements<const Element>(x);
    const auto* lowest = elements<const float>(floors);
    auto* to = elements<Element>(y);
    for_all_runs(x.size(0), floors.numel(), [&](int64_t at, int64_t within, int64_t length) {
      forward_loop(from + at, lowest + within, to + at, length);
    });
  });
  return y;
}

torch::Tensor masked_backward(const torch::Tensor& gradient, const torch::Tensor& y, const torch::Tensor& floors) {
  if (!y.is_cpu()) return torch::where(y <= floors, torch::zeros_like(gradient), gradient);
  torch::Tensor gx = torch::empty_like(y);
  with_any_element(y, [&](auto tag) {
    using Element = typename decltype(tag)::Type;
    const auto *from = elements<const Element>(gradient), *values = elements<const Element>(y);
    const auto* lowest = elements<const float>(floors);
    auto* to = elements<Element>(gx);
    for_all_runs(y.size(0), floors.numel(), [&](int64_t at, int64_t within, int64_t length) {
      backward_loop(from + at, values + at, lowest + within, to + at, length);
    });
  });
  return gx;
}

// Whether the kernels take it; all else is a masked ReLU without a shortcut, on the CPU or in float64.
bool kernels_take(const torch::Tensor& x) {
  return x.is_cuda() && (x.scalar_type() == torch::kFloat32 || x.scalar_type() == torch::kBFloat16);
}

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
  with_pack(x, packs(image_of(x), {x, shortcut, y, floors}), [&](auto tag, auto pack) {
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
  with_pack(y, packs(image_of(y), {y, gradient, gx, floors}), [&](auto tag, auto pack) {
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
    torch::Tensor y = kernels_take(x) ? rectify_forward(x, shortcut.value_or(torch::Tensor()), rectified, floors)
                                      : masked_forward(x, floors);
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
    const torch::Tensor gx =
        kernels_take(y) ? rectify_backward(gradient, y, rectified, saved[1]) : masked_backward(gradient, y, saved[1]);
    return {gx, context->saved_data["shortcut"].toBool() ? gx : torch::Tensor(), torch::Tensor(), torch::Tensor()};
  }
};

}  // namespace

torch::Tensor rectified_sum(const torch::Tensor& x, const torch::Tensor& shortcut, Rectified rectified,
                            const torch::Tensor& floors) {
  return RectifiedSum::apply(x, c10::optional<torch::Tensor>(shortcut), rectified,
                             c10::optional<torch::Tensor>(floors));
}

}  // namespace senet
