#pragma once

#include "device/element.h"

namespace senet {

// means[row] = Σ over the channels of x² / channels. `lanes` threads, a power of two, share a row and add up in a tree.
template <class Element, int pack>
struct MeanSquares {
  static constexpr int kThreads = 256, kMostLanes = 32, kPhases = 6;
  struct Shared {
    float sums[kThreads];
  };
  using Local = Nothing;

  static int lanes_for(int64_t channels) {
    int lanes = 1;
    while (lanes < kMostLanes && lanes * pack < channels) lanes *= 2;
    return lanes;
  }
  static Blocks blocks(int64_t rows, int64_t channels) { return in_blocks(rows, kThreads / lanes_for(channels)); }

  const Element* x;
  int64_t rows, channels;
  int lanes;
  float* means;

  SENET_HOST_DEVICE void run(int phase, const Block& block, int thread, Nothing&, Shared& shared) const {
    const int lane = thread % lanes;
    const int64_t row = block.x * (kThreads / lanes) + thread / lanes;
    if (phase == 0) {
      float sum = 0;
      for (int64_t c = static_cast<int64_t>(lane) * pack; row < rows && c < channels; c += lanes * pack) {
        const Pack<Element, pack> values = load<pack>(x + row * channels + c);
        for (int i = 0; i < pack; ++i) sum += widen(values.values[i]) * widen(values.values[i]);
      }
      shared.sums[thread] = sum;
    } else {
      const int reach = kMostLanes >> phase;
      if (lane < reach && reach < lanes) shared.sums[thread] += shared.sums[thread + reach];
    }
    if (phase == kPhases - 1 && lane == 0 && row < rows)
      means[row] = shared.sums[thread] / static_cast<float>(channels);
  }
};

// gx = x · slopes[row] · 2 / channels.
template <class Element, int pack>
struct ScaleRows {
  static constexpr int kThreads = 256, kPhases = 1;
  using Shared = Nothing;
  using Local = Nothing;

  static Blocks blocks(int64_t rows, int64_t channels) { return in_blocks(rows * channels / pack, kThreads); }

  const Element* x;
  const float* slopes;
  int64_t rows, channels;
  Element* gx;

  SENET_HOST_DEVICE void run(int, const Block& block, int thread, Nothing&, Nothing&) const {
    const int64_t at = (block.x * kThreads + thread) * pack;
    if (at >= rows * channels) return;
    const float scale = slopes[at / channels] * (2 / static_cast<float>(channels));
    const Pack<Element, pack> from = load<pack>(x + at);
    Pack<Element, pack> to;
    for (int i = 0; i < pack; ++i) narrow(scale * widen(from.values[i]), to.values[i]);
    store<pack>(to, gx + at);
  }
};

}  // namespace senet
