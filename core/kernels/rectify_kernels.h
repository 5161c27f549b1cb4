#pragma once

#include <algorithm>
#include <limits>

#include "device/element.h"

namespace senet {

// What both kernels have in common. There are `images` images of `image` elements each. A thread does `pack` neighbours
// of every block.across-th image, so that it reads their floors once. `floors` (masked_relu.h) say which elements are
// rectified; where they are null, all or none are.
template <class Element, int pack>
struct RectifyKernel {
  static constexpr int kThreads = 256, kPhases = 1;
  static constexpr int64_t kImagesAThread = 4;
  using Shared = Nothing;
  using Local = Nothing;

  static Blocks blocks(int64_t images, int64_t image) {
    return in_blocks((image + pack - 1) / pack, kThreads,
                     std::min<int64_t>((images + kImagesAThread - 1) / kImagesAThread, 65535));
  }
  SENET_HOST_DEVICE static int64_t place(const Block& block, int thread) {
    return (block.x * kThreads + thread) * pack;
  }

  int64_t images, image;
  const float* floors;
  bool all;

  SENET_HOST_DEVICE Pack<float, pack> floors_at(int64_t place) const {
    constexpr int kWide = pack % 4 == 0 ? 4 : 1;
    Pack<float, pack> lowest;
    for (int at = 0; at < pack; at += kWide) {
      Pack<float, kWide> some;
      if (floors) some = load<kWide>(floors + place + at);
      for (int i = 0; i < kWide; ++i) {
        lowest.values[at + i] = floors ? some.values[i] : all ? 0.0f : -std::numeric_limits<float>::infinity();
      }
    }
    return lowest;
  }
};

// y = x + shortcut, and its floor where it is not above it; `shortcut` may be null.
template <class Element, int pack>
struct RectifyForward : RectifyKernel<Element, pack> {
  const Element *x, *shortcut;
  Element* y;

  SENET_HOST_DEVICE void run(int, const Block& block, int thread, Nothing&, Nothing&) const {
    const int64_t place = this->place(block, thread);
    if (place >= this->image) return;
    const Pack<float, pack> lowest = this->floors_at(place);
    for (int64_t n = block.y; n < this->images; n += block.across) {
      const int64_t at = n * this->image + place;
      const Pack<Element, pack> from = load<pack>(x + at);
      const Pack<Element, pack> added = shortcut ? load<pack>(shortcut + at) : from;
      Pack<Element, pack> to;
      for (int i = 0; i < pack; ++i) {
        const float value = shortcut ? widen(from.values[i]) + widen(added.values[i]) : widen(from.values[i]);
        narrow(value <= lowest.values[i] ? lowest.values[i] : value, to.values[i]);
      }
      store<pack>(to, y + at);
    }
  }
};

// The gradient of both x and shortcut: g where y is above its floor, else 0.
template <class Element, int pack>
struct RectifyBackward : RectifyKernel<Element, pack> {
  const Element *g, *y;
  Element* gx;

  SENET_HOST_DEVICE void run(int, const Block& block, int thread, Nothing&, Nothing&) const {
    const int64_t place = this->place(block, thread);
    if (place >= this->image) return;
    const Pack<float, pack> lowest = this->floors_at(place);
    for (int64_t n = block.y; n < this->images; n += block.across) {
      const int64_t at = n * this->image + place;
      const Pack<Element, pack> slope = load<pack>(g + at), out = load<pack>(y + at);
      Pack<Element, pack> to;
      for (int i = 0; i < pack; ++i) {
        to.values[i] = widen(out.values[i]) <= lowest.values[i] ? Element{0} : slope.values[i];
      }
      store<pack>(to, gx + at);
    }
  }
};

}  // namespace senet
