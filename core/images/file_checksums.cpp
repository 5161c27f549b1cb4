#include "images/file_checksums.h"

#include <ATen/Parallel.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <unordered_map>

#include "senet/error.h"
#include "storage/files.h"
#include "storage/hash.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

constexpr char kMagic[] = "SENETCS1";
constexpr size_t kMagicBytes = 8;
constexpr size_t kChunk = 4096;
constexpr std::chrono::seconds kBetweenSaves{30};
// A file may change again without a new time of change for as long as the clock of its file system stands still.
constexpr std::chrono::seconds kSettled{2};

struct Entry {
  uint64_t path = 0;  // checksum of it
  uint64_t size = 0;
  int64_t changed = 0;  // nanoseconds since 1970
  uint64_t checksum = 0;
};
static_assert(sizeof(Entry) == 32);

Entry entry_of(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) fail(path.string(), ": cannot be found: ", std::strerror(errno));
  const auto changed = int64_t{status.st_ctim.tv_sec} * 1'000'000'000 + status.st_ctim.tv_nsec;
  return {checksum(fs::absolute(path).lexically_normal().string()), static_cast<uint64_t>(status.st_size), changed};
}

fs::path cache_folder() {
  const char* const cache = std::getenv("XDG_CACHE_HOME");
  if (cache && fs::path(cache).is_absolute()) return fs::path(cache) / "senet/checksums";
  const char* const home = std::getenv("HOME");
  return home && *home ? fs::path(home) / ".cache/senet/checksums" : fs::path();
}

// The deepest folder that all of them lie in.
fs::path common_folder(const std::vector<fs::path>& files) {
  fs::path common = fs::absolute(files.front()).lexically_normal().parent_path();
  for (const fs::path& file : files) {
    const fs::path folder = fs::absolute(file).lexically_normal().parent_path();
    if (folder == common) continue;
    fs::path shared;
    for (auto a = common.begin(), b = folder.begin(); a != common.end() && b != folder.end() && *a == *b; ++a, ++b) {
      shared /= *a;
    }
    common = shared;
  }
  return common;
}

// What is remembered of the files in one folder.
class Memory {
 public:
  explicit Memory(const fs::path& folder) {
    if (cache_folder().empty()) return;
    file_ = cache_folder() / Hash().add(folder.string()).hex();
    try {
      if (fs::exists(file_)) load(read_file(file_));
    } catch (const std::exception&) {
      entries_.clear();
    }
  }

  // Whether the entry's checksum is known; it is filled in then.
  bool recall(Entry& entry) const {
    const auto found = entries_.find(entry.path);
    if (found == entries_.end() || found->second.size != entry.size || found->second.changed != entry.changed) {
      return false;
    }
    entry.checksum = found->second.checksum;
    return true;
  }
  void remember(const Entry& entry) {
    entries_[entry.path] = entry;
    changed_ = true;
  }
  void save() {
    if (!changed_ || file_.empty()) return;
    std::vector<Entry> entries;
    for (const auto& [path, entry] : entries_) entries.push_back(entry);
    const size_t size = entries.size() * sizeof(Entry);
    const uint64_t sum = checksum(entries.data(), size);
    std::string bytes(kMagic, kMagicBytes);
    bytes.append(reinterpret_cast<const char*>(&sum), sizeof sum);
    bytes.append(reinterpret_cast<const char*>(entries.data()), size);
    try {
      write_atomically(file_, bytes);
    } catch (const Error&) {
      file_.clear();
    }
    changed_ = false;
  }

 private:
  void load(const std::string& bytes) {
    constexpr size_t kHeader = kMagicBytes + sizeof(uint64_t);
    if (bytes.size() < kHeader || bytes.compare(0, kMagicBytes, kMagic) != 0) return;
    if ((bytes.size() - kHeader) % sizeof(Entry) != 0) return;
    uint64_t sum = 0;
    std::memcpy(&sum, bytes.data() + kMagicBytes, sizeof sum);
    if (checksum(bytes.data() + kHeader, bytes.size() - kHeader) != sum) return;
    for (size_t at = kHeader; at < bytes.size(); at += sizeof(Entry)) {
      Entry entry;
      std::memcpy(&entry, bytes.data() + at, sizeof entry);
      entries_[entry.path] = entry;
    }
  }

  fs::path file_;
  std::unordered_map<uint64_t, Entry> entries_;
  bool changed_ = false;
};

struct SlowReading {
  std::function<void(const std::string&)> tell;
  std::chrono::milliseconds patience{};
};

SlowReading slow_reading;

}  // namespace

void on_slow_checksums(std::function<void(const std::string&)> tell, std::chrono::milliseconds patience) {
  slow_reading = {std::move(tell), patience};
}

std::vector<uint64_t> file_checksums(const std::vector<fs::path>& files) {
  if (files.empty()) return {};
  Memory memory(common_folder(files));
  std::vector<size_t> unknown;
  std::vector<Entry> entries(files.size());
  for (size_t i = 0; i < files.size(); ++i) {
    entries[i] = entry_of(files[i]);
    if (!memory.recall(entries[i])) unknown.push_back(i);
  }
  auto saved = std::chrono::steady_clock::now(), told = saved;
  for (size_t first = 0; first < unknown.size(); first += kChunk) {
    const size_t last = std::min(first + kChunk, unknown.size());
    at::parallel_for(static_cast<int64_t>(first), static_cast<int64_t>(last), 16, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        entries[unknown[i]].checksum = checksum(read_file(files[unknown[i]]));
      }
    });
    for (size_t i = first; i < last; ++i) {
      const Entry &before = entries[unknown[i]], after = entry_of(files[unknown[i]]);
      const auto settled = std::chrono::system_clock::now().time_since_epoch() - kSettled;
      if (after.changed == before.changed && after.changed < std::chrono::nanoseconds(settled).count()) {
        memory.remember(before);
      }
    }
    const auto now = std::chrono::steady_clock::now();
    if (slow_reading.tell && now - told >= slow_reading.patience) {
      slow_reading.tell(text("reading files for their checksums, once: ", last, " of ", unknown.size(), " in ",
                             common_folder(files).string()));
      told = now;
    }
    if (now - saved > kBetweenSaves) {
      memory.save();
      saved = now;
    }
  }
  memory.save();
  std::vector<uint64_t> checksums;
  for (const Entry& entry : entries) checksums.push_back(entry.checksum);
  return checksums;
}

}  // namespace senet
