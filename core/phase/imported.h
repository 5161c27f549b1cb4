#pragma once

#include <filesystem>

#include "senet/network.h"

namespace senet {

// Reads a network that was trained elsewhere into `network`, whose ReLUs are all in place: every parameter and buffer
// by its name, of its shape, in any floating type. `num_batches_tracked` may be missing. Masks (`mask.<site>`) may be
// there when they keep every ReLU. Throws (exit code 2) with the file and the tensors that are missing, unknown or of
// another shape.
void import_network(const std::filesystem::path& file, Network& network);

}  // namespace senet
