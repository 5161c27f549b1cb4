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

// Elements of a parameter that one block updates, and that one of its threads takes at once where all lie on the
// boundaries of packs.
constexpr int64_t kPiece = 4096;
constexpr int kUpdatePack = 4;

// Such a piece: the parameter, its momentum, its gradient, and where the parameter has one, its copy in bfloat16, which
// is written along (else null).
struct UpdatePiece {
  float *w, *v;
  const float* g;
  uint16_t* copy;
  int64_t count;

  // update(size of a pack, first element) for the packs and the single elements that are the thread's. `more` is read
  // and written along.
  template <class Update>
  SENET_HOST_DEVICE void for_each_pack(int thread, int threads, const float* more, const Update& update) const {
    const auto begin = reinterpret_cast<uintptr_t>(w) | reinterpret_cast<uintptr_t>(v) |
                       reinterpret_cast<uintptr_t>(g) | reinterpret_cast<uintptr_t>(more) |
                       2 * reinterpret_cast<uintptr_t>(copy);
    const int64_t packed = begin % sizeof(Pack<float, kUpdatePack>) == 0 ? count / kUpdatePack * kUpdatePack : 0;
    for (int64_t at = int64_t{kUpdatePack} * thread; at < packed; at += int64_t{kUpdatePack} * threads) {
      update(PackSize<kUpdatePack>(), at);
    }
    for (int64_t at = packed + thread; at < count; at += threads) update(PackSize<1>(), at);
  }
  template <int pack>
  SENET_HOST_DEVICE void write(const Pack<float, pack>& updated, int64_t at) const {
    store<pack>(updated, w + at);
    if (!copy) return;
    Pack<uint16_t, pack> narrowed;
    for (int i = 0; i < pack; ++i) narrow(updated.values[i], narrowed.values[i]);
    store<pack>(narrowed, copy + at);
  }
};

// The same of all parameters at once, cut into pieces: one a block.
struct SgdPiece {
  UpdatePiece of;
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
    piece.of.for_each_pack(thread, kThreads, nullptr, [&](auto size, int64_t at) {
      constexpr int pack = size.value;
      Pack<float, pack> w = load<pack>(piece.of.w + at), v = load<pack>(piece.of.v + at);
      const Pack<float, pack> g = load<pack>(piece.of.g + at);
      for (int i = 0; i < pack; ++i) piece.rule.apply(w.values[i], v.values[i], g.values[i], rate);
      store<pack>(v, piece.of.v + at);
      piece.of.write<pack>(w, at);
    });
  }
};

}  // namespace senet
