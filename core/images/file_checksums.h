#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace senet {

// Checksums (storage/hash.h) of files' bytes. $XDG_CACHE_HOME/senet/checksums or ~/.cache/senet/checksums remembers
// each by the file's path, size and time of change (ctime), so that a large set is read once and not at every start.
// Where a file of that cache is missing, damaged or cannot be written, the set is read again. Processes may share the
// cache. Throws with the path of a file that cannot be read.
std::vector<uint64_t> file_checksums(const std::vector<std::filesystem::path>& files);

// From now on, in the whole process, `tell` is given a line whenever reading files has taken another `patience`.
void on_slow_checksums(std::function<void(const std::string&)> tell,
                       std::chrono::milliseconds patience = std::chrono::seconds(10));

}  // namespace senet
