#include "images/resize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "images/decode.h"
#include "senet/error.h"
#include "senet/random.h"

namespace senet {

namespace {

constexpr int kPrecision = 22;
constexpr uint32_t kBoxStream = 3;  // 1: the shuffle's (batches.cpp); 2 and 4: load_images_kernel.h

// Of each output pixel along one axis: the first input pixel it sees, and the weights from there on.
struct Weights {
  std::vector<int64_t> first;
  std::vector<int32_t> weights;  // outputs × taps
  int64_t taps = 0;
};

Weights triangle(int64_t input, int64_t output) {
  const double scale = static_cast<double>(input) / static_cast<double>(output);
  const double half_width = std::max(1.0, scale);
  Weights result;
  result.taps = static_cast<int64_t>(std::ceil(half_width)) * 2 + 1;
  result.first.resize(output);
  result.weights.assign(output * result.taps, 0);
  std::vector<double> row(result.taps);
  // NOLINTBEGIN(bugprone-incorrect-roundings): as PIL rounds
  for (int64_t i = 0; i < output; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const auto first = std::max<int64_t>(0, static_cast<int64_t>(centre - half_width + 0.5));
    const auto end = std::min<int64_t>(input, static_cast<int64_t>(centre + half_width + 0.5));
    double sum = 0;
    for (int64_t x = first; x < end; ++x) {
      const double distance = std::abs((static_cast<double>(x) - centre + 0.5) * (1 / half_width));
      row[x - first] = distance < 1 ? 1 - distance : 0;
      sum += row[x - first];
    }
    result.first[i] = first;
    for (int64_t x = first; x < end; ++x) {
      const double weight = sum != 0 ? row[x - first] / sum : 0;
      result.weights[i * result.taps + x - first] = static_cast<int32_t>(0.5 + weight * (1 << kPrecision));
    }
  }
  // NOLINTEND(bugprone-incorrect-roundings)
  return result;
}

uint8_t rounded(int32_t sum) {
  return static_cast<uint8_t>(std::clamp((sum + (1 << (kPrecision - 1))) >> kPrecision, 0, 255));
}

// Resamples one axis from `input` to `output` elements of `inner` bytes each; `outer` such axes lie one after the
// other.
std::vector<uint8_t> resample(const std::vector<uint8_t>& from, int64_t outer, int64_t input, int64_t inner,
                              int64_t output) {
  const Weights axis = triangle(input, output);
  std::vector<uint8_t> to(outer * output * inner);
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < output; ++i) {
      const int32_t* weights = axis.weights.data() + i * axis.taps;
      const int64_t first = axis.first[i], taps = std::min(axis.taps, input - first);
      const uint8_t* source = from.data() + (o * input + first) * inner;
      uint8_t* target = to.data() + (o * output + i) * inner;
      for (int64_t k = 0; k < inner; ++k) {
        int32_t sum = 0;  // the weights sum to 2²², so that a sum of bytes stays under 2³⁰
        for (int64_t t = 0; t < taps; ++t) sum += weights[t] * source[t * inner + k];
        target[k] = rounded(sum);
      }
    }
  }
  return to;
}

double unit(uint32_t word) { return (word + 0.5) / 4294967296.0; }

}  // namespace

Image crop(const Image& image, const Box& box) {
  SENET_CHECK(
      box.top >= 0 && box.left >= 0 && box.top + box.height <= image.height && box.left + box.width <= image.width,
      "a box of ", box.height, "×", box.width, " at (", box.top, ", ", box.left, ") does not lie in ", image.height,
      "×", image.width, " pixels");
  Image part{box.height, box.width, image.channels, std::vector<uint8_t>(box.height * box.width * image.channels)};
  const int64_t row = box.width * image.channels;
  for (int64_t y = 0; y < box.height; ++y) {
    std::memcpy(part.pixels.data() + y * row,
                image.pixels.data() + ((box.top + y) * image.width + box.left) * image.channels, row);
  }
  return part;
}

Image resize(const Image& image, int64_t height, int64_t width) {
  Image result = image;
  if (width != image.width) {
    result.pixels = resample(result.pixels, image.height, image.width, image.channels, width);
    result.width = width;
  }
  if (height != image.height) {
    result.pixels = resample(result.pixels, 1, image.height, width * image.channels, height);
    result.height = height;
  }
  return result;
}

Image view_of(Image image, const View& view, const std::string& name) {
  if (view.resize > 0) {
    const int64_t shorter = std::min(image.height, image.width), longer = std::max(image.height, image.width);
    const int64_t other = view.resize * longer / shorter;
    SENET_CHECK(other <= kMostPixels / view.resize, name, ": has ", image.height, "×", image.width,
                " pixels; resized to a shorter side of ", view.resize, " it would have more than ", kMostPixels);
    image = image.height <= image.width ? resize(image, view.resize, other) : resize(image, other, view.resize);
  }
  if (view.size == 0) return image;
  SENET_CHECK(image.height >= view.size && image.width >= view.size, name, ": has ", image.height, "×", image.width,
              " pixels, too few for a centre crop of ", view.size, "; set dataset.resize");
  // Halves are rounded to even numbers, as torchvision's CenterCrop does.
  const auto middle = [&](int64_t extent) {
    return static_cast<int64_t>(std::nearbyint(static_cast<double>(extent - view.size) / 2));
  };
  return crop(image, {middle(image.height), middle(image.width), view.size, view.size});
}

Box random_box(int64_t height, int64_t width, uint64_t seed, int64_t epoch, int64_t image) {
  constexpr double kLeastArea = 0.08, kLeastRatio = 3.0 / 4, kMostRatio = 4.0 / 3;
  const double area = static_cast<double>(height) * static_cast<double>(width);
  for (uint32_t attempt = 0; attempt < 10; ++attempt) {
    const auto words = philox({static_cast<uint32_t>(image), static_cast<uint32_t>(image >> 32),
                               static_cast<uint32_t>(epoch), kBoxStream + (attempt << 8)},
                              seed);
    const double target = area * (kLeastArea + (1 - kLeastArea) * unit(words[0]));
    const double ratio =
        std::exp(std::log(kLeastRatio) + (std::log(kMostRatio) - std::log(kLeastRatio)) * unit(words[1]));
    const auto w = static_cast<int64_t>(std::nearbyint(std::sqrt(target * ratio)));
    const auto h = static_cast<int64_t>(std::nearbyint(std::sqrt(target / ratio)));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    return {static_cast<int64_t>(unit(words[2]) * static_cast<double>(height - h + 1)),
            static_cast<int64_t>(unit(words[3]) * static_cast<double>(width - w + 1)), h, w};
  }
  const double ratio = static_cast<double>(width) / static_cast<double>(height);
  Box box{0, 0, height, width};
  if (ratio < kLeastRatio) {
    box.height = std::min(height, static_cast<int64_t>(std::nearbyint(static_cast<double>(width) / kLeastRatio)));
  } else if (ratio > kMostRatio) {
    box.width = std::min(width, static_cast<int64_t>(std::nearbyint(static_cast<double>(height) * kMostRatio)));
  }
  box.top = (height - box.height) / 2;
  box.left = (width - box.width) / 2;
  return box;
}

}  // namespace senet
