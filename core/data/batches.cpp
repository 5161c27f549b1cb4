#include "data/batches.h"

#include <ATen/Parallel.h>
#include <torch/utils.h>

#include <algorithm>
#include <array>

#include "device/tensors.h"
#include "images/resize.h"
#include "images/subset.h"
#include "kernels/load_images_kernel.h"
#include "senet/error.h"
#include "senet/random.h"

namespace senet {

namespace {

constexpr uint32_t kShuffleStream = 1;

template <class T>
void write_image(const uint8_t* pixels, int64_t height, int64_t width, int64_t channels, const Placement& placement,
                 const Cutout& cutout, const std::vector<std::array<float, 256>>& tables, T* out) {
  for (int64_t y = 0; y < height; ++y) {
    const int64_t source_y = y + placement.dy;
    const bool row_inside = source_y >= 0 && source_y < height;
    for (int64_t x = 0; x < width; ++x) {
      const int64_t source_x = (placement.flip ? width - 1 - x : x) + placement.dx;
      const bool inside = row_inside && source_x >= 0 && source_x < width && !cutout.covers(y, x);
      const uint8_t* source = pixels + (source_y * width + source_x) * channels;
      for (int64_t c = 0; c < channels; ++c) *out++ = static_cast<T>(tables[c][inside ? source[c] : 0]);
    }
  }
}

}  // namespace

BatchLoader::BatchLoader(Images images, Normalisation normalisation, torch::ScalarType precision, torch::Device device)
    : images_(std::move(images)), precision_(precision), device_(device) {
  if (images_.count() == 0) return;
  shape_ = shape_of(images_);
  tables_.resize(normalisation.mean.size());
  for (size_t c = 0; c < tables_.size(); ++c) {
    for (int value = 0; value < 256; ++value) {
      tables_[c][value] = static_cast<float>((value / 255.0 - normalisation.mean[c]) / normalisation.deviation[c]);
    }
  }
  const bool has_kernel = precision_ == torch::kFloat32 || precision_ == torch::kBFloat16;
  if (device_.is_cuda() && images_.pixels.defined() && has_kernel) {
    pixels_ = images_.pixels.to(device_);
    labels_ = images_.labels.to(device_);
    table_ = torch::from_blob(tables_.data(), {static_cast<int64_t>(tables_.size()), 256}, torch::kFloat32)
                 .to(device_, precision_);
  }
}

bool BatchLoader::in_memory(const Augmentation& augmentation) const {
  return images_.pixels.defined() && !augmentation.random_resized;
}

std::vector<int64_t> BatchLoader::shuffled(uint64_t seed, int64_t epoch) const {
  return shuffled_indices(count(), derive_seed(seed, text("epoch", epoch)), kShuffleStream);
}

Batch BatchLoader::empty_batch(int64_t count, torch::Device device) const {
  // From pinned memory a copy to the GPU does not wait for the work before it; the allocator keeps it for later
  // batches.
  const auto options = torch::TensorOptions(device).pinned_memory(device.is_cpu() && device_.is_cuda());
  return {torch::empty({count, shape_[2], shape_[0], shape_[1]},
                       options.dtype(precision_).memory_format(torch::MemoryFormat::ChannelsLast)),
          torch::empty({count}, options.dtype(torch::kInt64)), 0, torch::empty({count}, options.dtype(torch::kInt64))};
}

void BatchLoader::fill(Batch& batch, const int64_t* indices, int64_t begin, int64_t end,
                       const Augmentation& augmentation, uint64_t seed, int64_t epoch) const {
  const int64_t height = shape_[0], width = shape_[1], channels = shape_[2];
  const int64_t size = height * width * channels;
  const auto* labels = images_.labels.data_ptr<int64_t>();
  auto *batch_labels = batch.labels.data_ptr<int64_t>(), *batch_indices = batch.indices.data_ptr<int64_t>();
  AT_DISPATCH_FLOATING_TYPES_AND(torch::kBFloat16, precision_, "load_batch", [&] {
    auto* out = batch.images.data_ptr<scalar_t>();
    for (int64_t i = begin; i < end; ++i) {
      const int64_t index = indices[i];
      const Cutout cutout = cut(augmentation.cutout, height, width, seed, epoch, index);
      Placement placement = place(augmentation.crop_padding, augmentation.flip, seed, epoch, index);
      batch_labels[i] = labels[index];
      batch_indices[i] = index;
      if (in_memory(augmentation)) {
        write_image(images_.pixels.data_ptr<uint8_t>() + index * size, height, width, channels, placement, cutout,
                    tables_, out + i * size);
        continue;
      }
      Image image;
      if (augmentation.random_resized) {
        image = images_.source ? images_.source->read(index) : viewed(images_, index);
        image = resize(crop(image, random_box(image.height, image.width, seed, epoch, index)), height, width);
        placement.dy = placement.dx = 0;
      } else {
        image = viewed(images_, index);
      }
      check_shape(image, shape_, images_, index);
      write_image(image.pixels.data(), height, width, channels, placement, cutout, tables_, out + i * size);
    }
  });
}

Batch BatchLoader::load(const int64_t* indices, int64_t count, const Augmentation& augmentation, uint64_t seed,
                        int64_t epoch) const {
  Batch batch = empty_batch(count, torch::kCPU);
  at::parallel_for(0, count, 8,
                   [&](int64_t begin, int64_t end) { fill(batch, indices, begin, end, augmentation, seed, epoch); });
  return to_device(std::move(batch));
}

Batch BatchLoader::load_on_one_thread(const int64_t* indices, int64_t count, const Augmentation& augmentation,
                                      uint64_t seed, int64_t epoch) const {
  Batch batch = empty_batch(count, torch::kCPU);
  fill(batch, indices, 0, count, augmentation, seed, epoch);
  return batch;
}

bool BatchLoader::on_device(const Augmentation& augmentation) const {
  return pixels_.defined() && !augmentation.random_resized;
}

Batch BatchLoader::load_on_device(const torch::Tensor& indices, const Augmentation& augmentation, uint64_t seed,
                                  int64_t epoch) const {
  Batch batch = empty_batch(indices.size(0), device_);
  batch.indices = indices;
  with_element(batch.images, [&](auto tag) {
    using Element = typename decltype(tag)::Type;
    using Kernel = LoadImages<Element>;
    launch(Kernel{pixels_.data_ptr<uint8_t>(), labels_.data_ptr<int64_t>(), indices.data_ptr<int64_t>(),
                  elements<const Element>(table_), shape_[0], shape_[1], shape_[2], augmentation.crop_padding,
                  augmentation.flip, augmentation.cutout, seed, epoch, elements<Element>(batch.images),
                  batch.labels.data_ptr<int64_t>()},
           Kernel::blocks(indices.size(0), shape_[0], shape_[1]));
  });
  return batch;
}

Batch BatchLoader::to_device(Batch batch) const {
  if (device_ != torch::kCPU) {
    batch.images = batch.images.to(device_, /*non_blocking=*/true);
    batch.labels = batch.labels.to(device_, /*non_blocking=*/true);
    batch.indices = batch.indices.to(device_, /*non_blocking=*/true);
  }
  return batch;
}

BatchStream::BatchStream(const BatchLoader& loader, std::vector<int64_t> indices, int64_t batch, int64_t first,
                         const Augmentation& augmentation, uint64_t seed, int64_t epoch)
    : loader_(loader),
      indices_(std::move(indices)),
      batch_(batch),
      augmentation_(augmentation),
      seed_(seed),
      epoch_(epoch),
      asked_(first),
      made_(first) {
  if (loader_.on_device(augmentation_)) {
    const auto count = static_cast<int64_t>(indices_.size());
    on_device_ = torch::from_blob(const_cast<int64_t*>(indices_.data()), {count}, torch::kInt64).to(loader_.device());
  } else if (!loader_.in_memory(augmentation_)) {
    read_ahead();
  }
}

BatchStream::~BatchStream() {
  for (std::future<Batch>& batch : ahead_) batch.wait();
}

void BatchStream::read_ahead() {
  const auto threads = static_cast<size_t>(at::get_num_threads());
  while (ahead_.size() < threads + 1 && made_ < static_cast<int64_t>(indices_.size())) {
    const int64_t count = std::min(batch_, static_cast<int64_t>(indices_.size()) - made_);
    ahead_.push_back(std::async(std::launch::async, [this, from = indices_.data() + made_, count] {
      return loader_.load_on_one_thread(from, count, augmentation_, seed_, epoch_);
    }));
    made_ += count;
  }
}

Batch BatchStream::next() {
  const int64_t count = std::min(batch_, static_cast<int64_t>(indices_.size()) - asked_);
  SENET_CHECK(count > 0, "there are no batches left in this epoch");
  const int64_t* from = indices_.data() + asked_;
  asked_ += count;
  if (on_device_.defined()) {
    return loader_.load_on_device(on_device_.narrow(0, asked_ - count, count), augmentation_, seed_, epoch_);
  }
  if (ahead_.empty()) return loader_.load(from, count, augmentation_, seed_, epoch_);
  std::future<Batch> made = std::move(ahead_.front());
  ahead_.pop_front();
  read_ahead();
  return loader_.to_device(made.get());
}

}  // namespace senet
