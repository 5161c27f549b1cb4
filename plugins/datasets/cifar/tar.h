#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>

// The members of a .tar.gz (or a plain .tar) whose file names are in `wanted`, whatever folder they lie in: name →
// bytes. Long names and sizes are read from the headers that pax (x) and GNU tar (L) put before a member. Nothing is
// written to disk. Throws with the archive's name when it is damaged, when a member's path is absolute or climbs with
// "..", when a wanted one is no regular file, is there twice, or is larger than `most_bytes`.
std::map<std::string, std::string> read_tar(const std::filesystem::path& archive, const std::set<std::string>& wanted,
                                            int64_t most_bytes);
