#pragma once

#include "senet/dataset.h"

namespace senet {

// A part of an image, in pixels.
struct Box {
  int64_t top = 0, left = 0, height = 0, width = 0;
};

Image crop(const Image& image, const Box& box);

// Bilinear with antialiasing, bit for bit as PIL's resize(…, BILINEAR): each output pixel is the mean of the input
// under a triangle whose half-width is max(1, input/output), first along rows, then along columns, rounded to bytes
// after each; the weights are multiples of 2⁻²².
Image resize(const Image& image, int64_t height, int64_t width);

// What a view shows of an image. Throws when the image is smaller than the view's size.
Image view_of(Image image, const View& view, const std::string& name);

// A random part of an image to train on, as torchvision's RandomResizedCrop: its area uniform in 8–100 % of the
// image's, the logarithm of its aspect ratio uniform in that of 3/4–4/3; after ten attempts that do not fit, the
// centre. A pure function of its arguments.
Box random_box(int64_t height, int64_t width, uint64_t seed, int64_t epoch, int64_t image);

}  // namespace senet
