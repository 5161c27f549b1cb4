#pragma once

#include <cmath>

#include "device/element.h"
#include "kernels/sgd_kernel.h"

namespace senet {

// What of Adam's step is the same for all parameters: lr/(1 − β₁ᵗ), √(1 − β₂ᵗ), lr.
struct AdamFactors {
  float rate, root, lr;
};

// Of an element: g ← g + λ·w, or with AdamW w ← w − lr·λ·w; m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²;
// w ← w − rate·m/(√v/root + ε).
struct AdamRule {
  float beta_1, beta_2, epsilon, weight_decay, lr_factor;
  bool decoupled;

  SENET_HOST_DEVICE void apply(float& w, float& m, float& v, float g, const AdamFactors& factors) const {
    if (decoupled) {
      w -= w * (factors.lr * lr_factor * weight_decay);
    } else {
      g += weight_decay * w;
    }
    m = beta_1 * m + (1 - beta_1) * g;
    v = beta_2 * v + (1 - beta_2) * g * g;
    w -= m / (sqrtf(v) / factors.root + epsilon) * (factors.rate * lr_factor);
  }
};

// The same of all parameters at once, cut into pieces: one a block.
struct AdamPiece {
  UpdatePiece of;  // `v` of it is m
  float* v;
  AdamRule rule;
};

struct AdamUpdate {
  static constexpr int kThreads = 256, kPhases = 1;
  using Shared = Nothing;
  using Local = Nothing;

  const AdamPiece* pieces;
  const AdamFactors* factors;  // on the device

  SENET_HOST_DEVICE void run(int, const Block& block, int thread, Nothing&, Nothing&) const {
    const AdamPiece piece = pieces[block.x];
    const AdamFactors of_step = *factors;
    piece.of.for_each_pack(thread, kThreads, piece.v, [&](auto size, int64_t at) {
      constexpr int pack = size.value;
      Pack<float, pack> w = load<pack>(piece.of.w + at), m = load<pack>(piece.of.v + at), v = load<pack>(piece.v + at);
      const Pack<float, pack> g = load<pack>(piece.of.g + at);
      for (int i = 0; i < pack; ++i) piece.rule.apply(w.values[i], m.values[i], v.values[i], g.values[i], of_step);
      store<pack>(m, piece.of.v + at);
      store<pack>(v, piece.v + at);
      piece.of.write<pack>(w, at);
    });
  }
};

}  // namespace senet
