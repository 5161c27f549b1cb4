#pragma once

#include <torch/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "storage/environment.h"

namespace senet {

// "auto" (a GPU if LibTorch sees one), "cpu" or "cuda". Throws (exit code 2) when there is no such device.
torch::Device resolve_device(const std::string& name);

// "auto": bfloat16 on a GPU or a CPU with bfloat16 instructions, else float32.
torch::ScalarType resolve_precision(const std::string& name, const torch::Device& device);
std::string precision_name(torch::ScalarType precision);

// Whether /proc/cpuinfo lists an instruction set, for example "avx512f".
bool cpu_has(const std::string& flag);

// Of this process; without a precision, which is each phase's own.
Environment environment(const torch::Device& device);

// Where the processes ran that worked on an unfinished phase, the last one's last; none where its folder has no
// checkpoint. Throws where what they left is not to be read.
std::vector<Environment> environments_of_begun(const std::filesystem::path& folder);
// The file in a phase's folder that they are kept in.
constexpr const char* kEnvironments = "environments.json";

}  // namespace senet
