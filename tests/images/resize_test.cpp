#include "images/resize.h"

#include <cmath>

#include "support/image_writer.h"

namespace senet {
namespace {

using testing::error_of;
using testing::made_up_image;

// The definition in double, both axes at once: mean under a product of triangles.
double expected(const Image& image, int64_t height, int64_t width, int64_t y, int64_t x, int64_t c) {
  const auto weights = [](int64_t input, int64_t output, int64_t i) {
    const double scale = static_cast<double>(input) / static_cast<double>(output), half = std::max(1.0, scale);
    std::vector<double> w(input);
    double sum = 0;
    for (int64_t k = 0; k < input; ++k) {
      const double distance = std::abs(static_cast<double>(k) + 0.5 - (static_cast<double>(i) + 0.5) * scale) / half;
      w[k] = std::max(0.0, 1 - distance);
      sum += w[k];
    }
    for (double& value : w) value /= sum;
    return w;
  };
  const auto rows = weights(image.height, height, y), columns = weights(image.width, width, x);
  double sum = 0;
  for (int64_t i = 0; i < image.height; ++i) {
    for (int64_t j = 0; j < image.width; ++j) {
      sum += rows[i] * columns[j] * image.pixels[(i * image.width + j) * image.channels + c];
    }
  }
  return sum;
}

TEST(Resize, IsTheMeanUnderATriangleWithinTheRoundingOfItsTwoPasses) {
  for (const auto& [from_h, from_w, to_h, to_w] :
       {std::array{9, 14, 5, 6}, {8, 8, 16, 11}, {1, 7, 3, 7}, {30, 20, 7, 40}, {5, 5, 1, 1}}) {
    const Image image = made_up_image(from_h, from_w, 3), small = resize(image, to_h, to_w);
    ASSERT_EQ(small.height, to_h);
    ASSERT_EQ(small.width, to_w);
    for (int64_t y = 0; y < to_h; ++y) {
      for (int64_t x = 0; x < to_w; ++x) {
        for (int64_t c = 0; c < 3; ++c) {
          EXPECT_NEAR(small.pixels[(y * to_w + x) * 3 + c], expected(image, to_h, to_w, y, x, c), 1.01);
        }
      }
    }
  }
  const Image same = made_up_image(6, 5, 1);
  EXPECT_EQ(resize(same, 6, 5).pixels, same.pixels);
}

TEST(View, ResizesTheShorterSideAndCutsTheCentre) {
  const Image image = made_up_image(30, 47, 2);
  const Image seen = view_of(image, {20, 0}, "x");
  EXPECT_EQ(seen.height, 20);
  EXPECT_EQ(seen.width, 31) << "20 · 47/30, rounded down";
  EXPECT_EQ(view_of(made_up_image(47, 30, 2), {20, 0}, "x").height, 31);
  const Image cut = view_of(image, {0, 8}, "x");
  EXPECT_EQ(cut.pixels, crop(image, {11, 20, 8, 8}).pixels) << "half of 22 and of 39, where 19.5 rounds to the even 20";
  EXPECT_EQ(view_of(image, {}, "x").pixels, image.pixels);
  const std::string message = error_of([&] { view_of(image, {0, 31}, "small.png"); });
  EXPECT_NE(message.find("small.png: has 30×47 pixels, too few for a centre crop of 31"), std::string::npos) << message;
}

TEST(RandomBox, LiesInTheImageCoversItsSharesAndIsAFunctionOfItsArguments) {
  double smallest = 1, largest = 0, narrowest = 10, widest = 0;
  std::set<int64_t> tops;
  for (int64_t image = 0; image < 2000; ++image) {
    const Box box = random_box(60, 80, 7, 3, image);
    ASSERT_GE(box.top, 0);
    ASSERT_GE(box.left, 0);
    ASSERT_LE(box.top + box.height, 60);
    ASSERT_LE(box.left + box.width, 80);
    const double share = static_cast<double>(box.height * box.width) / 4800;
    const double ratio = static_cast<double>(box.width) / static_cast<double>(box.height);
    smallest = std::min(smallest, share), largest = std::max(largest, share);
    narrowest = std::min(narrowest, ratio), widest = std::max(widest, ratio);
    tops.insert(box.top);
  }
  EXPECT_NEAR(smallest, 0.08, 0.01);
  EXPECT_GT(largest, 0.95);
  EXPECT_NEAR(narrowest, 0.75, 0.05);
  EXPECT_NEAR(widest, 4.0 / 3, 0.06);
  EXPECT_GT(tops.size(), 30u);
  const Box once = random_box(60, 80, 7, 3, 5), again = random_box(60, 80, 7, 3, 5);
  EXPECT_EQ(std::tie(once.top, once.left, once.height, once.width),
            std::tie(again.top, again.left, again.height, again.width));
  const Box next_epoch = random_box(60, 80, 7, 4, 5);
  EXPECT_NE(std::tie(once.top, once.left, once.height, once.width),
            std::tie(next_epoch.top, next_epoch.left, next_epoch.height, next_epoch.width));
}

TEST(RandomBox, OfALongImageThatFitsNoneIsItsCentre) {
  const auto numbers = [](const Box& box) { return std::make_tuple(box.top, box.left, box.height, box.width); };
  EXPECT_EQ(numbers(random_box(4, 4000, 1, 0, 0)), std::make_tuple(0, 1997, 4, 5));
  EXPECT_EQ(numbers(random_box(4000, 4, 1, 0, 0)), std::make_tuple(1997, 0, 5, 4));
  const Box one = random_box(1, 1, 1, 0, 0);
  EXPECT_EQ(one.height * one.width, 1);
}

}  // namespace
}  // namespace senet
