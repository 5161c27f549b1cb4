#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "senet/error.h"

namespace senet {

// A file could not be read. That says nothing about its content: permissions, a broken disk or a server that is away
// are no damage.
class Unreadable final : public Error {
 public:
  Unreadable(const std::string& message, int cause) : Error(message), cause_(cause) {}
  bool is_missing() const;  // there is no such file

 private:
  int cause_;  // errno
};

// The whole file. Throws Unreadable with path and cause.
std::string read_file(const std::filesystem::path& path);
// The same; nullopt where there is no such file.
std::optional<std::string> read_if_there(const std::filesystem::path& path);

// Writes a file so that readers see the old content or the new, never a part of it: writes beside `path`, flushes to
// disk, renames, flushes the folder. Makes missing folders. Throws with path and cause (no space, read-only, …) and
// leaves the old content then.
void write_atomically(const std::filesystem::path& path, const std::string& bytes);

// The same for a file that is written piece by piece: readers see it once it is committed, not before.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void append(const void* bytes, size_t count);
  void overwrite(int64_t offset, const void* bytes, size_t count);  // of what was appended
  int64_t size() const { return size_; }
  // Brings all bytes to the disk; commit() needs no more room then.
  void prepare();
  void commit();

 private:
  [[noreturn]] void give_up(const char* action);
  void write(int64_t offset, const void* bytes, size_t count);
  void flush();

  std::filesystem::path path_, temporary_;
  int descriptor_ = -1;
  int64_t size_ = 0;
  std::string pending_;  // the end of what was appended, not yet written
};

// Waits until what a file holds is on the disk.
void flush_to_disk(const std::filesystem::path& path);

// A file that is read at given places. Throws when it ends early.
class ReadableFile {
 public:
  explicit ReadableFile(std::filesystem::path path);
  ~ReadableFile();
  ReadableFile(const ReadableFile&) = delete;
  ReadableFile& operator=(const ReadableFile&) = delete;

  int64_t size() const { return size_; }  // when it was opened
  const std::filesystem::path& path() const { return path_; }
  void read(int64_t offset, void* bytes, size_t count) const;  // by any thread

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  int64_t size_ = 0;
};

// A file's name while it is written, another one at each call on each host; and whether a file has such a name.
std::filesystem::path temporary_name(const std::filesystem::path& path);
bool is_temporary(const std::filesystem::path& path);
// Whether a file system takes a file's name, and the longer one that it has while it is written.
bool name_fits(const std::filesystem::path& path);
constexpr const char* kPlainName = "1 to 100 letters, digits, '_', '-' and '.', the first no '.'";
// Whether a text is such a name: safe as a part of a file's name.
bool is_plain_name(const std::string& text);

// Where a damaged file or folder is set aside: `<path>.damaged-<n>`, the first n that is free.
std::filesystem::path free_name_aside(const std::filesystem::path& path);
// The path that was set aside under this name; nothing where the name is none of those.
std::optional<std::filesystem::path> set_aside_from(const std::filesystem::path& path);

std::string host_name();
// "nfs4 at /home (rw,nolock)": the mount that a path lies on; "an unknown file system" where the system does not say.
std::string file_system_of(const std::filesystem::path& path);

// A lock on a file for as long as the object lives; not held() where another process has the lock. The operating system
// releases the lock of a process that died. Where it keeps locks from other hosts, an exclusive lock that is not waited
// for is not held() either while a holder on another host beats (Heartbeat). Throws with path, file system and cause
// where there are no locks.
class FileLock {
 public:
  enum class Kind { exclusive, shared };
  enum class Wait { no, yes };  // whether to wait until the lock is free

  explicit FileLock(const std::filesystem::path& path, Kind kind = Kind::exclusive, Wait wait = Wait::no);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  bool held() const { return held_; }
  const std::string& holder() const { return holder_; }  // process id, host and Slurm job, of whoever has it
  // Makes a shared lock exclusive where nobody else has a share.
  bool make_exclusive();

 private:
  friend class Heartbeat;

  std::filesystem::path path_;
  int descriptor_ = -1;
  bool held_ = false, signed_ = false;
  std::string holder_;
};

// Says every ten seconds, by the clock of the file's server, that the holder of an exclusive lock lives.
class Heartbeat {
 public:
  explicit Heartbeat(const FileLock& lock);
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable end_;
  bool ended_ = false;
  std::thread thread_;
};

// The holder of an exclusive lock that another process has now; empty when it is free or the file does not exist.
// `seen`: whether the lock itself is seen here, and not only that its holder, on another host, lives.
std::string lock_holder(const std::filesystem::path& path, bool* seen = nullptr);

}  // namespace senet
