#pragma once

#include <torch/types.h>

#include <filesystem>
#include <vector>

#include "results/result.h"
#include "senet/archive.h"

namespace senet {

// The masks of a result's finished network, beside it: `<result>.masks`. A line of JSON says the sites, by name and
// shape; behind it stands a bit an element, sites in order, C,H,W each. Earlier programs wrote the bits alone.
std::filesystem::path masks_path(const Result& result);
void save_masks(const Result& result, const std::vector<torch::Tensor>& masks);

// C×H×W each (uint8). Empty when there is no file; throws (exit code 2) with its name when it is not of this result's
// sites and counts.
std::vector<torch::Tensor> load_masks(const Result& result);

// Of such a file, by site. Throws (exit code 2) where it does not say its sites.
TensorMap read_masks(const std::filesystem::path& file);

}  // namespace senet
