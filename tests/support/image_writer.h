#pragma once

#include <png.h>
#include <turbojpeg.h>

#include "senet/dataset.h"
#include "support/support.h"

namespace senet::testing {

// A smooth RGB image with some noise, so that JPEG keeps most of it.
inline Image made_up_image(int64_t height, int64_t width, uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::uniform_int_distribution<int> noise(0, 20);
  Image image{height, width, 3, std::vector<uint8_t>(height * width * 3)};
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      for (int64_t c = 0; c < 3; ++c) {
        image.pixels[(y * width + x) * 3 + c] = static_cast<uint8_t>(
            (7 * y + (3 + c) * x + 40 * c + static_cast<int64_t>(seed) * 13) % 230 + noise(engine));
      }
    }
  }
  return image;
}

inline std::string jpeg_of(const Image& image, int quality = 90) {
  const tjhandle handle = tjInitCompress();
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  tjCompress2(handle, image.pixels.data(), static_cast<int>(image.width), 0, static_cast<int>(image.height), TJPF_RGB,
              &bytes, &size, TJSAMP_420, quality, 0);
  std::string jpeg(reinterpret_cast<const char*>(bytes), size);
  tjFree(bytes);
  tjDestroy(handle);
  return jpeg;
}

inline std::string png_of(const Image& image) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  png.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
  std::string bytes(size, '\0');
  png_image_write_to_memory(&png, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr);
  bytes.resize(size);
  return bytes;
}

}  // namespace senet::testing
