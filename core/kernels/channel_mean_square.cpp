#include "kernels/channel_mean_square.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/utils.h>

#include <algorithm>

#include "kernels/channel_mean_square_kernels.h"
#include "kernels/cpu_loops.h"

namespace senet {

namespace {

template <class Element>
SENET_CPU_CLONES void mean_squares(const Element* __restrict x, float* __restrict means, int64_t rows,
                                   int64_t channels) {
  for (int64_t row = 0; row < rows; ++row, x += channels) {
    float sum = 0;
    SENET_VECTOR_SUM(sum)
    for (int64_t c = 0; c < channels; ++c) {
      const float value = widen(x[c]);
      sum += value * value;
    }
    means[row] = sum / static_cast<float>(channels);
  }
}

template <class Element>
SENET_CPU_CLONES void scale_rows(const Element* __restrict x, const float* __restrict gradients, Element* __restrict gx,
                                 int64_t rows, int64_t channels) {
  for (int64_t row = 0; row < rows; ++row, x += channels, gx += channels) {
    const float scale = gradients[row] * (2 / static_cast<float>(channels));
    for (int64_t c = 0; c < channels; ++c) narrow(scale * widen(x[c]), gx[c]);
  }
}

// body(first row, end), on all threads.
template <class Body>
void for_rows(const torch::Tensor& x, const Body& body) {
  at::parallel_for(0, x.numel() / x.size(1), std::max<int64_t>(1, kParallelGrain / x.size(1)), body);
}

void mean_squares(const torch::Tensor& x, torch::Tensor& means) {
  const int64_t channels = x.size(1), rows = means.numel();
  auto* to = means.data_ptr<float>();
  if (x.is_cuda()) {
    return with_pack(x, packs(channels, {x}), [&](auto tag, auto pack) {
      using Element = typename decltype(tag)::Type;
      using Kernel = MeanSquares<Element, pack.value>;
      launch(Kernel{elements<const Element>(x), rows, channels, Kernel::lanes_for(channels), to},
             Kernel::blocks(rows, channels));
    });
  }
  with_element(x, [&](auto tag) {
    const auto* from = elements<const typename decltype(tag)::Type>(x);
    for_rows(x, [=](int64_t begin, int64_t end) {
      mean_squares(from + begin * channels, to + begin, end - begin, channels);
    });
  });
}

void scale_rows(const torch::Tensor& x, const torch::Tensor& gradient, torch::Tensor& gx) {
  const int64_t channels = x.size(1), rows = gradient.numel();
  const auto* slopes = gradient.data_ptr<float>();
  if (x.is_cuda()) {
    return with_pack(x, packs(channels, {x, gx}), [&](auto tag, auto pack) {
      using Element = typename decltype(tag)::Type;
      using Kernel = ScaleRows<Element, pack.value>;
      launch(Kernel{elements<const Element>(x), slopes, rows, channels, elements<Element>(gx)},
             Kernel::blocks(rows, channels));
    });
  }
  with_element(x, [&](auto tag) {
    using Element = typename decltype(tag)::Type;
    const auto* from = elements<const Element>(x);
    auto* to = elements<Element>(gx);
    for_rows(x, [=](int64_t begin, int64_t end) {
      scale_rows(from + begin * channels, slopes + begin, to + begin * channels, end - begin, channels);
    });
  });
}

class ChannelMeanSquare final : public torch::autograd::Function<ChannelMeanSquare> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x) {
    torch::Tensor means = torch::empty({x.size(0), x.size(2), x.size(3)}, x.options().dtype(torch::kFloat32));
    mean_squares(x, means);
    context->save_for_backward({x});
    return means;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const torch::Tensor x = context->get_saved_variables()[0], gradient = gradients[0].contiguous();
    torch::Tensor gx = torch::empty_like(x, torch::MemoryFormat::ChannelsLast);
    scale_rows(x, gradient, gx);
    return {gx};
  }
};

}  // namespace

torch::Tensor channel_mean_square(const torch::Tensor& x) {
  const bool one_pass = (x.is_cpu() || x.is_cuda()) && x.dim() == 4 &&
                        x.is_contiguous(torch::MemoryFormat::ChannelsLast) &&
                        (x.scalar_type() == torch::kFloat32 || x.scalar_type() == torch::kBFloat16);
  if (one_pass) return ChannelMeanSquare::apply(x);
  // At least float32: a sum over bfloat16 keeps 8 bits.
  return x.to(torch::promoteTypes(x.scalar_type(), torch::kFloat32)).square().mean(1);
}

}  // namespace senet
