#include "images/decode.h"

#include <png.h>
#include <turbojpeg.h>

#include <csetjmp>
#include <cstring>
#include <memory>
#include <string_view>

#include "senet/error.h"

namespace senet {

namespace {

constexpr int64_t kRgb = 3;

// A byte of either format stands for less than 2¹⁴ pixels (deflate: 1,032 bytes of 8 pixels; JPEG: a bit for each
// block), so that a short file cannot claim much memory, nor much time.
void check_size(int64_t height, int64_t width, const std::string& bytes, const std::string& name) {
  SENET_CHECK(height > 0 && width > 0 && height <= kMostPixels / width, name, ": announces ", height, "×", width,
              " pixels, expected at most ", kMostPixels);
  const int64_t most = (int64_t{1} << 20) + (static_cast<int64_t>(bytes.size()) << 14);
  SENET_CHECK(height * width <= most, name, ": announces ", height, "×", width, " pixels, more than its ", bytes.size(),
              " bytes can hold");
}

// a·b / 255, rounded, for bytes.
int times(int a, int b) {
  const int product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

// Adobe's inverted CMYK, as all files of four components are taken to be.
void cmyk_to_rgb(const std::vector<uint8_t>& cmyk, std::vector<uint8_t>& rgb) {
  for (size_t i = 0; i < cmyk.size() / 4; ++i) {
    const int black = cmyk[4 * i + 3];
    for (size_t c = 0; c < 3; ++c) rgb[3 * i + c] = static_cast<uint8_t>(black - times(255 - cmyk[4 * i + c], black));
  }
}

class JpegDecoder {
 public:
  JpegDecoder() : handle_(tjInitDecompress()) { SENET_CHECK(handle_, "libjpeg-turbo cannot be initialised"); }
  ~JpegDecoder() { tjDestroy(handle_); }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  void decode(const std::string& bytes, const std::string& name, Image& image) {
    const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
    const auto size = static_cast<unsigned long>(bytes.size());
    int width = 0, height = 0, subsampling = 0, colours = 0;
    // It fails of a sampling of the colours that it has no name for, but knows the size, and decodes such a file.
    tjDecompressHeader3(handle_, data, size, &width, &height, &subsampling, &colours);
    SENET_CHECK(width > 0 && height > 0, name, ": cannot be decoded as JPEG: ", tjGetErrorStr2(handle_));
    check_size(height, width, bytes, name);
    const bool cmyk = colours == TJCS_CMYK || colours == TJCS_YCCK;
    image.height = height, image.width = width, image.channels = kRgb;
    image.pixels.resize(static_cast<size_t>(height) * width * kRgb);
    std::vector<uint8_t> inks(cmyk ? static_cast<size_t>(height) * width * 4 : 0);
    if (tjDecompress2(handle_, data, size, cmyk ? inks.data() : image.pixels.data(), width, 0, height,
                      cmyk ? TJPF_CMYK : TJPF_RGB, TJFLAG_LIMITSCANS) != 0)
      fail_unless_stray(bytes, name);
    if (cmyk) cmyk_to_rgb(inks, image.pixels);
  }

 private:
  // Files with stray bytes between their parts are common, and whole; one that ends early, without the mark of the end
  // behind its last scan (rfind() + 1: 0 without any), is not. Only the first of several warnings is told.
  void fail_unless_stray(const std::string& bytes, const std::string& name) {
    const bool ends = bytes.rfind("\xff\xd9") + 1 > bytes.rfind("\xff\xda") + 1;
    const std::string_view reason = ends ? tjGetErrorStr2(handle_) : "it ends before its image does";
    SENET_CHECK(
        tjGetErrorCode(handle_) == TJERR_WARNING && ends && reason.find("remature end") == std::string_view::npos, name,
        ": cannot be decoded as JPEG: ", reason);
  }
  tjhandle handle_;
};

// What libpng's callbacks reach; it reports errors by a long jump, so that nothing here needs a destructor.
struct PngReading {
  const std::string* bytes;
  size_t at = 0;
  bool has_all_rows = false, ends_early = false;
  char message[256] = "";
  std::jmp_buf failed = {};
};

void read_png_bytes(png_structp png, png_bytep to, size_t count) {
  auto* reading = static_cast<PngReading*>(png_get_io_ptr(png));
  if (count > reading->bytes->size() - reading->at) {
    reading->ends_early = true;
    png_error(png, "the file ends early");
  }
  std::memcpy(to, reading->bytes->data() + reading->at, count);
  reading->at += count;
}

[[noreturn]] void on_png_error(png_structp png, png_const_charp message) {
  auto* reading = static_cast<PngReading*>(png_get_error_ptr(png));
  std::strncpy(reading->message, message, sizeof reading->message - 1);
  std::longjmp(reading->failed, 1);
}

void on_png_warning(png_structp, png_const_charp) {}

// Two steps, so that the image can be allocated between them outside the reach of a long jump.
bool png_begin(png_structp png, png_infop info, PngReading& reading, png_uint_32& width, png_uint_32& height) {
  if (setjmp(reading.failed)) return false;
  png_set_read_fn(png, &reading, read_png_bytes);
  png_set_chunk_malloc_max(png, 16 << 20);
  png_set_user_limits(png, 1 << 20, 1 << 20);
  png_read_info(png, info);
  png_set_strip_16(png);
  png_set_packing(png);
  if (png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (png_get_color_type(png, info) == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png);
  png_set_gray_to_rgb(png);
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  width = png_get_image_width(png, info);
  height = png_get_image_height(png, info);
  return true;
}

bool png_finish(png_structp png, png_infop info, PngReading& reading, uint8_t* pixels, png_bytep* rows,
                size_t row_bytes) {
  if (setjmp(reading.failed)) return reading.has_all_rows && reading.ends_early;
  png_read_update_info(png, info);
  if (png_get_rowbytes(png, info) != row_bytes) png_error(png, "its rows are not RGB");
  for (png_uint_32 y = 0; y < png_get_image_height(png, info); ++y) rows[y] = pixels + y * row_bytes;
  png_read_image(png, rows);
  reading.has_all_rows = true;
  png_read_end(png, nullptr);
  return true;
}

Image decode_png(const std::string& bytes, const std::string& name) {
  PngReading reading{&bytes};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reading, on_png_error, on_png_warning);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  SENET_CHECK(info, "libpng cannot be initialised");
  const std::shared_ptr<void> cleanup(nullptr, [&](void*) { png_destroy_read_struct(&png, &info, nullptr); });
  png_uint_32 width = 0, height = 0;
  const auto check = [&](bool went_well) {
    SENET_CHECK(went_well, name, ": cannot be decoded as PNG: ", reading.message);
  };
  check(png_begin(png, info, reading, width, height));
  check_size(height, width, bytes, name);
  const size_t row_bytes = size_t{width} * kRgb;
  Image image{height, width, kRgb, std::vector<uint8_t>(row_bytes * height)};
  std::vector<png_bytep> rows(height);
  check(png_finish(png, info, reading, image.pixels.data(), rows.data(), row_bytes));
  return image;
}

bool is_jpeg(std::string_view bytes) { return bytes.substr(0, 2) == "\xff\xd8"; }
bool is_png(std::string_view bytes) { return bytes.substr(0, 4) == "\x89PNG"; }

}  // namespace

bool is_jpeg_or_png(std::string_view bytes) { return is_jpeg(bytes) || is_png(bytes); }

Image decode_image(const std::string& bytes, const std::string& name) {
  Image image;
  decode_image(bytes, name, image);
  return image;
}

void decode_image(const std::string& bytes, const std::string& name, Image& image) {
  if (is_jpeg(bytes)) {
    thread_local std::unique_ptr<JpegDecoder> decoder;
    if (!decoder) decoder = std::make_unique<JpegDecoder>();
    try {
      return decoder->decode(bytes, name, image);
    } catch (...) {
      decoder.reset();  // an error leaves it in the middle of its file
      throw;
    }
  }
  if (is_png(bytes)) return void(image = decode_png(bytes, name));
  fail(name, ": is neither a JPEG nor a PNG file", bytes.empty() ? " (it is empty)" : "");
}

}  // namespace senet
