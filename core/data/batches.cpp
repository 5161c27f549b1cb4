#include "data/batches.h"

#include <ATen/Parallel.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "senet/error.h"
#include "senet/random.h"

namespace senet {

namespace {

constexpr uint32_t kShuffleStream = 1;
constexpr uint32_t kAugmentStream = 2;

struct Placement {
  int64_t dy = 0, dx = 0;  // output pixel (y, x) shows source pixel (y + dy, x + dx)
  bool flip = false;
};

Placement place(const Augmentation& augmentation, uint64_t seed, int64_t epoch, int64_t image) {
  const auto words = philox(
      {static_cast<uint32_t>(image), static_cast<uint32_t>(image >> 32), static_cast<uint32_t>(epoch), kAugmentStream},
      seed);
  Placement placement;
  const uint64_t positions = 2 * static_cast<uint64_t>(augmentation.crop_padding) + 1;
  placement.dy = static_cast<int64_t>(words[0] * positions >> 32) - augmentation.crop_padding;
  placement.dx = static_cast<int64_t>(words[1] * positions >> 32) - augmentation.crop_padding;
  placement.flip = augmentation.flip && (words[2] >> 31) != 0;
  return placement;
}

template <class T>
void write_image(const uint8_t* pixels, int64_t height, int64_t width, int64_t channels, const Placement& placement,
                 const std::vector<std::array<float, 256>>& tables, T* out) {
  for (int64_t y = 0; y < height; ++y) {
    const int64_t source_y = y + placement.dy;
    const bool row_inside = source_y >= 0 && source_y < height;
    for (int64_t x = 0; x < width; ++x) {
      const int64_t source_x = (placement.flip ? width - 1 - x : x) + placement.dx;
      const bool inside = row_inside && source_x >= 0 && source_x < width;
      const uint8_t* source = pixels + (source_y * width + source_x) * channels;
      for (int64_t c = 0; c < channels; ++c) *out++ = static_cast<T>(tables[c][inside ? source[c] : 0]);
    }
  }
}

}  // namespace

BatchLoader::BatchLoader(Images images, Normalisation normalisation, torch::ScalarType precision, torch::Device device)
    : images_(std::move(images)), normalisation_(std::move(normalisation)), precision_(precision), device_(device) {}

std::vector<int64_t> BatchLoader::shuffled(uint64_t seed, int64_t epoch) const {
  std::vector<std::pair<uint64_t, int64_t>> keyed(count());
  const uint64_t epoch_seed = derive_seed(seed, text("epoch", epoch));
  for (int64_t i = 0; i < count(); ++i) keyed[i] = {random_bits(epoch_seed, kShuffleStream, i), i};
  std::sort(keyed.begin(), keyed.end());
  std::vector<int64_t> order(keyed.size());
  std::transform(keyed.begin(), keyed.end(), order.begin(), [](const auto& pair) { return pair.second; });
  return order;
}

Batch BatchLoader::load(const int64_t* indices, int64_t count, const Augmentation& augmentation, uint64_t seed,
                        int64_t epoch) const {
  const int64_t height = images_.pixels.size(1), width = images_.pixels.size(2), channels = images_.pixels.size(3);
  std::vector<std::array<float, 256>> tables(channels);
  for (int64_t c = 0; c < channels; ++c) {
    for (int value = 0; value < 256; ++value) {
      tables[c][value] = static_cast<float>((value / 255.0 - normalisation_.mean[c]) / normalisation_.deviation[c]);
    }
  }

  Batch batch;
  batch.images = torch::empty({count, channels, height, width},
                              torch::TensorOptions(precision_).memory_format(torch::MemoryFormat::ChannelsLast));
  batch.labels = torch::empty({count}, torch::kInt64);
  const auto* pixels = images_.pixels.data_ptr<uint8_t>();
  const auto* labels = images_.labels.data_ptr<int64_t>();
  auto* batch_labels = batch.labels.data_ptr<int64_t>();
  const int64_t size = height * width * channels;
  AT_DISPATCH_FLOATING_TYPES_AND(torch::kBFloat16, precision_, "load_batch", [&] {
    auto* out = batch.images.data_ptr<scalar_t>();
    at::parallel_for(0, count, 8, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const Placement placement = place(augmentation, seed, epoch, indices[i]);
        write_image(pixels + indices[i] * size, height, width, channels, placement, tables, out + i * size);
        batch_labels[i] = labels[indices[i]];
      }
    });
  });
  if (device_ != torch::kCPU) {
    batch.images = batch.images.to(device_, /*non_blocking=*/true);
    batch.labels = batch.labels.to(device_, /*non_blocking=*/true);
  }
  return batch;
}

}  // namespace senet
