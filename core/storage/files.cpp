#include "storage/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "senet/error.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

constexpr size_t kPending = 1 << 18;

[[noreturn]] void fail_with_errno(const std::string& action, const fs::path& path) {
  const int error = errno;
  fail(path.string(), ": cannot ", action, ": ", std::strerror(error),
       error == ENOSPC ? "; free some space and run the same command again" : "");
}

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

void flush_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) fail_with_errno("open the folder", folder);
  ::fsync(descriptor);
  ::close(descriptor);
}

std::string this_process() {
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  return text("process ", ::getpid(), " on ", host);
}

// Who wrote its name into the lock's file.
std::string signature(int descriptor) {
  char buffer[512];
  const ssize_t count = ::pread(descriptor, buffer, sizeof buffer, 0);
  return count > 0 ? std::string(buffer, static_cast<size_t>(count)) : "another process";
}

}  // namespace

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) fail_with_errno("open for reading", path);
  std::ostringstream content;
  content << in.rdbuf();
  if (in.bad()) fail(path.string(), ": cannot be read");
  return content.str();
}

void write_atomically(const fs::path& path, const std::string& bytes) {
  AtomicFile file(path);
  file.append(bytes.data(), bytes.size());
  file.commit();
}

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  const fs::path folder = folder_of(path_);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail(folder.string(), ": cannot make the folder: ", error.message());
  temporary_ = path_.string() + "." + std::to_string(::getpid()) + ".tmp";
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail_with_errno("open for writing", temporary_);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::give_up(const char* action) {
  const int cause = errno;
  ::close(std::exchange(descriptor_, -1));
  ::unlink(temporary_.c_str());
  errno = cause;
  fail_with_errno(action, path_);
}

void AtomicFile::append(const void* bytes, size_t count) {
  // A system call for each of many small pieces would cost more than the pieces.
  if (pending_.size() + count > kPending) flush();
  if (count > kPending) {
    write(size_, bytes, count);
  } else {
    pending_.append(static_cast<const char*>(bytes), count);
  }
  size_ += static_cast<int64_t>(count);
}

void AtomicFile::overwrite(int64_t offset, const void* bytes, size_t count) {
  flush();
  write(offset, bytes, count);
}

void AtomicFile::flush() {
  write(size_ - static_cast<int64_t>(pending_.size()), pending_.data(), pending_.size());
  pending_.clear();
}

void AtomicFile::write(int64_t offset, const void* bytes, size_t count) {
  const auto* from = static_cast<const char*>(bytes);
  for (size_t written = 0; written < count;) {
    const ssize_t some = ::pwrite(descriptor_, from + written, count - written, offset + static_cast<int64_t>(written));
    if (some < 0 && errno == EINTR) continue;
    if (some < 0) give_up("write");
    written += static_cast<size_t>(some);
  }
}

void AtomicFile::commit() {
  flush();
  if (::fsync(descriptor_) != 0) give_up("flush to disk");
  ::close(std::exchange(descriptor_, -1));
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    ::unlink(temporary_.c_str());
    fail_with_errno("replace", path_);
  }
  flush_folder(folder_of(path_));
}

ReadableFile::ReadableFile(fs::path path) : path_(std::move(path)) {
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) fail_with_errno("open for reading", path_);
  size_ = ::lseek(descriptor_, 0, SEEK_END);
}

ReadableFile::~ReadableFile() { ::close(descriptor_); }

void ReadableFile::read(int64_t offset, void* bytes, size_t count) const {
  auto* to = static_cast<char*>(bytes);
  for (size_t done = 0; done < count;) {
    const ssize_t some = ::pread(descriptor_, to + done, count - done, offset + static_cast<int64_t>(done));
    if (some < 0 && errno == EINTR) continue;
    if (some < 0) fail_with_errno("read", path_);
    SENET_CHECK(some > 0, path_.string(), ": ends at byte ", offset + static_cast<int64_t>(done), ", expected ",
                offset + static_cast<int64_t>(count), " bytes or more; it was longer when it was opened");
    done += static_cast<size_t>(some);
  }
}

fs::path free_name_aside(const fs::path& path) {
  for (int i = 1;; ++i) {
    const fs::path aside = path.string() + ".damaged-" + std::to_string(i);
    if (!fs::exists(aside)) return aside;
  }
}

FileLock::FileLock(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) fail(path.parent_path().string(), ": cannot make the folder: ", error.message());
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail_with_errno("open for writing", path);
  held_ = ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
  if (!held_) {
    holder_ = signature(descriptor_);
    return;
  }
  holder_ = this_process();
  const bool signed_ok = ::ftruncate(descriptor_, 0) == 0 && ::pwrite(descriptor_, holder_.data(), holder_.size(), 0) ==
                                                                 static_cast<ssize_t>(holder_.size());
  if (!signed_ok) {
    const int cause = errno;
    ::close(descriptor_);
    errno = cause;
    fail_with_errno("write", path);
  }
}

FileLock::~FileLock() { ::close(descriptor_); }

std::string lock_holder(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return "";
  const std::string holder = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0 ? "" : signature(descriptor);
  ::close(descriptor);
  return holder;
}

}  // namespace senet
