#include "images/decoded.h"

#include <ATen/Parallel.h>
#include <torch/utils.h>

#include <optional>

#include "images/decode.h"
#include "images/resize.h"
#include "images/subset.h"
#include "senet/error.h"
#include "storage/hash.h"

namespace senet {

namespace {

constexpr int64_t kGrain = 4;

template <class T, class Make, class Use>
int64_t for_each(const Images& images, const Make& make, const Use& use) {
  int64_t left_out = 0;
  // Few enough that they are in the cache still when they are used.
  const int64_t size = 2 * kGrain * at::get_num_threads();
  std::vector<std::optional<T>> chunk(size);
  for (int64_t first = 0; first < images.count(); first += size) {
    const int64_t count = std::min(size, images.count() - first);
    at::parallel_for(0, count, kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        chunk[i].reset();
        try {
          chunk[i] = make(first + i);
        } catch (const Error&) {
          if (!images.skip_undecodable) throw;
          images.source->encoded(first + i);  // a file that cannot be read may be a sound image
        }
      }
    });
    for (int64_t i = 0; i < count; ++i) {
      if (chunk[i]) {
        use(first + i, *chunk[i]);
      } else {
        ++left_out;
      }
    }
  }
  SENET_CHECK(left_out < images.count(), "none of ", images.count(), " images can be decoded, the first of them ",
              images.source->name(0));
  return left_out;
}

}  // namespace

Image viewed(const Images& images, int64_t index) {
  if (!images.pixels.defined()) {
    return view_of(images.source->read(index), images.view, images.source->name(index));
  }
  Image image{images.pixels.size(1), images.pixels.size(2), images.pixels.size(3), {}};
  const int64_t size = image.height * image.width * image.channels;
  const auto* pixels = images.pixels.data_ptr<uint8_t>() + index * size;
  image.pixels.assign(pixels, pixels + size);
  return image;
}

ImageShape shape_of(const Images& images) {
  if (images.pixels.defined()) return {images.pixels.size(1), images.pixels.size(2), images.pixels.size(3)};
  std::string reason;
  for (int64_t i = 0; i < images.count(); ++i) {
    try {
      const Image image = viewed(images, i);
      return {image.height, image.width, image.channels};
    } catch (const Error& error) {
      if (!images.skip_undecodable) throw;
      reason = error.what();
    }
  }
  fail("no image can be decoded; the last: ", reason);
}

void check_shape(const Image& image, const ImageShape& expected, const Images& images, int64_t index) {
  SENET_CHECK(ImageShape({image.height, image.width, image.channels}) == expected,
              images.source ? images.source->name(index) : text("image ", index), ": is ", image.height, "×",
              image.width, "×", image.channels, " but the images before it are ", expected[0], "×", expected[1], "×",
              expected[2], "; give all one size with dataset.resize and dataset.size");
}

int64_t for_each_viewed(const Images& images, const std::function<void(int64_t, const Image&)>& use) {
  return for_each<Image>(
      images, [&](int64_t i) { return viewed(images, i); }, use);
}

int64_t for_each_file(const Images& images, const std::function<void(int64_t, const SoundFile&)>& use) {
  const auto make = [&](int64_t i) {
    thread_local Image image;
    std::string bytes = images.source->encoded(i);
    decode_image(bytes, images.source->name(i), image);
    return SoundFile{std::move(bytes), {image.height, image.width, image.channels}};
  };
  return for_each<SoundFile>(images, make, use);
}

int64_t decode_into_memory(Images& images) {
  const auto* labels = images.labels.data_ptr<int64_t>();
  std::vector<int64_t> kept_labels, kept;
  torch::Tensor pixels;
  ImageShape shape{};
  const int64_t left_out = for_each_viewed(images, [&](int64_t i, const Image& image) {
    if (!pixels.defined()) {
      shape = {image.height, image.width, image.channels};
      pixels = torch::empty({images.count(), shape[0], shape[1], shape[2]}, torch::kUInt8);
    }
    check_shape(image, shape, images, i);
    std::copy(image.pixels.begin(), image.pixels.end(), pixels.data_ptr<uint8_t>() + kept.size() * image.pixels.size());
    kept.push_back(i);
    kept_labels.push_back(labels[i]);
  });
  images.pixels = pixels.narrow(0, 0, static_cast<int64_t>(kept.size())).contiguous();
  if (left_out > 0) {
    images.labels = torch::tensor(kept_labels, torch::kInt64);
    images.source = subset(images.source, kept);
  }
  return left_out;
}

namespace {

std::vector<uint64_t> checksums_of(const Images& images) {
  const int64_t count = images.count();
  if (images.source) return images.source->checksums(first_indices(count));
  const auto* pixels = images.pixels.data_ptr<uint8_t>();
  const int64_t size = images.pixels.numel() / count;
  std::vector<uint64_t> checksums(count);
  for (int64_t i = 0; i < count; ++i) checksums[i] = checksum(pixels + i * size, size);
  return checksums;
}

}  // namespace

std::string fingerprint_of(const Images& images) {
  if (images.count() == 0) return "";
  const bool of_files = images.source && !images.given_as_pixels;
  const std::vector<uint64_t> checksums = checksums_of(images);
  const ImageShape shape = shape_of(images);
  const int64_t sizes[] = {images.count(), shape[0], shape[1], shape[2]};
  Hash hash;
  if (of_files) hash.add("files");
  hash.add(checksums.data(), checksums.size() * sizeof(uint64_t));
  hash.add(sizes, sizeof sizes);
  hash.add(images.labels.data_ptr<int64_t>(), images.count() * sizeof(int64_t));
  if (of_files) {
    const View& view = images.packed_view.is_whole() ? images.view : images.packed_view;
    const int64_t seen[] = {view.resize, view.size};
    hash.add(seen, sizeof seen);
  }
  return hash.hex();
}

}  // namespace senet
