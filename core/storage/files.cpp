#include "storage/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <new>
#include <utility>

namespace senet {

namespace fs = std::filesystem;

namespace {

constexpr size_t kPending = 1 << 18;
constexpr const char* kSetAside = ".damaged-";

[[noreturn]] void fail_with_errno(const std::string& action, const fs::path& path) {
  const int error = errno;
  fail(path.string(), ": cannot ", action, ": ", std::strerror(error),
       error == ENOSPC ? "; free some space and run the same command again" : "");
}

[[noreturn]] void fail_to_read(const std::string& action, const fs::path& path) {
  const int error = errno;
  throw Unreadable(text(path.string(), ": cannot ", action, ": ", std::strerror(error)), error);
}

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail(folder.string(), ": cannot make the folder: ", error.message());
}

void flush_folder(const fs::path& folder) {
  const Descriptor opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (opened.number < 0) fail_with_errno("open the folder", folder);
  ::fsync(opened.number);
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

bool Unreadable::is_missing() const { return cause_ == ENOENT || cause_ == ENOTDIR; }

std::string read_file(const fs::path& path) try {
  constexpr size_t kMost = 1 << 20;
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0) fail_to_read("open for reading", path);
  struct stat status {};
  if (::fstat(file.number, &status) != 0) fail_to_read("read", path);
  std::string content(static_cast<size_t>(status.st_size) + 1, '\0');
  for (size_t done = 0;;) {
    const ssize_t some = ::read(file.number, content.data() + done, content.size() - done);
    if (some < 0 && errno == EINTR) continue;
    if (some < 0) fail_to_read("read", path);
    done += static_cast<size_t>(some);
    if (some == 0) {
      content.resize(done);
      return content;
    }
    if (done == content.size()) content.resize(done + std::min(done, kMost));
  }
} catch (const std::bad_alloc&) {
  errno = ENOMEM;
  fail_to_read("read", path);
}

std::optional<std::string> read_if_there(const fs::path& path) {
  try {
    return read_file(path);
  } catch (const Unreadable& error) {
    if (error.is_missing()) return std::nullopt;
    throw;
  }
}

fs::path temporary_name(const fs::path& path) { return path.string() + "." + std::to_string(::getpid()) + ".tmp"; }

bool is_temporary(const fs::path& path) { return path.extension() == ".tmp"; }

bool name_fits(const fs::path& path) {
  const size_t ending = text(".", INT_MAX, ".tmp").size();
  return path.filename().string().size() + ending <= NAME_MAX;
}

bool is_plain_name(const std::string& text) {
  constexpr size_t kLongest = 100;
  return !text.empty() && text.size() <= kLongest && text.front() != '.' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
             std::string::npos;
}

void write_atomically(const fs::path& path, const std::string& bytes) {
  AtomicFile file(path);
  file.append(bytes.data(), bytes.size());
  file.commit();
}

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  make_folder(folder_of(path_));
  temporary_ = temporary_name(path_);
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
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
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

void AtomicFile::prepare() {
  flush();
  if (::fsync(descriptor_) != 0) give_up("flush to disk");
}

void AtomicFile::commit() {
  prepare();
  ::close(std::exchange(descriptor_, -1));
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) give_up("replace");
  flush_folder(folder_of(path_));
}

void flush_to_disk(const fs::path& path) {
  const Descriptor file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  if (file.number < 0) fail_with_errno("open for writing", path);
  if (::fsync(file.number) != 0) fail_with_errno("flush to disk", path);
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
    fs::path aside = path.string() + kSetAside + std::to_string(i);
    if (!fs::exists(aside)) return aside;
  }
}

std::optional<fs::path> set_aside_from(const fs::path& path) {
  const std::string name = path.filename().string();
  const size_t end = name.find(kSetAside);
  if (end == std::string::npos) return std::nullopt;
  return path.parent_path() / name.substr(0, end);
}

namespace {

struct flock whole_file(short type) {
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  return range;
}

// Whether a lock was given; throws where the file system cannot say.
bool take_lock(int descriptor, short type, FileLock::Wait wait, const fs::path& path) {
  struct flock range = whole_file(type);
  // A lock of the open file, not of the process: closing another descriptor of the file does not release it.
  const int command = wait == FileLock::Wait::yes ? F_OFD_SETLKW : F_OFD_SETLK;
  while (::fcntl(descriptor, command, &range) != 0) {
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EACCES) return false;
    fail(path.string(), ": cannot be locked: ", std::strerror(errno),
         "; a store of phases needs a file system with locks (fcntl); give another folder with --runs");
  }
  return true;
}

// Whether the open file is still the one at its path: whoever had the lock may have removed it.
bool is_at(const fs::path& path, int descriptor) {
  struct stat open {
  }, named{};
  if (::fstat(descriptor, &open) != 0) fail_with_errno("look at", path);
  if (::stat(path.c_str(), &named) != 0) {
    if (errno == ENOENT) return false;
    fail_with_errno("look at", path);
  }
  return open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

}  // namespace

FileLock::FileLock(const fs::path& path, Kind kind, Wait wait) : path_(path) {
  constexpr int kTurns = 100;
  for (int turn = 1;; ++turn) {
    make_folder(path.parent_path());
    Descriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)};
    if (file.number < 0 && errno == ENOENT && turn < kTurns) continue;  // the folder was removed meanwhile
    if (file.number < 0) fail_with_errno("open for writing", path);
    const bool taken = take_lock(file.number, kind == Kind::shared ? F_RDLCK : F_WRLCK, wait, path);
    if (!is_at(path, file.number)) continue;
    if (!taken) {
      holder_ = signature(file.number);
    } else if (kind == Kind::exclusive) {
      holder_ = this_process();
      if (::ftruncate(file.number, 0) != 0 ||
          ::pwrite(file.number, holder_.data(), holder_.size(), 0) != static_cast<ssize_t>(holder_.size())) {
        fail_with_errno("write", path);
      }
    }
    held_ = taken;
    descriptor_ = std::exchange(file.number, -1);
    return;
  }
}

FileLock::~FileLock() { ::close(descriptor_); }

bool FileLock::make_exclusive() { return take_lock(descriptor_, F_WRLCK, Wait::no, path_); }

std::string lock_holder(const fs::path& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0 && errno == ENOENT) return "";
  if (file.number < 0) fail_with_errno("open for reading", path);
  struct flock range = whole_file(F_WRLCK);
  if (::fcntl(file.number, F_OFD_GETLK, &range) != 0) fail_with_errno("ask for the lock of", path);
  return range.l_type == F_UNLCK ? "" : signature(file.number);
}

}  // namespace senet
