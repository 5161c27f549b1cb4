#include <senet/dataset.h>
#include <senet/random.h>
#include <torch/types.h>

namespace {

constexpr senet::Option kOptions[] = {
    senet::integer_option("size", "16", "height and width of each image").between(8, 256).in("pixels"),
    senet::integer_option("train_images", "320", "images of the training set").between(1, 1 << 20),
    senet::integer_option("test_images", "128", "images of the test set").between(1, 1 << 20),
};

// Grey images of bars, one pixel wide and one dark: class 0 has rows, class 1 columns, each in two phases.
class MyDataset final : public senet::Dataset {
 public:
  explicit MyDataset(const senet::Options& options)
      : size_(options.integer("size")),
        train_images_(options.integer("train_images")),
        test_images_(options.integer("test_images")) {}

  senet::Images load(senet::Split split) override {
    const bool train = split == senet::Split::train;
    const int64_t count = train ? train_images_ : test_images_;
    senet::Images images;
    images.pixels = torch::empty({count, size_, size_, 1}, torch::kUInt8);
    images.labels = torch::empty({count}, torch::kInt64);
    auto* pixels = images.pixels.data_ptr<uint8_t>();
    auto* labels = images.labels.data_ptr<int64_t>();
    uint64_t place = 0;
    for (int64_t image = 0; image < count; ++image) {
      labels[image] = image % 2;
      const int64_t phase = image / 2 % 2;
      for (int64_t y = 0; y < size_; ++y) {
        for (int64_t x = 0; x < size_; ++x) {
          const int64_t bright = ((labels[image] == 0 ? y : x) + phase) % 2;
          const uint64_t noise = senet::random_bits(/*seed=*/1, /*stream=*/train ? 0 : 1, place++) % 96;
          *pixels++ = static_cast<uint8_t>(bright * 159 + noise);
        }
      }
    }
    return images;
  }
  int64_t classes() const override { return 2; }
  senet::Normalisation normalisation() const override { return {{0.5}, {0.33}}; }
  std::vector<std::string> class_names() const override { return {"rows", "columns"}; }

 private:
  int64_t size_, train_images_, test_images_;
};

}  // namespace

SENET_PLUGIN(senet::entry<MyDataset>("my_dataset", "bars in two directions", kOptions));
