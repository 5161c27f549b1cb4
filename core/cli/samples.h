#pragma once

#include <torch/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace senet {

// A sheet of images (N×H×W×C, uint8; C = 1 or at least 3, of which the first three are drawn), each under its title, as
// a PNG.
void draw_samples(const torch::Tensor& images, const std::vector<std::string>& titles,
                  const std::filesystem::path& png);

}  // namespace senet
