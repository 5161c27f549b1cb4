#pragma once

#include <torch/types.h>

#include <nlohmann/json.hpp>
#include <string>

namespace senet {

using Json = nlohmann::ordered_json;

// "auto" (a GPU if LibTorch sees one), "cpu" or "cuda". Throws (exit code 2) when there is no such device.
torch::Device resolve_device(const std::string& name);

// "auto": bfloat16 on a GPU or a CPU with bfloat16 instructions, else float32.
torch::ScalarType resolve_precision(const std::string& name, const torch::Device& device);
std::string precision_name(torch::ScalarType precision);

// Whether /proc/cpuinfo lists an instruction set, for example "avx512f".
bool cpu_has(const std::string& flag);

// What a result's bits depend on besides its inputs: program, libraries, device, CPU capability, threads.
Json environment(const torch::Device& device);

}  // namespace senet
