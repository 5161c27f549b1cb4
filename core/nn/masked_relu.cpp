#include "senet/masked_relu.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/types.h>

#include "nn/cpu_loops.h"
#include "senet/error.h"

namespace senet {

namespace {

// bfloat16 as its bits: negative numbers (−0 and −∞ included, NaN not) are 0x8000 … 0xFF80.
struct Bfloat16Bits {
  static bool negative(uint16_t bits) { return static_cast<uint16_t>(bits - 0x8000u) <= 0x7F80u; }
};

template <class T>
SENET_CPU_CLONES void forward_loop(const T* __restrict x, const uint8_t* __restrict mask, T* __restrict y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = ((mask[i] != 0) & !(x[i] > T(0)) & (x[i] == x[i])) ? T(0) : x[i];
}
SENET_CPU_CLONES void forward_loop(const uint16_t* __restrict x, const uint8_t* __restrict mask, uint16_t* __restrict y,
                                   int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = ((mask[i] != 0) & Bfloat16Bits::negative(x[i])) ? uint16_t{0} : x[i];
}

// y ≤ 0 ⇔ x ≤ 0, so that the output serves and the input need not be kept.
template <class T>
SENET_CPU_CLONES void backward_loop(const T* __restrict g, const T* __restrict y, const uint8_t* __restrict mask,
                                    T* __restrict gx, int64_t n) {
  for (int64_t i = 0; i < n; ++i) gx[i] = ((mask[i] != 0) & (y[i] <= T(0))) ? T(0) : g[i];
}
SENET_CPU_CLONES void backward_loop(const uint16_t* __restrict g, const uint16_t* __restrict y,
                                    const uint8_t* __restrict mask, uint16_t* __restrict gx, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    gx[i] = ((mask[i] != 0) & ((y[i] == 0) | Bfloat16Bits::negative(y[i]))) ? uint16_t{0} : g[i];
  }
}

// Runs body(offset into the batch, offset into the mask, length) over N images of `image` elements each.
template <class Body>
void for_each_run(int64_t images, int64_t image, const Body& body) {
  at::parallel_for(0, images * image, kParallelGrain, [&](int64_t begin, int64_t end) {
    while (begin < end) {
      const int64_t within = begin % image;
      const int64_t length = std::min(end - begin, image - within);
      body(begin, within, length);
      begin += length;
    }
  });
}

template <class T, class Element>
Element* data(const torch::Tensor& tensor) {
  return reinterpret_cast<Element*>(tensor.data_ptr<T>());
}

template <class T, class Element = T>
void forward_cpu(const torch::Tensor& x, const torch::Tensor& mask, torch::Tensor& y) {
  const auto* from = data<T, const Element>(x);
  const auto* bytes = mask.data_ptr<uint8_t>();
  auto* to = data<T, Element>(y);
  for_each_run(x.size(0), mask.numel(), [&](int64_t at, int64_t within, int64_t length) {
    forward_loop(from + at, bytes + within, to + at, length);
  });
}

template <class T, class Element = T>
void backward_cpu(const torch::Tensor& gradient, const torch::Tensor& y, const torch::Tensor& mask, torch::Tensor& gx) {
  const auto* from = data<T, const Element>(gradient);
  const auto* values = data<T, const Element>(y);
  const auto* bytes = mask.data_ptr<uint8_t>();
  auto* to = data<T, Element>(gx);
  for_each_run(y.size(0), mask.numel(), [&](int64_t at, int64_t within, int64_t length) {
    backward_loop(from + at, values + at, bytes + within, to + at, length);
  });
}

template <class Body>
void dispatch(const torch::Tensor& x, const Body& body) {
  switch (x.scalar_type()) {
    case torch::kFloat32:
      return body(float{}, float{});
    case torch::kFloat64:
      return body(double{}, double{});
    case torch::kBFloat16:
      return body(at::BFloat16{}, uint16_t{});
    default:
      fail("masked_relu: expected float32, bfloat16 or float64 activations, found ", x.dtype());
  }
}

// Where a GPU's kernels will join: one function a direction, chosen by the tensor's device.
torch::Tensor forward_kernel(const torch::Tensor& x, const torch::Tensor& mask) {
  if (!x.is_cpu()) return torch::where(mask.to(torch::kBool), x.clamp_min(0), x);
  torch::Tensor y = torch::empty_like(x);
  dispatch(x, [&](auto type, auto element) { forward_cpu<decltype(type), decltype(element)>(x, mask, y); });
  return y;
}

torch::Tensor backward_kernel(const torch::Tensor& gradient, const torch::Tensor& y, const torch::Tensor& mask) {
  if (!y.is_cpu())
    return torch::where(mask.to(torch::kBool).logical_and(y <= 0), torch::zeros_like(gradient), gradient);
  torch::Tensor gx = torch::empty_like(y);
  dispatch(y, [&](auto type, auto element) { backward_cpu<decltype(type), decltype(element)>(gradient, y, mask, gx); });
  return gx;
}

class MaskedReluFunction : public torch::autograd::Function<MaskedReluFunction> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& mask) {
    torch::Tensor y = forward_kernel(x, mask);
    context->save_for_backward({y, mask});
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

torch::Tensor mask_in_layout(const torch::Tensor& mask, torch::MemoryFormat format) {
  if (format != torch::MemoryFormat::ChannelsLast) return mask.contiguous();
  return mask.permute({1, 2, 0}).contiguous().permute({2, 0, 1});
}

torch::Tensor masked_relu(const torch::Tensor& input, const torch::Tensor& mask) {
  SENET_CHECK(input.dim() == 4, "masked_relu: expected an N×C×H×W activation, found ", input.sizes());
  SENET_CHECK(mask.scalar_type() == torch::kUInt8, "masked_relu: expected a mask of uint8, found ", mask.dtype());
  SENET_CHECK(mask.sizes() == input.sizes().slice(1), "masked_relu: the mask is ", mask.sizes(),
              " but an image of the activation is ", input.sizes().slice(1));
  torch::Tensor x = format_of(input) == torch::MemoryFormat::Preserve ? input.contiguous() : input;
  return MaskedReluFunction::apply(x, mask_in_layout(mask, format_of(x)));
}

}  // namespace senet
