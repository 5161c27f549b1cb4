#pragma once

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>

#include "device/tensors.h"
#include "kernels/norm.h"
#include "kernels/norm_kernels.h"
#include "kernels/rectify.h"

namespace senet {

// activation(norm(x) + shortcut) and its gradients by the kernels of norm_kernels.h. start(kernel, blocks) runs one: on
// a GPU, or in a test on the host. x and shortcut are N×C×H×W, channels-last, of float32 or bfloat16.
struct NormInputs {
  torch::Tensor x, shortcut;  // the shortcut may be undefined
  Rectified rectified;
  torch::Tensor floors;  // as rectified_sum()'s
};
// Of a training step's norm, float32 for each channel.
struct BatchStatistics {
  torch::Tensor mean, inverse_deviation;
};
struct NormGradients {
  torch::Tensor x, shortcut, weight, bias;
};

inline NormChannels channels_of(const Norm& norm) {
  return {elements<const float>(norm.weight),
          elements<const float>(norm.bias),
          elements<float>(norm.running_mean),
          elements<float>(norm.running_var),
          norm.momentum,
          norm.epsilon};
}

// Rows of numbers for each channel.
inline torch::Tensor channel_numbers(int64_t rows, const torch::Tensor& x) {
  return torch::empty({rows, x.size(1)}, x.options().dtype(torch::kFloat32).memory_format(c10::nullopt));
}

template <class Kernel>
void set_images(Kernel& kernel, const NormInputs& inputs) {
  kernel.images = inputs.x.size(0);
  kernel.image = inputs.x.numel() / kernel.images;
  kernel.floors = inputs.rectified == Rectified::masked ? elements<const float>(inputs.floors) : nullptr;
  kernel.all = inputs.rectified == Rectified::all;
}

// factors: what each channel is multiplied by, and what is added.
template <class Start>
torch::Tensor apply_norm(const Start& start, const NormInputs& inputs, const torch::Tensor& factors) {
  const torch::Tensor& x = inputs.x;
  torch::Tensor y = torch::empty_like(x, torch::MemoryFormat::ChannelsLast);
  with_pack(x, packs(x.size(1), {x, inputs.shortcut, y, inputs.floors, factors}), [&](auto tag, auto pack) {
    using Element = typename decltype(tag)::Type;
    ApplyNorm<Element, pack.value> kernel{};
    set_images(kernel, inputs);
    kernel.x = elements<const Element>(x);
    kernel.shortcut = elements<const Element>(inputs.shortcut);
    kernel.scale = elements<const float>(factors);
    kernel.offset = kernel.scale + x.size(1);
    kernel.channels = x.size(1);
    kernel.y = elements<Element>(y);
    start(kernel, kernel.blocks(kernel.images, kernel.image));
  });
  return y;
}

// With the batch's statistics, which are left in `batch`; the running ones are updated.
template <class Start>
torch::Tensor norm_training(const Start& start, const Norm& norm, const NormInputs& inputs, BatchStatistics& batch) {
  const torch::Tensor& x = inputs.x;
  const int64_t channels = x.size(1), rows = x.numel() / channels;
  const torch::Tensor factors = channel_numbers(2, x);
  batch = {torch::empty_like(norm.weight), torch::empty_like(norm.weight)};
  with_pack(x, packs(channels, {x}), [&](auto tag, auto pack) {
    using Element = typename decltype(tag)::Type;
    const ChannelTiles tiles = ChannelTiles::of(rows, channels, pack.value);
    const torch::Tensor parts = channel_numbers(2 * tiles.chunks, x);
    auto* floats = elements<float>(factors);
    start(SumMoments<Element, pack.value>{{elements<const Element>(x)}, tiles, elements<float>(parts)},
          tiles.blocks(pack.value));
    using Join = JoinChannels<Statistics<Element>>;
    start(Join{{channels_of(norm),
                {floats, floats + channels},
                elements<const Element>(x),
                static_cast<double>(rows),
                elements<float>(batch.mean),
                elements<float>(batch.inverse_deviation)},
               elements<const float>(parts),
               channels,
               tiles.chunks},
          Join::blocks(channels));
  });
  return apply_norm(start, inputs, factors);
}

// With the running statistics.
template <class Start>
torch::Tensor norm_evaluation(const Start& start, const Norm& norm, const NormInputs& inputs) {
  const int64_t channels = inputs.x.size(1);
  const torch::Tensor factors = channel_numbers(2, inputs.x);
  auto* floats = elements<float>(factors);
  start(FactorsOfRunning{channels_of(norm), {floats, floats + channels}, channels},
        in_blocks(channels, FactorsOfRunning::kThreads));
  return apply_norm(start, inputs, factors);
}

// g: the gradient of y = norm_training(…), channels-last and of its type. inputs.shortcut: undefined where there was
// none, else anything.
template <class Start>
NormGradients norm_gradients(const Start& start, const torch::Tensor& weight, const NormInputs& inputs,
                             const torch::Tensor& y, const torch::Tensor& g, const BatchStatistics& batch) {
  const torch::Tensor& x = inputs.x;
  const int64_t channels = x.size(1), rows = x.numel() / channels;
  const bool rectifies = inputs.rectified != Rectified::none, shortcut = inputs.shortcut.defined();
  NormGradients all{torch::empty_like(x, torch::MemoryFormat::ChannelsLast),
                    {},
                    torch::empty_like(weight),
                    torch::empty_like(weight)};
  // Without an activation all of the gradient is the shortcut's.
  if (shortcut) all.shortcut = rectifies ? torch::empty_like(g) : g;
  const torch::Tensor factors = channel_numbers(3, x), &behind = rectifies ? y : g;
  with_pack(
      x, packs(channels, {x, g, behind, all.x, all.shortcut, inputs.floors, factors, batch.mean}),
      [&](auto tag, auto pack) {
        using Element = typename decltype(tag)::Type;
        const ChannelTiles tiles = ChannelTiles::of(rows, channels, pack.value);
        const torch::Tensor parts = channel_numbers(2 * tiles.chunks, x);
        auto* floats = elements<float>(factors);
        CombineGradients<Element, pack.value> combine{};
        set_images(combine, inputs);
        combine.gradient = {elements<const Element>(g), elements<const Element>(behind), combine.floors, combine.all};
        start(SumGradients<Element, pack.value>{{combine.gradient, elements<const Element>(x),
                                                 elements<const float>(batch.mean), rows / x.size(0), channels},
                                                tiles,
                                                elements<float>(parts)},
              tiles.blocks(pack.value));
        using Join = JoinChannels<GradientFactors>;
        start(Join{{elements<const float>(weight), elements<const float>(batch.mean),
                    elements<const float>(batch.inverse_deviation), static_cast<double>(rows), floats,
                    floats + channels, floats + 2 * channels, elements<float>(all.weight), elements<float>(all.bias)},
                   elements<const float>(parts),
                   channels,
                   tiles.chunks},
              Join::blocks(channels));
        combine.x = elements<const Element>(x);
        combine.of_g = floats;
        combine.of_x = floats + channels;
        combine.offset = floats + 2 * channels;
        combine.channels = channels;
        combine.gx = elements<Element>(all.x);
        combine.passed = shortcut && rectifies ? elements<Element>(all.shortcut) : nullptr;
        start(combine, combine.blocks(combine.images, combine.image));
      });
  return all;
}

}  // namespace senet
