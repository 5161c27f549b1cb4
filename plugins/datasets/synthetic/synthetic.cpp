#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>

#include "senet/dataset.h"
#include "senet/random.h"

namespace {

constexpr senet::Option kOptions[] = {
    senet::integer_option("channels", "3", "of each image").between(1, 64),
    senet::integer_option("height", "32", "of each image").between(4, 1024).in("pixels"),
    senet::integer_option("width", "32", "of each image").between(4, 1024).in("pixels"),
    senet::integer_option("classes", "10", "number of classes").between(2, 10000),
    senet::integer_option("train_images", "1024", "images of the training set").between(1, 1 << 24),
    senet::integer_option("test_images", "256", "images of the test set").between(1, 1 << 24),
    senet::real_option("noise", "32", "standard deviation of the noise on each pixel")
        .between(0, 255)
        .in("grey levels"),
};

// Images made of one smooth pattern a class plus noise: learnable by any network, made in no time, the same everywhere.
class Synthetic final : public senet::Dataset {
 public:
  explicit Synthetic(const senet::Options& options)
      : channels_(options.integer("channels")),
        height_(options.integer("height")),
        width_(options.integer("width")),
        classes_(options.integer("classes")),
        counts_{options.integer("train_images"), options.integer("test_images")},
        noise_(options.real("noise")) {}

  senet::Images load(senet::Split split) override {
    const bool train = split == senet::Split::train;
    const int64_t count = counts_[train ? 0 : 1];
    senet::Images images{torch::empty({count, height_, width_, channels_}, torch::kUInt8),
                         torch::empty({count}, torch::kInt64)};
    auto* pixels = images.pixels.data_ptr<uint8_t>();
    auto* labels = images.labels.data_ptr<int64_t>();
    for (int64_t image = 0; image < count; ++image) {
      const int64_t label = image % classes_;
      labels[image] = label;
      for (int64_t y = 0; y < height_; ++y) {
        for (int64_t x = 0; x < width_; ++x) {
          for (int64_t c = 0; c < channels_; ++c) {
            const uint64_t place = static_cast<uint64_t>(((image * height_ + y) * width_ + x) * channels_ + c);
            const double value = pattern(label, y, x, c) + noise_ * normal(train ? 1 : 2, place);
            *pixels++ = static_cast<uint8_t>(std::clamp(std::lround(value), 0l, 255l));
          }
        }
      }
    }
    return images;
  }
  int64_t classes() const override { return classes_; }
  senet::Normalisation normalisation() const override {
    return {std::vector<double>(channels_, 0.5), std::vector<double>(channels_, 0.25)};
  }

 private:
  // A plane wave whose direction, frequency and phase belong to the class and channel.
  double pattern(int64_t label, int64_t y, int64_t x, int64_t c) const {
    const auto words = senet::philox({static_cast<uint32_t>(label), static_cast<uint32_t>(c), 0, 0}, 7);
    const auto unit = [](uint32_t word) { return word / 4294967296.0; };
    const double phase = 6.283185307179586 * (unit(words[0]) + 3 * unit(words[1]) * static_cast<double>(y) / height_ +
                                              3 * unit(words[2]) * static_cast<double>(x) / width_);
    return 127.5 + 80 * std::sin(phase);
  }
  // Sum of four uniform numbers, scaled to unit variance: normal enough for noise, and the same on every machine.
  static double normal(uint32_t stream, uint64_t place) {
    const auto words = senet::philox({static_cast<uint32_t>(place), static_cast<uint32_t>(place >> 32), stream, 0}, 11);
    double sum = 0;
    for (const uint32_t word : words) sum += word / 4294967296.0 - 0.5;
    return sum * std::sqrt(3.0);
  }

  int64_t channels_, height_, width_, classes_;
  int64_t counts_[2];
  double noise_;
};

}  // namespace

SENET_PLUGIN(senet::entry<Synthetic>("synthetic", "made-up images of any size, for tests and timing", kOptions));
