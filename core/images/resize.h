#pragma once

#include "senet/dataset.h"

namespace senet {

// A part of an image, in pixels.
struct Box {
  int64_t top = 0, left = 0, height = 0, width = 0;
};

Image crop(const Image& image, const Box& box);

// Bilinear with antialiasing, bit for bit as PIL's resize(…, BILINEAR): first along rows, then along columns, each
// output pixel is the mean of the input under a triangle of half-width max(1, input/output), rounded to a byte. The
// weights are multiples of 2⁻²².
Image resize(const Image& image, int64_t height, int64_t width);

// What a view shows of an image. Throws when the image is smaller than the view's size.
Image view_of(Image image, const View& view, const std::string& name);

// A random part of an image to train on, as torchvision's RandomResizedCrop: its area is uniform in 8–100 % of the
// image's, the logarithm of its aspect ratio is uniform between those of 3/4 and 4/3. After ten draws that do not fit
// it is the centre. A pure function of its arguments.
Box random_box(int64_t height, int64_t width, uint64_t seed, int64_t epoch, int64_t image);

}  // namespace senet
