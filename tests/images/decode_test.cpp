#include "images/decode.h"

#include <zlib.h>

#include "support/image_writer.h"

namespace senet {
namespace {

using testing::error_of;
using testing::jpeg_of;
using testing::made_up_image;
using testing::png_of;

TEST(Decode, APngGivesItsPixelsBackAndAJpegNearlySo) {
  for (const auto& [height, width] : {std::pair{1, 1}, {7, 13}, {32, 32}, {65, 3}}) {
    const Image image = made_up_image(height, width, 4);
    const Image png = decode_image(png_of(image), "x.png");
    EXPECT_EQ(png.height, height);
    EXPECT_EQ(png.width, width);
    EXPECT_EQ(png.channels, 3);
    EXPECT_EQ(png.pixels, image.pixels);
    const Image jpeg = decode_image(jpeg_of(image, 100), "x.jpg");
    ASSERT_EQ(jpeg.pixels.size(), image.pixels.size());
    EXPECT_EQ(jpeg.height, height);
    EXPECT_EQ(jpeg.width, width);
    double difference = 0;
    for (size_t i = 0; i < image.pixels.size(); ++i) difference += std::abs(image.pixels[i] - jpeg.pixels[i]);
    EXPECT_LT(difference / static_cast<double>(image.pixels.size()), 12);
  }
}

TEST(Decode, DamageIsAnErrorWithTheFilesName) {
  const Image image = made_up_image(40, 40, 4);
  const std::string jpeg = jpeg_of(image), png = png_of(image);
  for (const auto& [bytes, reason] : std::vector<std::pair<std::string, const char*>>{
           {"", "neither a JPEG nor a PNG file (it is empty)"},
           {"GIF89a", "neither a JPEG nor a PNG file"},
           {jpeg.substr(0, 2), "cannot be decoded as JPEG"},
           {jpeg.substr(0, jpeg.size() / 2), "cannot be decoded as JPEG"},
           {png.substr(0, 8), "the file ends early"},
           {png.substr(0, png.size() / 2), "cannot be decoded as PNG"},
       }) {
    const std::string message = error_of([&, b = bytes] { decode_image(b, "some/picture"); });
    EXPECT_EQ(message.rfind("some/picture: ", 0), 0u) << message;
    EXPECT_NE(message.find(reason), std::string::npos) << message;
  }
  std::string corrupt = png;
  corrupt[png.size() / 2] ^= 0x10;
  error_of([&] { decode_image(corrupt, "x"); });
}

TEST(Decode, AHeaderThatClaimsTooManyPixelsClaimsNoMemory) {
  std::string png = png_of(made_up_image(4, 4, 1));
  // Width and height of IHDR, with its checksum left wrong, and a sound one of 2²⁰ × 2²⁰.
  const auto put = [&](size_t at, uint32_t value) {
    for (int i = 0; i < 4; ++i) png[at + i] = static_cast<char>(value >> (24 - 8 * i));
  };
  put(16, 1 << 20);
  put(20, 1 << 20);
  put(29, static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(png.data() + 12), 17)));
  const std::string message = error_of([&] { decode_image(png, "huge.png"); });
  EXPECT_NE(message.find("announces 1048576×1048576 pixels"), std::string::npos) << message;
  put(16, 3000);
  put(20, 2000);
  put(29, static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(png.data() + 12), 17)));
  const std::string short_file = error_of([&] { decode_image(png, "short.png"); });
  EXPECT_NE(short_file.find("announces 2000×3000 pixels, more than its"), std::string::npos) << short_file;
  std::string jpeg = jpeg_of(made_up_image(8, 8, 1));
  const size_t frame = jpeg.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  jpeg.replace(frame + 5, 4, "\xff\xdc\xff\xdc");
  const std::string huge = error_of([&] { decode_image(jpeg, "huge.jpg"); });
  EXPECT_NE(huge.find("announces 65500×65500 pixels"), std::string::npos) << huge;
}

TEST(Decode, StrayBytesBetweenTheFilesPartsAreNoDamage) {
  const Image image = made_up_image(24, 24, 2);
  std::string jpeg = jpeg_of(image);
  const std::vector<uint8_t> expected = decode_image(jpeg, "x").pixels;
  jpeg.insert(2, "\x11\x22\x33");
  EXPECT_EQ(decode_image(jpeg, "x").pixels, expected);
}

TEST(Decode, StrayBytesDoNotHideThatTheFileEndsEarly) {
  std::string jpeg = jpeg_of(made_up_image(24, 24, 2));
  jpeg.insert(2, "\x11\x22\x33");
  for (const double part : {0.6, 0.9}) {
    const std::string cut = jpeg.substr(0, static_cast<size_t>(part * static_cast<double>(jpeg.size())));
    const std::string message = error_of([&] { decode_image(cut, "cut.jpg"); });
    EXPECT_NE(message.find("cut.jpg: cannot be decoded as JPEG: "), std::string::npos) << message;
  }
}

// A file of 16×16 has four luma blocks, two by two; with the sampling 1×4 the same data are 32×8 with the four on top
// of each other.
TEST(Decode, TakesEverySamplingOfColours) {
  Image image = made_up_image(16, 16, 3);
  for (size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = image.pixels[i - i % 3];  // grey: no chroma
  std::string jpeg = jpeg_of(image);
  const std::vector<uint8_t> square = decode_image(jpeg, "square.jpg").pixels;
  const size_t frame = jpeg.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  ASSERT_EQ(jpeg[frame + 11], 0x22);
  jpeg[frame + 6] = 32, jpeg[frame + 8] = 8, jpeg[frame + 11] = 0x14;
  const Image tall = decode_image(jpeg, "tall.jpg");
  ASSERT_EQ(tall.height, 32);
  ASSERT_EQ(tall.width, 8);
  for (int64_t y = 0; y < 32; ++y) {
    for (int64_t x = 0; x < 8; ++x) {
      const int64_t block = y / 8, in_square = (block / 2 * 8 + y % 8) * 16 + block % 2 * 8 + x;
      EXPECT_EQ(tall.pixels[(y * 8 + x) * 3], square[in_square * 3]) << y << ", " << x;
    }
  }
}

}  // namespace
}  // namespace senet
