#pragma once

#include "device/element.h"

namespace senet {

// Of an element: v ← μ·v + (g + λ·w); w ← w − lr·v, or with Nesterov w ← w − lr·((g + λ·w) + μ·v).
struct SgdRule {
  float momentum, weight_decay;
  bool nesterov;

  SENET_HOST_DEVICE void apply(float& w, float& v, float g, float lr) const {
    const float slope = g + weight_decay * w;
    v = momentum * v + slope;
    w -= lr * (nesterov ? slope + momentum * v : v);
  }
};

// Elements of a parameter that one block updates.
constexpr int64_t kPiece = 4096;

// The same of all parameters at once, cut into pieces: one a block.
struct SgdPiece {
  float *w, *v;
  const float* g;
  int64_t count;
  SgdRule rule;
  float lr_factor;
};

struct SgdUpdate {
  static constexpr int kThreads = 256, kPhases = 1;
  using Shared = Nothing;
  using Local = Nothing;

  const SgdPiece* pieces;
  const float* lr;  // on the device

  SENET_HOST_DEVICE void run(int, const Block& block, int thread, Nothing&, Nothing&) const {
    const SgdPiece piece = pieces[block.x];
    const float rate = *lr * piece.lr_factor;
    for (int64_t i = thread; i < piece.count; i += kThreads) piece.rule.apply(piece.w[i], piece.v[i], piece.g[i], rate);
  }
};

}  // namespace senet
