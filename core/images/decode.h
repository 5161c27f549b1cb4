#pragma once

#include <string>
#include <string_view>

#include "senet/dataset.h"

namespace senet {

// Whether a file that begins like this is taken for a JPEG or PNG file.
bool is_jpeg_or_png(std::string_view bytes);

// A JPEG or PNG file's bytes as an RGB image, as PIL's convert("RGB") gives it: grey is repeated, palettes are looked
// up, alpha is dropped, CMYK is inverted as Adobe stores it. Unlike PIL, which clips 16-bit grey at 255, it takes the
// high byte of 16 bits. A PNG that ends behind its last row of pixels is whole. Throws an Error that begins with
// `name`, also for an image of more than kMostPixels.
Image decode_image(const std::string& bytes, const std::string& name);
// The same into an image whose memory is used again.
void decode_image(const std::string& bytes, const std::string& name, Image& image);

constexpr int64_t kMostPixels = int64_t{1} << 26;

}  // namespace senet
