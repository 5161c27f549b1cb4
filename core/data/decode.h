#pragma once

#include <string>

#include "senet/dataset.h"

namespace senet {

// A JPEG or PNG file's bytes as an RGB image, as PIL's convert("RGB") gives it: grey is repeated, palettes are looked
// up, alpha is dropped, the high byte of 16 bits is taken, CMYK is inverted as Adobe stores it. Throws with `name`, and
// takes no more memory than an image of kMostPixels.
Image decode_image(const std::string& bytes, const std::string& name);
// The same into an image whose memory is used again.
void decode_image(const std::string& bytes, const std::string& name, Image& image);

constexpr int64_t kMostPixels = int64_t{1} << 26;

}  // namespace senet
