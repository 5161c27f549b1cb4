#include "data/batches.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <set>

#include "images/decoded.h"
#include "images/resize.h"
#include "support/support.h"
#include "support/threads.h"

namespace senet {
namespace {

using testing::identical;

Images made_up(int64_t count, int64_t height, int64_t width, int64_t channels) {
  torch::manual_seed(3);
  return {torch::randint(0, 256, {count, height, width, channels}, torch::kUInt8), torch::arange(count) % 7};
}
const Normalisation kGrey = {{0.5, 0.25, 0.1}, {0.2, 0.3, 0.4}};

// What crop, flip and normalisation mean, pixel by pixel.
double expected(const Images& images, int64_t image, int64_t c, int64_t y, int64_t x, int64_t dy, int64_t dx,
                bool flip) {
  const int64_t height = images.pixels.size(1), width = images.pixels.size(2);
  const int64_t sy = y + dy, sx = (flip ? width - 1 - x : x) + dx;
  const bool inside = sy >= 0 && sy < height && sx >= 0 && sx < width;
  const double pixel = inside ? images.pixels[image][sy][sx][c].item<double>() : 0;
  return (pixel / 255 - kGrey.mean[c]) / kGrey.deviation[c];
}

TEST(BatchLoader, NormalisesWithoutAugmentation) {
  const Images images = made_up(5, 3, 7, 3);
  const BatchLoader loader(images, kGrey, torch::kFloat32, torch::kCPU);
  const int64_t indices[] = {4, 0, 2};
  const Batch batch = loader.load(indices, 3);
  EXPECT_TRUE(batch.images.is_contiguous(torch::MemoryFormat::ChannelsLast));
  EXPECT_EQ(batch.images.sizes(), (std::vector<int64_t>{3, 3, 3, 7}));
  for (int64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(batch.labels[i].item<int64_t>(), images.labels[indices[i]].item<int64_t>());
    for (int64_t c = 0; c < 3; ++c) {
      EXPECT_NEAR(batch.images[i][c][2][6].item<double>(), expected(images, indices[i], c, 2, 6, 0, 0, false), 1e-6);
    }
  }
}

TEST(BatchLoader, EveryAugmentedImageIsACropAndFlipOfItsSource) {
  const Images images = made_up(24, 5, 6, 3);
  const BatchLoader loader(images, kGrey, torch::kFloat64, torch::kCPU);
  std::vector<int64_t> indices(24);
  std::iota(indices.begin(), indices.end(), 0);
  const int64_t padding = 2;
  const Batch batch = loader.load(indices.data(), 24, {padding, true}, 9, 4);
  std::set<std::tuple<int64_t, int64_t, bool>> seen;
  for (const int64_t image : indices) {
    int matches = 0;
    for (int64_t dy = -padding; dy <= padding; ++dy) {
      for (int64_t dx = -padding; dx <= padding; ++dx) {
        for (const bool flip : {false, true}) {
          double error = 0;
          for (int64_t c = 0; c < 3; ++c) {
            for (int64_t y = 0; y < 5; ++y) {
              for (int64_t x = 0; x < 6; ++x) {
                error = std::max(error, std::abs(batch.images[image][c][y][x].item<double>() -
                                                 expected(images, image, c, y, x, dy, dx, flip)));
              }
            }
          }
          if (error < 1e-6) {
            ++matches;
            seen.insert({dy, dx, flip});
          }
        }
      }
    }
    EXPECT_EQ(matches, 1) << "image " << image;
  }
  EXPECT_GT(seen.size(), 12u) << "placements should vary from image to image";
}

TEST(BatchLoader, AnImageDependsOnSeedEpochAndIndexAlone) {
  const BatchLoader loader(made_up(9, 8, 8, 1), {{0.5}, {0.5}}, torch::kFloat32, torch::kCPU);
  const int64_t forward[] = {3, 7, 1}, other[] = {1, 0, 2, 3};
  const Augmentation augmentation{4, true};
  const torch::Tensor a = loader.load(forward, 3, augmentation, 1, 2).images;
  const torch::Tensor b = loader.load(other, 4, augmentation, 1, 2).images;
  EXPECT_TRUE(identical(a[0], b[3]));
  EXPECT_TRUE(identical(a[2], b[0]));
  EXPECT_FALSE(identical(a, loader.load(forward, 3, augmentation, 2, 2).images));
  EXPECT_FALSE(identical(a, loader.load(forward, 3, augmentation, 1, 3).images));
  for (const int count : {1, 2}) {
    const testing::Threads threads(count);
    EXPECT_TRUE(identical(a, loader.load(forward, 3, augmentation, 1, 2).images)) << count << " threads";
  }
}

TEST(BatchLoader, CutoutBlacksASquareOfEachImage) {
  const int64_t side = 5, height = 9, width = 7;
  const BatchLoader loader(made_up(40, height, width, 3), kGrey, torch::kFloat32, torch::kCPU);
  std::vector<int64_t> order(40);
  std::iota(order.begin(), order.end(), 0);
  Augmentation augmentation{2, true};
  const torch::Tensor plain = loader.load(order.data(), 40, augmentation, 3, 1).images;
  augmentation.cutout = side;
  const torch::Tensor cut = loader.load(order.data(), 40, augmentation, 3, 1).images;
  EXPECT_TRUE(identical(cut, loader.load(order.data(), 40, augmentation, 3, 1).images));
  EXPECT_FALSE(identical(cut, loader.load(order.data(), 40, augmentation, 3, 2).images)) << "it is another's epoch";
  std::set<std::pair<int64_t, int64_t>> corners;
  int64_t tallest = 0, widest = 0;
  for (int64_t n = 0; n < 40; ++n) {
    int64_t top = height, left = width, bottom = -1, right = -1;
    for (int64_t y = 0; y < height; ++y) {
      for (int64_t x = 0; x < width; ++x) {
        bool differs = false, black = true;
        for (int64_t c = 0; c < 3; ++c) {
          const float now = cut[n][c][y][x].item<float>();
          differs = differs || now != plain[n][c][y][x].item<float>();
          black = black && now == static_cast<float>(-kGrey.mean[c] / kGrey.deviation[c]);
        }
        if (!differs) continue;
        EXPECT_TRUE(black) << "image " << n << ", pixel " << y << ", " << x;
        top = std::min(top, y);
        bottom = std::max(bottom, y);
        left = std::min(left, x);
        right = std::max(right, x);
      }
    }
    tallest = std::max(tallest, bottom - top + 1);
    widest = std::max(widest, right - left + 1);
    corners.insert({top, left});
  }
  EXPECT_EQ(tallest, side);
  EXPECT_EQ(widest, side);
  EXPECT_GT(corners.size(), 10u) << "it lies elsewhere in each";
}

TEST(BatchLoader, AnEpochIsAPermutationOfItsOwn) {
  const BatchLoader loader(made_up(101, 4, 4, 1), {{0.5}, {0.5}}, torch::kFloat32, torch::kCPU);
  std::vector<int64_t> order = loader.shuffled(5, 0);
  EXPECT_EQ(order, loader.shuffled(5, 0));
  EXPECT_NE(order, loader.shuffled(5, 1));
  EXPECT_NE(order, loader.shuffled(6, 0));
  std::sort(order.begin(), order.end());
  for (int64_t i = 0; i < 101; ++i) EXPECT_EQ(order[i], i);
}

TEST(BatchLoader, Bfloat16IsTheRoundedFloat32) {
  const Images images = made_up(4, 5, 5, 3);
  const int64_t indices[] = {0, 1, 2, 3};
  const Augmentation augmentation{1, true};
  const torch::Tensor exact =
      BatchLoader(images, kGrey, torch::kFloat32, torch::kCPU).load(indices, 4, augmentation, 1, 1).images;
  const torch::Tensor rounded =
      BatchLoader(images, kGrey, torch::kBFloat16, torch::kCPU).load(indices, 4, augmentation, 1, 1).images;
  EXPECT_TRUE(identical(rounded, exact.to(torch::kBFloat16)));
}

// Images in a source that counts how many were read, and how many at once.
class Counting final : public ImageSource {
 public:
  explicit Counting(Images images) : images_(std::move(images)) {}
  int64_t count() const override { return images_.count(); }
  Image read(int64_t index) const override {
    ++reads;
    return viewed(images_, index);
  }
  std::string encoded(int64_t) const override { return ""; }
  std::string name(int64_t index) const override { return "image " + std::to_string(index); }

  mutable std::atomic<int64_t> reads{0};

 private:
  Images images_;
};

TEST(BatchStream, GivesTheSameBatchesFromMemoryAndReadAhead) {
  const Images images = made_up(50, 6, 5, 3);
  Images from_source{torch::Tensor(), images.labels};
  from_source.source = std::make_shared<Counting>(images);
  const BatchLoader memory(images, kGrey, torch::kFloat32, torch::kCPU);
  const BatchLoader source(from_source, kGrey, torch::kFloat32, torch::kCPU);
  for (const Augmentation& augmentation : {Augmentation{}, Augmentation{2, true}}) {
    EXPECT_TRUE(memory.in_memory(augmentation));
    EXPECT_FALSE(source.in_memory(augmentation));
    const std::vector<int64_t> order = memory.shuffled(4, 1);
    BatchStream a(memory, order, 8, 16, augmentation, 4, 1), b(source, order, 8, 16, augmentation, 4, 1);
    for (int64_t first = 16; first < 50; first += 8) {
      const Batch ours = a.next(), theirs = b.next();
      EXPECT_EQ(ours.images.size(0), std::min<int64_t>(8, 50 - first));
      EXPECT_TRUE(identical(ours.images, theirs.images));
      EXPECT_TRUE(identical(ours.labels, theirs.labels));
    }
    EXPECT_NE(testing::error_of([&] { b.next(); }).find("no batches left"), std::string::npos);
  }
}

TEST(BatchStream, ReadsAheadAFewBatchesAndNoMore) {
  const Images images = made_up(4000, 2, 2, 3);
  Images from_source{torch::Tensor(), images.labels};
  const auto counting = std::make_shared<Counting>(images);
  from_source.source = counting;
  const BatchLoader loader(from_source, kGrey, torch::kFloat32, torch::kCPU);
  counting->reads = 0;
  const int64_t most_ahead = (at::get_num_threads() + 1) * 10;
  BatchStream stream(loader, loader.shuffled(1, 0), 10);
  for (int64_t used = 10; used <= 4000; used += 10) {
    stream.next();
    EXPECT_LE(counting->reads, used + most_ahead);
  }
  EXPECT_EQ(counting->reads, 4000);
}

TEST(BatchStream, AnImageThatCannotBeReadFailsTheBatchThatHoldsIt) {
  class Failing final : public ImageSource {
   public:
    int64_t count() const override { return 40; }
    Image read(int64_t index) const override {
      SENET_CHECK(index != 25, "image 25 cannot be read");
      return {2, 2, 3, std::vector<uint8_t>(12)};
    }
    std::string encoded(int64_t) const override { return ""; }
    std::string name(int64_t index) const override { return "image " + std::to_string(index); }
  };
  Images images{torch::Tensor(), torch::zeros({40}, torch::kInt64)};
  images.source = std::make_shared<Failing>();
  const BatchLoader loader(images, kGrey, torch::kFloat32, torch::kCPU);
  std::vector<int64_t> order(40);
  std::iota(order.begin(), order.end(), 0);
  BatchStream stream(loader, order, 10);
  stream.next();
  stream.next();
  EXPECT_EQ(testing::error_of([&] { stream.next(); }), "image 25 cannot be read");
}

TEST(BatchLoader, ARandomResizedCropIsItsBoxResizedAndFlipped) {
  const Images images = made_up(12, 16, 12, 3);
  const BatchLoader loader(images, {{0, 0, 0}, {1, 1, 1}}, torch::kFloat32, torch::kCPU);
  std::vector<int64_t> indices(12);
  std::iota(indices.begin(), indices.end(), 0);
  const Batch batch = loader.load(indices.data(), 12, {0, true, true}, 5, 2);
  int flipped = 0;
  for (const int64_t i : indices) {
    const Image box = resize(crop(viewed(images, i), random_box(16, 12, 5, 2, i)), 16, 12);
    const torch::Tensor plain =
        torch::from_blob(const_cast<uint8_t*>(box.pixels.data()), {16, 12, 3}, torch::kUInt8).to(torch::kFloat32) / 255;
    const torch::Tensor found = batch.images[i].permute({1, 2, 0});
    const bool straight = testing::largest_difference(found, plain) < 1e-6;
    const bool mirrored = testing::largest_difference(found, plain.flip(1)) < 1e-6;
    EXPECT_TRUE(straight || mirrored) << "image " << i;
    flipped += mirrored;
  }
  EXPECT_GT(flipped, 0);
  EXPECT_LT(flipped, 12);
}

}  // namespace
}  // namespace senet
