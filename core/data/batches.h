#pragma once

#include <torch/types.h>

#include "senet/dataset.h"
#include "senet/objective.h"

namespace senet {

struct Augmentation {
  int64_t crop_padding = 0;  // random crop of the original size after zero padding by so many pixels; 0: none
  bool flip = false;         // horizontal, with probability ½
};

// Turns a list of images into a batch: crop, flip, scale to [0, 1], normalise, type and layout in one pass. What an
// image becomes is a pure function of (seed, epoch, its index). Padding is zero *before* normalisation, as black pixels
// are when the crop precedes the tensor's conversion.
class BatchLoader {
 public:
  BatchLoader(Images images, Normalisation normalisation, torch::ScalarType precision, torch::Device device);

  int64_t count() const { return images_.count(); }

  // The order of an epoch: a permutation of all indices, a pure function of (seed, epoch).
  std::vector<int64_t> shuffled(uint64_t seed, int64_t epoch) const;

  Batch load(const int64_t* indices, int64_t count, const Augmentation& augmentation = {}, uint64_t seed = 0,
             int64_t epoch = 0) const;

 private:
  Images images_;
  Normalisation normalisation_;
  torch::ScalarType precision_;
  torch::Device device_;
};

}  // namespace senet
