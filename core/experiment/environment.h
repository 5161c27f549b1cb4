#pragma once

#include <torch/types.h>

#include <string>

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

}  // namespace senet
