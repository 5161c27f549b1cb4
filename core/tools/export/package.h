#pragma once

#include <filesystem>
#include "storage/json.h"

#include "tools/export/program.h"

namespace senet {

// Images with the logits that the network gives them in plain float32.
struct Golden {
  torch::Tensor images;  // N×C×H×W, normalised, float32
  torch::Tensor logits;  // N×classes
  torch::Tensor labels;  // N
};

// Throws (exit code 2) when the folder holds anything but an earlier export, whole or cut off.
void check_room(const std::filesystem::path& folder);

// Writes a program and everything that an engine needs to run it into a folder:
//   program.mlir             the whole network
//   layers/<n>-<name>.mlir   each of its functions alone
//   arguments/<name>.bin     raw little-endian values (float32, int32, bool)
//   images.bin               the golden images in the program's layout (NHWC), float32
//   golden.safetensors       images (N×C×H×W), logits, labels
//   manifest.json            `about`, and which argument is whose, of which type and shape; what each layer takes
// Returns the manifest. Throws as check_room does.
Json write_package(const std::filesystem::path& folder, const Program& program, const Golden& golden, Json about);

}  // namespace senet
