#pragma once

#include <filesystem>
#include <string>

namespace senet {

// The whole file; throws with its path.
std::string read_file(const std::filesystem::path& path);

// Readers see the old content or the new, never a part: writes beside `path`, flushes to disk, renames, flushes the
// folder. Makes missing folders. Throws with path and cause (no space, read-only, …), leaving the old content.
void write_atomically(const std::filesystem::path& path, const std::string& bytes);

// Where a damaged file or folder is set aside: `<path>.damaged-<n>`, the first n that is free.
std::filesystem::path free_name_aside(const std::filesystem::path& path);

// An exclusive lock on a file, for as long as the object lives, unless another process has it. The operating system
// releases a dead holder's lock.
class FileLock {
 public:
  explicit FileLock(const std::filesystem::path& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  bool held() const { return held_; }
  const std::string& holder() const { return holder_; }  // process id and host, of whoever has it

 private:
  int descriptor_ = -1;
  bool held_ = false;
  std::string holder_;
};

// The holder of a lock that another process has now; empty when it is free or the file does not exist.
std::string lock_holder(const std::filesystem::path& path);

}  // namespace senet
