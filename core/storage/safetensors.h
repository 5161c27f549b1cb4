#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "senet/archive.h"

namespace senet {

using Metadata = std::map<std::string, std::string>;

struct Safetensors {
  TensorMap tensors;  // on the CPU, contiguous
  Metadata metadata;
};

// The safetensors format: u64 header length, JSON header, payload; little-endian. Tensors lie in the order of their
// names. float64, float32, bfloat16, float16, int64, int32, uint8 and bool.
std::string to_safetensors(const TensorMap& tensors, const Metadata& metadata);

// Every size, offset and overlap is checked; `name` is what errors call the bytes.
Safetensors from_safetensors(const std::string& bytes, const std::string& name);

// Saving puts a hash of the tensors into the metadata; loading checks the hash of a file that has one.
void save_safetensors(const std::filesystem::path& path, const TensorMap& tensors, Metadata metadata = {});
Safetensors load_safetensors(const std::filesystem::path& path);

}  // namespace senet
