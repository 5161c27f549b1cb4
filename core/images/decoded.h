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

// Hands the images of a set to `use` in their order, as viewed or as their files; all threads read ahead. Images that
// cannot be decoded are left out when the set says so; returns how many.
int64_t for_each_viewed(const Images& images, const std::function<void(int64_t index, const Image&)>& use);
int64_t for_each_file(const Images& images, const std::function<void(int64_t index, const SoundFile&)>& use);

// Reads every image of a set's source into `pixels`, and keeps the source; returns how many were left out. Throws when
// the images, as viewed, are not of one size.
int64_t decode_into_memory(Images& images);

// What identifies a set: a hash of its labels, of its images' shape as viewed, and of their checksums. These are of the
// pixels for a set that is given as pixels; for a set of files they are of the files' bytes, and the view is hashed
// too. Neither where the images lie nor whether they are in memory changes the fingerprint.
std::string fingerprint_of(const Images& images);

}  // namespace senet
