#include "storage/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <new>
#include <random>
#include <utility>

namespace senet {

namespace fs = std::filesystem;

std::string host_name() {
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  return host;
}

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

constexpr size_t kHostInNames = 20;

std::string this_process() {
  std::string who = text("process ", ::getpid(), " on ", host_name());
  const auto variable = [](const char* name) { return std::string(std::getenv(name) ? std::getenv(name) : ""); };
  const std::string array = variable("SLURM_ARRAY_JOB_ID"), job = variable("SLURM_JOB_ID");
  if (!array.empty()) return who + ", Slurm job " + array + "_" + variable("SLURM_ARRAY_TASK_ID");
  return job.empty() ? who : who + ", Slurm job " + job;
}

// Tells a host from one of the same name.
std::string this_host() {
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot);
  return host_name() + " " + boot;
}

// Who wrote its name into the lock's file, and its host.
struct Signature {
  std::string who, host;
};
Signature signature(int descriptor) {
  char buffer[1024];
  const ssize_t count = ::pread(descriptor, buffer, sizeof buffer, 0);
  const std::string all(buffer, static_cast<size_t>(std::max<ssize_t>(count, 0)));
  const size_t end = all.find('\n');
  return {all.substr(0, end), end == std::string::npos ? "" : all.substr(end + 1)};
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

fs::path temporary_name(const fs::path& path) {
  char random[16];
  std::snprintf(random, sizeof random, "%08x", std::random_device()());
  return text(path.string(), ".", host_name().substr(0, kHostInNames), "-", ::getpid(), "-", random, ".tmp");
}

bool is_temporary(const fs::path& path) { return path.extension() == ".tmp"; }

bool name_fits(const fs::path& path) {
  const size_t ending = kHostInNames + text(".-", INT_MAX, "-01234567.tmp").size();
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

// Whether fcntl() did it; throws where the file system cannot say. Only EAGAIN and EACCES mean that another has the
// lock.
bool lock_call(int descriptor, int command, struct flock& range, const fs::path& path) {
  constexpr int kInterruptions = 1000;
  for (int turn = 1; ::fcntl(descriptor, command, &range) != 0; ++turn) {
    const int error = errno;
    if (error == EINTR && turn < kInterruptions) continue;
    if (error == EAGAIN || error == EACCES) return false;
    fail(path.string(), ": cannot be locked: ", std::strerror(error), ", on ", file_system_of(path),
         "; a store of phases needs a file system with byte-range locks (fcntl): let it be mounted with them (NFS "
         "without nolock, Lustre with flock), or give another folder with --runs");
  }
  return true;
}

bool take_lock(int descriptor, short type, FileLock::Wait wait, const fs::path& path) {
  struct flock range = whole_file(type);
  // A lock of the open file, not of the process: closing another descriptor of the file does not release it.
  return lock_call(descriptor, wait == FileLock::Wait::yes ? F_OFD_SETLKW : F_OFD_SETLK, range, path);
}

constexpr std::chrono::seconds kBeat{10};
constexpr double kFresh = 60;  // seconds: a host that is busy, or whose server is, misses beats

double written_at(const struct stat& status) {
  return static_cast<double>(status.st_mtim.tv_sec) + 1e-9 * static_cast<double>(status.st_mtim.tv_nsec);
}

// Now, by the clock that dates the files of a folder; this host's where none can be written there.
double now_at(const fs::path& folder) {
  const fs::path probe = temporary_name(folder / "now");
  struct stat status {};
  const Descriptor file{::open(probe.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)};
  const bool written = file.number >= 0 && ::futimens(file.number, nullptr) == 0 && ::fstat(file.number, &status) == 0;
  if (file.number >= 0) ::unlink(probe.c_str());
  return written ? written_at(status) : static_cast<double>(std::time(nullptr));
}

// The holder of a lock that nobody seems to have, where it beats on another host.
std::string living_elsewhere(int descriptor, const fs::path& path) {
  const Signature holder = signature(descriptor);
  struct stat status {};
  if (holder.host.empty() || holder.host == this_host() || ::fstat(descriptor, &status) != 0) return "";
  return now_at(folder_of(path)) - written_at(status) < kFresh ? holder.who : "";
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
      holder_ = signature(file.number).who;
      if (holder_.empty()) holder_ = "another process";
      return;
    }
    if (kind == Kind::exclusive) {
      if (wait == Wait::no) holder_ = living_elsewhere(file.number, path);
      if (!holder_.empty()) return;
      holder_ = this_process();
      const std::string all = holder_ + "\n" + this_host();
      if (::ftruncate(file.number, 0) != 0 ||
          ::pwrite(file.number, all.data(), all.size(), 0) != static_cast<ssize_t>(all.size())) {
        fail_with_errno("write", path);
      }
      signed_ = true;
    }
    held_ = true;
    descriptor_ = std::exchange(file.number, -1);
    return;
  }
}

FileLock::~FileLock() {
  // Whoever has ended is nobody's holder, whatever hosts see of locks.
  if (signed_) (void)!::ftruncate(descriptor_, 0);
  if (descriptor_ >= 0) ::close(descriptor_);
}

Heartbeat::Heartbeat(const FileLock& lock)
    : thread_([this, descriptor = lock.descriptor_] {
        std::unique_lock<std::mutex> guard(mutex_);
        while (!end_.wait_for(guard, kBeat, [this] { return ended_; })) ::futimens(descriptor, nullptr);
      }) {}

Heartbeat::~Heartbeat() {
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    ended_ = true;
  }
  end_.notify_all();
  thread_.join();
}

bool FileLock::make_exclusive() { return take_lock(descriptor_, F_WRLCK, Wait::no, path_); }

std::string lock_holder(const fs::path& path, bool* seen) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0 && errno == ENOENT) return "";
  if (file.number < 0) fail_with_errno("open for reading", path);
  struct flock range = whole_file(F_WRLCK);
  const bool locked = !lock_call(file.number, F_OFD_GETLK, range, path) || range.l_type != F_UNLCK;
  if (seen) *seen = locked;
  if (!locked) return living_elsewhere(file.number, path);
  const std::string who = signature(file.number).who;
  return who.empty() ? "another process" : who;
}

std::string file_system_of(const fs::path& path) {
  std::error_code error;
  const std::string name = fs::weakly_canonical(fs::absolute(path), error).string();
  std::string found = "an unknown file system";
  size_t longest = 0;
  std::ifstream mounts("/proc/self/mounts");
  for (std::string device, point, type, options, rest; mounts >> device >> point >> type >> options;) {
    std::getline(mounts, rest);
    const bool holds = name.compare(0, point.size(), point) == 0 &&
                       (point == "/" || name.size() == point.size() || name[point.size()] == '/');
    if (!holds || point.size() < longest) continue;
    longest = point.size();
    found = text(type, " at ", point, " (", options, ")");
  }
  return found;
}

}  // namespace senet
