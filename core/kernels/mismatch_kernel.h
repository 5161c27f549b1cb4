#pragma once

#include <cmath>

#include "device/element.h"

namespace senet {

// What mismatch.h sums, of an element.
struct Mismatch {
  SENET_HOST_DEVICE static float of(float a, float b) { return fabsf(a - b); }
};
struct Gain {
  SENET_HOST_DEVICE static float of(float a, float x) { return fabsf(a - x) - fabsf(a - (x < 0 ? 0.0f : x)); }
};

// D += Σ over the images of Term(a, b). A block does kLanes·pack neighbours: each of its kSlices rows of threads sums
// every kSlices-th image in float32, then one adds the rows up in their order.
template <class Term, class Element, int pack>
struct AddTerms {
  static constexpr int kLanes = 32, kSlices = 16, kThreads = kLanes * kSlices, kPhases = 2;
  struct Shared {
    float sums[kSlices][kLanes * pack];
  };
  using Local = Nothing;

  static Blocks blocks(int64_t image) { return in_blocks((image + pack - 1) / pack, kLanes); }

  const Element *a, *b;
  int64_t images, image;
  double* D;

  SENET_HOST_DEVICE void run(int phase, const Block& block, int thread, Nothing&, Shared& shared) const {
    const int lane = thread % kLanes, slice = thread / kLanes;
    const int64_t place = (block.x * kLanes + lane) * pack;
    if (place >= image) return;
    if (phase == 0) {
      float sums[pack] = {};
      for (int64_t n = slice; n < images; n += kSlices) {
        const Pack<Element, pack> left = load<pack>(a + n * image + place), right = load<pack>(b + n * image + place);
        for (int i = 0; i < pack; ++i) sums[i] += Term::of(widen(left.values[i]), widen(right.values[i]));
      }
      for (int i = 0; i < pack; ++i) shared.sums[slice][i * kLanes + lane] = sums[i];
      return;
    }
    // Every row takes some of the neighbours, so that no thread adds up more than one of them.
    for (int i = slice; i < pack; i += kSlices) {
      float sum = 0;
      for (int row = 0; row < kSlices; ++row) sum += shared.sums[row][i * kLanes + lane];
      D[place + i] += sum;
    }
  }
};

}  // namespace senet
