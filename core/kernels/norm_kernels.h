#pragma once

#include <cmath>

#include "kernels/rectify_kernels.h"

namespace senet {

// Batch norm with what follows it, of activations in channels-last memory: `rows` rows of `channels` values. Forward:
// SumMoments, JoinChannels<Element, Statistics>, ApplyNorm. Backward: SumGradients, JoinChannels<GradientFactors>,
// CombineGradients. Sums are float32 within a chunk of rows and float64 across chunks, each in a fixed order.

// Floats of neighbouring channels.
template <int pack>
SENET_HOST_DEVICE Pack<float, pack> load_floats(const float* from) {
  constexpr int kWide = pack % 4 == 0 ? 4 : 1;
  Pack<float, pack> all;
  for (int at = 0; at < pack; at += kWide) {
    const Pack<float, kWide> some = load<kWide>(from + at);
    for (int i = 0; i < kWide; ++i) all.values[at + i] = some.values[i];
  }
  return all;
}

// Whether a gradient passes an output y of the activation.
SENET_HOST_DEVICE inline bool passes(float y, float floor) { return !(y <= floor); }

// How rows are cut: block.y is a chunk of them, block.x a tile of channels. Of a block's threads `lanes` stand side by
// side on packs of channels, and each of the slices of them takes every so many rows of the chunk.
struct ChannelTiles {
  static constexpr int kThreads = 256;
  static constexpr int64_t kMostChunks = 512, kRowsAThread = 4;

  int64_t rows, channels, chunk_rows, chunks;
  int lanes;

  static ChannelTiles of(int64_t rows, int64_t channels, int pack) {
    int lanes = 1;
    while (lanes < 32 && lanes * pack < channels) lanes *= 2;
    const int64_t least = kThreads / lanes * kRowsAThread, even = (rows + kMostChunks - 1) / kMostChunks;
    const int64_t chunk_rows = std::max(least, even);
    return {rows, channels, chunk_rows, (rows + chunk_rows - 1) / chunk_rows, lanes};
  }
  Blocks blocks(int pack) const { return in_blocks((channels + pack - 1) / pack, lanes, chunks); }
  int64_t parts() const { return chunks * 2 * channels; }  // floats
};

// parts[chunk][0 or 1][channel] = the sums over the chunk's rows of the two terms of a Terms, which adds those of a
// pack: add(first element, its row, its channel, sums, sums).
template <class Terms, int pack>
struct SumChannels {
  static constexpr int kThreads = ChannelTiles::kThreads, kPhases = 2;
  struct Shared {
    float sums[2][kThreads * pack];
  };
  using Local = Nothing;

  Terms terms;
  ChannelTiles tiles;
  float* parts;

  SENET_HOST_DEVICE void run(int phase, const Block& block, int thread, Nothing&, Shared& shared) const {
    const int lanes = tiles.lanes, slices = kThreads / lanes;
    if (phase == 0) {
      const int64_t channel = (block.x * lanes + thread % lanes) * pack;
      float first[pack] = {}, second[pack] = {};
      const int64_t begin = block.y * tiles.chunk_rows, most = begin + tiles.chunk_rows;
      const int64_t end = most < tiles.rows ? most : tiles.rows;
      if (channel < tiles.channels) {
        for (int64_t row = begin + thread / lanes; row < end; row += slices) {
          terms.add(row * tiles.channels + channel, row, channel, first, second);
        }
      }
      for (int i = 0; i < pack; ++i) {
        shared.sums[0][i * kThreads + thread] = first[i];
        shared.sums[1][i * kThreads + thread] = second[i];
      }
      return;
    }
    for (int c = thread; c < lanes * pack; c += kThreads) {
      const int64_t channel = block.x * lanes * pack + c;
      if (channel >= tiles.channels) return;
      for (int which = 0; which < 2; ++which) {
        float sum = 0;
        for (int slice = 0; slice < slices; ++slice) {
          sum += shared.sums[which][c % pack * kThreads + slice * lanes + c / pack];
        }
        parts[(block.y * 2 + which) * tiles.channels + channel] = sum;
      }
    }
  }
};

// Of x − s and (x − s)², s the first row's value, which lies within a few deviations of the mean.
template <class Element, int pack>
struct Moments {
  const Element* x;

  SENET_HOST_DEVICE void add(int64_t at, int64_t, int64_t channel, float* sum, float* squares) const {
    const Pack<Element, pack> values = load<pack>(x + at), shift = load<pack>(x + channel);
    for (int i = 0; i < pack; ++i) {
      const float difference = widen(values.values[i]) - widen(shift.values[i]);
      sum[i] += difference;
      squares[i] += difference * difference;
    }
  }
};

// What of the gradient passes the activation behind the norm.
template <class Element, int pack>
struct PassedGradient {
  const Element *g, *y;
  const float* floors;  // as RectifyKernel's
  bool all;

  SENET_HOST_DEVICE Pack<float, pack> at(int64_t place, const Pack<float, pack>& lowest) const {
    const Pack<Element, pack> slope = load<pack>(g + place);
    Pack<float, pack> passed;
    if (!floors && !all) {
      for (int i = 0; i < pack; ++i) passed.values[i] = widen(slope.values[i]);
      return passed;
    }
    const Pack<Element, pack> out = load<pack>(y + place);
    for (int i = 0; i < pack; ++i) {
      passed.values[i] = passes(widen(out.values[i]), lowest.values[i]) ? widen(slope.values[i]) : 0.0f;
    }
    return passed;
  }
  SENET_HOST_DEVICE Pack<float, pack> floors_at(int64_t within) const {
    if (floors) return load_floats<pack>(floors + within);
    Pack<float, pack> zeros;
    for (int i = 0; i < pack; ++i) zeros.values[i] = 0;
    return zeros;
  }
};

// Of the gradient g′ that passes the activation, and g′·(x − μ).
template <class Element, int pack>
struct Gradients {
  PassedGradient<Element, pack> gradient;
  const Element* x;
  const float* mean;
  int64_t area, channels;  // rows of an image

  SENET_HOST_DEVICE void add(int64_t at, int64_t row, int64_t channel, float* sum, float* products) const {
    const Pack<float, pack> passed = gradient.at(at, gradient.floors_at(row % area * channels + channel));
    const Pack<float, pack> middle = load_floats<pack>(mean + channel);
    const Pack<Element, pack> values = load<pack>(x + at);
    for (int i = 0; i < pack; ++i) {
      sum[i] += passed.values[i];
      products[i] += passed.values[i] * (widen(values.values[i]) - middle.values[i]);
    }
  }
};

template <class Element, int pack>
using SumMoments = SumChannels<Moments<Element, pack>, pack>;
template <class Element, int pack>
using SumGradients = SumChannels<Gradients<Element, pack>, pack>;

// Adds up the chunks of a channel and hands its two sums to finish(channel, sum, sum).
template <class Finish>
struct JoinChannels {
  static constexpr int kLanes = 32, kSlices = 16, kThreads = kLanes * kSlices, kPhases = 2;
  struct Shared {
    double sums[2][kThreads];
  };
  using Local = Nothing;

  Finish finish;
  const float* parts;
  int64_t channels, chunks;

  static Blocks blocks(int64_t channels) { return in_blocks(channels, kLanes); }

  SENET_HOST_DEVICE void run(int phase, const Block& block, int thread, Nothing&, Shared& shared) const {
    const int lane = thread % kLanes, slice = thread / kLanes;
    const int64_t channel = block.x * kLanes + lane;
    if (channel >= channels) return;
    if (phase == 0) {
      double first = 0, second = 0;
      for (int64_t chunk = slice; chunk < chunks; chunk += kSlices) {
        first += parts[chunk * 2 * channels + channel];
        second += parts[(chunk * 2 + 1) * channels + channel];
      }
      shared.sums[0][thread] = first;
      shared.sums[1][thread] = second;
      return;
    }
    if (slice > 0) return;
    double first = 0, second = 0;
    for (int row = 0; row < kSlices; ++row) {
      first += shared.sums[0][row * kLanes + lane];
      second += shared.sums[1][row * kLanes + lane];
    }
    finish(channel, first, second);
  }
};

// A channel's parameters and statistics: float32, one number a channel.
struct NormChannels {
  const float *weight, *bias;
  float *running_mean, *running_var;
  double momentum, epsilon;
};
struct ChannelFactors {
  float *scale, *offset;  // y = x·scale + offset

  SENET_HOST_DEVICE void set(const NormChannels& norm, int64_t c, float mean, float inverse) const {
    scale[c] = norm.weight[c] * inverse;
    offset[c] = norm.bias[c] - mean * scale[c];
  }
};

// The batch's mean and 1/√(σ² + ε), the running statistics behind them, and what the norm multiplies and adds.
template <class Element>
struct Statistics {
  NormChannels norm;
  ChannelFactors factors;
  const Element* x;
  double rows;
  float *mean, *inverse_deviation;

  SENET_HOST_DEVICE void operator()(int64_t c, double sum, double squares) const {
    const double shift = widen(x[c]), shifted = sum / rows, spread = squares / rows - shifted * shifted;
    const double variance = spread > 0 ? spread : 0;
    mean[c] = static_cast<float>(shift + shifted);
    inverse_deviation[c] = static_cast<float>(1 / sqrt(variance + norm.epsilon));
    const double kept = 1 - norm.momentum, unbiased = variance * rows / (rows - 1);
    norm.running_mean[c] = static_cast<float>(kept * norm.running_mean[c] + norm.momentum * (shift + shifted));
    norm.running_var[c] = static_cast<float>(kept * norm.running_var[c] + norm.momentum * unbiased);
    factors.set(norm, c, mean[c], inverse_deviation[c]);
  }
};

// The same from the running statistics, which stay.
struct FactorsOfRunning {
  static constexpr int kThreads = 256, kPhases = 1;
  using Shared = Nothing;
  using Local = Nothing;

  NormChannels norm;
  ChannelFactors factors;
  int64_t channels;

  SENET_HOST_DEVICE void run(int, const Block& block, int thread, Nothing&, Nothing&) const {
    const int64_t c = block.x * kThreads + thread;
    if (c >= channels) return;
    factors.set(norm, c, norm.running_mean[c], static_cast<float>(1 / sqrt(norm.running_var[c] + norm.epsilon)));
  }
};

// gx = γ/σ·(g − Σg/R − (x − μ)/σ²·Σg(x − μ)/R) over R rows, as of_g·g + (of_x·x + offset).
struct GradientFactors {
  const float *weight, *mean, *inverse_deviation;
  double rows;
  float *of_g, *of_x, *offset, *gradient_of_weight, *gradient_of_bias;

  SENET_HOST_DEVICE void operator()(int64_t c, double sum, double products) const {
    const double inverse = inverse_deviation[c], scale = weight[c] * inverse;
    const double slope = -scale * inverse * inverse * products / rows;
    of_g[c] = static_cast<float>(scale);
    of_x[c] = static_cast<float>(slope);
    offset[c] = static_cast<float>(-scale * sum / rows - slope * mean[c]);
    gradient_of_weight[c] = static_cast<float>(products * inverse);
    gradient_of_bias[c] = static_cast<float>(sum);
  }
};

// y = x·scale + offset + shortcut, and its floor where it is not above it; `shortcut` may be null.
template <class Element, int pack>
struct ApplyNorm : RectifyKernel<Element, pack> {
  const Element *x, *shortcut;
  const float *scale, *offset;
  int64_t channels;
  Element* y;

  SENET_HOST_DEVICE void run(int, const Block& block, int thread, Nothing&, Nothing&) const {
    const int64_t place = this->place(block, thread);
    if (place >= this->image) return;
    const Pack<float, pack> lowest = this->floors_at(place), scales = load_floats<pack>(scale + place % channels),
                            offsets = load_floats<pack>(offset + place % channels);
    for (int64_t n = block.y; n < this->images; n += block.across) {
      const int64_t at = n * this->image + place;
      const Pack<Element, pack> from = load<pack>(x + at);
      const Pack<Element, pack> added = shortcut ? load<pack>(shortcut + at) : from;
      Pack<Element, pack> to;
      for (int i = 0; i < pack; ++i) {
        float value = widen(from.values[i]) * scales.values[i] + offsets.values[i];
        if (shortcut) value += widen(added.values[i]);
        narrow(passes(value, lowest.values[i]) ? value : lowest.values[i], to.values[i]);
      }
      store<pack>(to, y + at);
    }
  }
};

// gx of GradientFactors, and in `passed`, where it is not null, the gradient that passes the activation: the
// shortcut's.
template <class Element, int pack>
struct CombineGradients : RectifyKernel<Element, pack> {
  PassedGradient<Element, pack> gradient;
  const Element* x;
  const float *of_g, *of_x, *offset;
  int64_t channels;
  Element *gx, *passed;

  SENET_HOST_DEVICE void run(int, const Block& block, int thread, Nothing&, Nothing&) const {
    const int64_t place = this->place(block, thread), channel = place % channels;
    if (place >= this->image) return;
    const Pack<float, pack> lowest = gradient.floors_at(place), slopes = load_floats<pack>(of_g + channel),
                            by_x = load_floats<pack>(of_x + channel), offsets = load_floats<pack>(offset + channel);
    for (int64_t n = block.y; n < this->images; n += block.across) {
      const int64_t at = n * this->image + place;
      const Pack<float, pack> g = gradient.at(at, lowest);
      const Pack<Element, pack> values = load<pack>(x + at);
      Pack<Element, pack> to, through;
      for (int i = 0; i < pack; ++i) {
        narrow(slopes.values[i] * g.values[i] + (by_x.values[i] * widen(values.values[i]) + offsets.values[i]),
               to.values[i]);
        restore(g.values[i], through.values[i]);
      }
      store<pack>(to, gx + at);
      if (passed) store<pack>(through, passed + at);
    }
  }
};

}  // namespace senet
