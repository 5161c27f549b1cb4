#pragma once

#include <torch/types.h>

#include <array>
#include <deque>
#include <future>

#include "images/decoded.h"
#include "senet/dataset.h"
#include "senet/objective.h"

namespace senet {

struct Augmentation {
  int64_t crop_padding = 0;  // random crop of the original size after zero padding by so many pixels; 0: none
  bool flip = false;         // horizontal, with probability ½
  // A random box of the image as it is stored, resized to the data set's size, in place of the crop above.
  bool random_resized = false;
  int64_t cutout = 0;  // side of a black square, its middle anywhere in the image; 0: none
};

// Turns a list of images into a batch: crop, flip, cutout, scale to [0, 1], normalise, type and layout in one pass.
// What an image becomes is a pure function of (seed, epoch, its index). Padding and cutout are black before
// normalisation.
class BatchLoader {
 public:
  BatchLoader(Images images, Normalisation normalisation, torch::ScalarType precision, torch::Device device);

  int64_t count() const { return images_.count(); }
  // Whether the pixels are in memory and no image is resized.
  bool in_memory(const Augmentation& augmentation) const;

  // The order of an epoch: a permutation of all indices, a pure function of (seed, epoch).
  std::vector<int64_t> shuffled(uint64_t seed, int64_t epoch) const;

  Batch load(const int64_t* indices, int64_t count, const Augmentation& augmentation = {}, uint64_t seed = 0,
             int64_t epoch = 0) const;
  // The same on the calling thread alone; the batch is not on its device yet.
  Batch load_on_one_thread(const int64_t* indices, int64_t count, const Augmentation& augmentation, uint64_t seed,
                           int64_t epoch) const;
  Batch to_device(Batch batch) const;

  // Whether the images are on a GPU too, where they are made into the same batches, bit for bit.
  bool on_device(const Augmentation& augmentation) const;
  torch::Device device() const { return device_; }
  // indices: int64, on the device.
  Batch load_on_device(const torch::Tensor& indices, const Augmentation& augmentation, uint64_t seed,
                       int64_t epoch) const;

 private:
  Batch empty_batch(int64_t count, torch::Device device) const;
  void fill(Batch& batch, const int64_t* indices, int64_t begin, int64_t end, const Augmentation& augmentation,
            uint64_t seed, int64_t epoch) const;

  Images images_;
  ImageShape shape_{};
  std::vector<std::array<float, 256>> tables_;  // normalised values, for each channel
  torch::ScalarType precision_;
  torch::Device device_;
  torch::Tensor pixels_, labels_, table_;  // on a GPU: the images, the tables in the batch's type
};

// The batches of an epoch, in order. Batches that have to be read or decoded are made ahead by a bounded number of
// threads; how many there are does not change a batch.
class BatchStream {
 public:
  // indices: of the whole epoch; `first`: where in it to begin.
  BatchStream(const BatchLoader& loader, std::vector<int64_t> indices, int64_t batch, int64_t first = 0,
              const Augmentation& augmentation = {}, uint64_t seed = 0, int64_t epoch = 0);
  ~BatchStream();  // waits for the batches that are being made

  // The next batch. Throws what its making threw, and after the last index.
  Batch next();

 private:
  void read_ahead();

  const BatchLoader& loader_;
  const std::vector<int64_t> indices_;
  const int64_t batch_;
  const Augmentation augmentation_;
  const uint64_t seed_;
  const int64_t epoch_;
  torch::Tensor on_device_;  // the indices, where the images are on a GPU
  int64_t asked_, made_;     // positions in `indices`
  std::deque<std::future<Batch>> ahead_;
};

}  // namespace senet
