#pragma once

#include "senet/dataset.h"

namespace senet {

// 0 … count − 1: the first images of a set, in their order.
std::vector<int64_t> first_indices(int64_t count);
// A permutation of them, in the order of the random bits that each has in the stream (seed, stream).
std::vector<int64_t> shuffled_indices(int64_t count, uint64_t seed, uint32_t stream);

// Some images of a source, in another order.
std::shared_ptr<const ImageSource> subset(std::shared_ptr<const ImageSource> source, std::vector<int64_t> indices);

// Some images of a set, in another order.
Images subset(const Images& images, const std::vector<int64_t>& indices);

}  // namespace senet
