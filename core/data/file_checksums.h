#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace senet {

// Checksums (storage/hash.h) of files' bytes. Each is remembered by the file's path, size and time of change (ctime),
// in $XDG_CACHE_HOME/senet/checksums or ~/.cache/senet/checksums, so that a large set is read once and not at every
// start. A file of the cache that is missing, damaged or cannot be written costs the time of reading the set again, no
// more; processes may share it. Throws with the path of a file that cannot be read.
std::vector<uint64_t> file_checksums(const std::vector<std::filesystem::path>& files);

}  // namespace senet
