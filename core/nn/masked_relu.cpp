#include "senet/masked_relu.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <limits>

#include "device/tensors.h"
#include "nn/cpu_loops.h"
#include "nn/rectify.h"
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

torch::Tensor forward_kernel(const torch::Tensor& x, const torch::Tensor& floors) {
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

torch::Tensor backward_kernel(const torch::Tensor& gradient, const torch::Tensor& y, const torch::Tensor& floors) {
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

class MaskedReluFunction : public torch::autograd::Function<MaskedReluFunction> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& floors) {
    torch::Tensor y = forward_kernel(x, floors);
    context->save_for_backward({y, floors});
    return y;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const torch::Tensor& y = saved[0];
    torch::Tensor gradient = gradients[0];
    if (gradient.scalar_type() != y.scalar_type()) gradient = gradient.to(y.scalar_type());
    if (gradient.strides() != y.strides()) gradient = torch::empty_like(y).copy_(gradient);
    return {backward_kernel(gradient, y, saved[1]), torch::Tensor()};
  }
};

torch::MemoryFormat format_of(const torch::Tensor& x) {
  if (x.is_contiguous()) return torch::MemoryFormat::Contiguous;
  if (x.is_contiguous(torch::MemoryFormat::ChannelsLast)) return torch::MemoryFormat::ChannelsLast;
  return torch::MemoryFormat::Preserve;
}

}  // namespace

torch::Tensor floors_of(const torch::Tensor& mask, torch::MemoryFormat format) {
  const torch::Tensor floors = torch::zeros(mask.sizes(), mask.options().dtype(torch::kFloat32))
                                   .masked_fill(mask.eq(0), -std::numeric_limits<float>::infinity());
  if (format != torch::MemoryFormat::ChannelsLast) return floors;
  return floors.permute({1, 2, 0}).contiguous().permute({2, 0, 1});
}

torch::Tensor masked_relu_at(const torch::Tensor& x, const torch::Tensor& floors) {
  if (rectify_takes(x)) return rectified_sum(x, {}, Rectified::masked, floors);
  return MaskedReluFunction::apply(x, floors);
}

torch::Tensor masked_relu(const torch::Tensor& input, const torch::Tensor& mask) {
  SENET_CHECK(input.dim() == 4, "masked_relu: expected an N×C×H×W activation, found ", input.sizes());
  SENET_CHECK(mask.scalar_type() == torch::kUInt8, "masked_relu: expected a mask of uint8, found ", mask.dtype());
  SENET_CHECK(mask.sizes() == input.sizes().slice(1), "masked_relu: the mask is ", mask.sizes(),
              " but an image of the activation is ", input.sizes().slice(1));
  const torch::Tensor x = format_of(input) == torch::MemoryFormat::Preserve ? input.contiguous() : input;
  return masked_relu_at(x, floors_of(mask.to(x.device()), format_of(x)));
}

}  // namespace senet
