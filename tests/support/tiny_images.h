#pragma once

#include "senet/dataset.h"

namespace senet::testing {

// Images of 6×6×2 at random, of five classes in turn.
inline Images tiny_images(int64_t count, uint64_t seed = 5) {
  torch::manual_seed(seed);
  return {torch::randint(0, 256, {count, 6, 6, 2}, torch::kUInt8), torch::arange(count) % 5};
}

const Normalisation kTinyNormalisation = {{0.5, 0.5}, {0.25, 0.25}};

}  // namespace senet::testing
