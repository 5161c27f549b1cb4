#pragma once

#include <filesystem>
#include <string>

namespace senet {

// A new folder among the system's temporary ones, gone with the object.
class ScratchFolder {
 public:
  explicit ScratchFolder(const std::string& purpose);  // a part of its name
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace senet
