#pragma once

#include <toml++/toml.h>

#include <filesystem>

#include "senet/error.h"
#include "storage/files.h"

namespace senet {

// A file of facts. Throws (exit code 2) with file and line when it is no TOML.
inline toml::table parsed_toml(const std::filesystem::path& file) {
  try {
    return toml::parse(read_file(file), file.string());
  } catch (const toml::parse_error& error) {
    fail_usage(file.string(), ":", error.source().begin.line, ": ", error.description());
  }
}

}  // namespace senet
