#pragma once

#include <filesystem>
#include <string>

// The bytes of a file, unpacked when it is one of gzip's. Throws with its name when it cannot be opened, when it is
// damaged or when it holds more than `most_bytes`.
std::string read_gzip(const std::filesystem::path& path, int64_t most_bytes);
