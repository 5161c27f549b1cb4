#pragma once

#include "device/element.h"

namespace senet {

// v ← μ·v + g + λ·w; w ← w − lr·v, of all parameters at once, cut into pieces: one a block.
struct SgdPiece {
  float *w, *v;
  const float* g;
  int64_t count;
};
constexpr int64_t kSgdPiece = 4096;

struct SgdUpdate {
  static constexpr int kThreads = 256, kPhases = 1;
  using Shared = Nothing;
  using Local = Nothing;

  const SgdPiece* pieces;
  const float* lr;  // on the device
  float momentum, weight_decay;

  SENET_HOST_DEVICE void run(int, const Block& block, int thread, Nothing&, Nothing&) const {
    const SgdPiece piece = pieces[block.x];
    const float rate = *lr;
    for (int64_t i = thread; i < piece.count; i += kThreads) {
      const float weight = piece.w[i];
      const float velocity = momentum * piece.v[i] + (piece.g[i] + weight_decay * weight);
      piece.v[i] = velocity;
      piece.w[i] = weight - rate * velocity;
    }
  }
};

}  // namespace senet
