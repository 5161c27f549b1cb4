#pragma once

#include <array>
#include <functional>
#include <string>

#include "senet/dataset.h"

namespace senet {

// One image of a set as its view shows it, in memory or from its source.
Image viewed(const Images& images, int64_t index);

using ImageShape = std::array<int64_t, 3>;  // H, W, C

// Of the images of a set as viewed, by the first that can be decoded.
ImageShape shape_of(const Images& images);
// Throws when an image of a set, as viewed, has not the shape of those before it.
void check_shape(const Image& image, const ImageShape& expected, const Images& images, int64_t index);

// A file that decodes, to an image of this shape.
struct SoundFile {
  std::string bytes;
  ImageShape shape;
};

// Gives the images of a set in their order, several read at a time on all threads: as viewed, or their files. Those
// that cannot be decoded are left out when the set says so; returns how many.
int64_t for_each_viewed(const Images& images, const std::function<void(int64_t index, const Image&)>& use);
int64_t for_each_file(const Images& images, const std::function<void(int64_t index, const SoundFile&)>& use);

// Bytes that the images of a source take when they are decoded, by the size of the first.
int64_t decoded_bytes(const Images& images);

// Reads every image of a source into `pixels` and returns how many were left out. The source stays. Throws when the
// images, as viewed, are not of one size.
int64_t decode_into_memory(Images& images);

// What a set is known by: labels, shape as viewed, and the checksums of its images: of their pixels for a set that is
// given as pixels, of their files' bytes together with the view for a set of files. Neither where the images lie nor
// whether they are in memory changes it.
std::string fingerprint_of(const Images& images);

}  // namespace senet
