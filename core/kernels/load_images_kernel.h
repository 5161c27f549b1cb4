#pragma once

#include "device/kernel.h"
#include "senet/random.h"

namespace senet {

constexpr uint32_t kAugmentStream = 2, kCutoutStream = 4;

// How an image is cropped and flipped: output pixel (y, x) shows source pixel (y + dy, x + dx), x counted from the
// other side where it is flipped.
struct Placement {
  int64_t dy = 0, dx = 0;
  bool flip = false;
};

// A square of output pixels that shows nothing.
struct Cutout {
  int64_t top = 0, left = 0, side = 0;
  SENET_HOST_DEVICE bool covers(int64_t y, int64_t x) const {
    return y >= top && y < top + side && x >= left && x < left + side;
  }
};

// A pure function of (seed, epoch, image): its middle is any pixel, each equally likely.
SENET_HOST_DEVICE inline Cutout cut(int64_t side, int64_t height, int64_t width, uint64_t seed, int64_t epoch,
                                    int64_t image) {
  if (side == 0) return {};
  const auto words = philox(
      {static_cast<uint32_t>(image), static_cast<uint32_t>(image >> 32), static_cast<uint32_t>(epoch), kCutoutStream},
      seed);
  const auto y = static_cast<int64_t>(words[0] * static_cast<uint64_t>(height) >> 32),
             x = static_cast<int64_t>(words[1] * static_cast<uint64_t>(width) >> 32);
  return {y - side / 2, x - side / 2, side};
}

// A pure function of (seed, epoch, image).
SENET_HOST_DEVICE inline Placement place(int64_t crop_padding, bool flip, uint64_t seed, int64_t epoch, int64_t image) {
  const auto words = philox(
      {static_cast<uint32_t>(image), static_cast<uint32_t>(image >> 32), static_cast<uint32_t>(epoch), kAugmentStream},
      seed);
  const uint64_t positions = 2 * static_cast<uint64_t>(crop_padding) + 1;
  Placement placement;
  placement.dy = static_cast<int64_t>(words[0] * positions >> 32) - crop_padding;
  placement.dx = static_cast<int64_t>(words[1] * positions >> 32) - crop_padding;
  placement.flip = flip && (words[2] >> 31) != 0;
  return placement;
}

// A batch of images that lie on the device: crop, flip, scale, normalise, type and layout, a thread a pixel.
template <class Element>
struct LoadImages {
  static constexpr int kThreads = 128, kPhases = 1;
  using Shared = Nothing;
  using Local = Nothing;

  static Blocks blocks(int64_t images, int64_t height, int64_t width) {
    return in_blocks(height * width, kThreads, images);
  }

  const uint8_t* pixels;   // all images, N×H×W×C
  const int64_t* labels;   // of all
  const int64_t* indices;  // of the batch's
  const Element* table;    // C×256: what a byte of a channel becomes
  int64_t height, width, channels;
  int64_t crop_padding;
  bool flip;
  int64_t cutout;
  uint64_t seed;
  int64_t epoch;
  Element* images;  // N×H×W×C
  int64_t* batch_labels;

  SENET_HOST_DEVICE void run(int, const Block& block, int thread, Nothing&, Nothing&) const {
    const int64_t pixel = block.x * kThreads + thread;
    if (pixel >= height * width) return;
    const int64_t image = indices[block.y];
    if (pixel == 0) batch_labels[block.y] = labels[image];
    const Placement placement = place(crop_padding, flip, seed, epoch, image);
    const Cutout square = cut(cutout, height, width, seed, epoch, image);
    const int64_t y = pixel / width + placement.dy, x = pixel % width;
    const int64_t source_x = (placement.flip ? width - 1 - x : x) + placement.dx;
    const bool inside = y >= 0 && y < height && source_x >= 0 && source_x < width && !square.covers(pixel / width, x);
    const uint8_t* source = pixels + ((image * height + y) * width + source_x) * channels;
    Element* out = images + (block.y * height * width + pixel) * channels;
    for (int64_t c = 0; c < channels; ++c) out[c] = table[c * 256 + (inside ? source[c] : 0)];
  }
};

}  // namespace senet
