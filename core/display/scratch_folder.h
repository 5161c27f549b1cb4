#pragma once

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>

#include "senet/error.h"

namespace senet {

// A new folder among the system's temporary ones, removed with the object.
class ScratchFolder {
 public:
  explicit ScratchFolder(const std::string& purpose) {  // a part of its name
    std::string pattern = (std::filesystem::temp_directory_path() / ("senet-" + purpose + "-XXXXXX")).string();
    SENET_CHECK(mkdtemp(pattern.data()), pattern, ": cannot make the folder: ", std::strerror(errno));
    path_ = pattern;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace senet
