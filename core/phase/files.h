#pragma once

#include <filesystem>
#include <string>

namespace senet {

// The whole file; throws with its path.
std::string read_file(const std::filesystem::path& path);

// Readers see the old content or the new, never a part: writes beside `path`, flushes to disk, renames, flushes the
// folder. Makes missing folders. Throws with path and cause (no space, read-only, …), leaving the old content.
void write_atomically(const std::filesystem::path& path, const std::string& bytes);

// An exclusive lock on a file, for as long as the object lives. The operating system releases a dead holder's lock.
class FileLock {
 public:
  // Waits while another process holds the lock; `on_wait` is told the holder (its process id and host), once.
  template <class OnWait>
  FileLock(const std::filesystem::path& path, OnWait on_wait) {
    open(path);
    if (!try_lock()) {
      on_wait(holder());
      wait();
    }
    sign();
  }
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  void open(const std::filesystem::path& path);
  bool try_lock();
  void wait();
  std::string holder() const;
  void sign();

  std::filesystem::path path_;
  int descriptor_ = -1;
};

// The holder of a lock that another process has now; empty when it is free or the file does not exist.
std::string lock_holder(const std::filesystem::path& path);

}  // namespace senet
