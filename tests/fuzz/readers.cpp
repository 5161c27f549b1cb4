#include "fuzz/readers.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "config/document.h"
#include "experiment/plan.h"
#include "images/decode.h"
#include "images/packed.h"
#include "plugin/host.h"
#include "results/result.h"
#include "storage/files.h"
#include "storage/hash.h"
#include "storage/safetensors.h"
#include "support/datasets.h"
#include "support/support.h"

namespace senet::testing {

namespace {

const PluginHost& host() {
  static const PluginHost host({SENET_TEST_PLUGINS});
  return host;
}

// A file that lives in memory alone, under a name that any reader can open.
class MemoryFile {
 public:
  explicit MemoryFile(const std::string& bytes) : descriptor_(memfd_create("fuzz", 0)) {
    for (size_t written = 0; written < bytes.size();) {
      const ssize_t count = ::write(descriptor_, bytes.data() + written, bytes.size() - written);
      if (count <= 0) std::abort();
      written += static_cast<size_t>(count);
    }
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

// A folder in memory where there is one.
const fs::path& scratch() {
  static const fs::path folder = [] {
    std::string pattern = (fs::is_directory("/dev/shm") ? "/dev/shm/" : "/tmp/") + std::string("senet-fuzz-XXXXXX");
    return fs::path(mkdtemp(pattern.data()));
  }();
  static const std::shared_ptr<void> cleanup(nullptr, [](void*) { fs::remove_all(scratch()); });
  return folder;
}

std::string labels_file(uint8_t count) {
  return std::string("\0\0\x08\x01\0\0\0", 7) + static_cast<char>(count) + std::string(count, '\1');
}

void read_idx(const std::string& bytes) {
  static const fs::path folder = [] {
    write_file(scratch() / "idx/train-labels-idx1-ubyte", labels_file(4));
    return scratch() / "idx";
  }();
  write_file(folder / "train-images-idx3-ubyte", bytes);
  dataset_at("fashion_mnist", folder)->load(Split::train);
}

void read_annotations(const std::string& bytes) {
  static const fs::path folder = [] {
    for (const char* file : {"train/n01/a.JPEG", "train/n02/a.JPEG", "val/images/val_0.JPEG", "val/images/val_1.JPEG"})
      write_file(scratch() / "tiny" / file, "never decoded here");
    return scratch() / "tiny";
  }();
  write_file(folder / "val/val_annotations.txt", bytes);
  dataset_at("tiny_imagenet", folder)->load(Split::test);
}

// With the checksum of its tables and description, so that what they say is looked at and not only that they changed.
std::string with_its_checksum(std::string pack) {
  constexpr size_t kHeader = 32, kChecksum = 24;
  uint64_t tables = 0;
  if (pack.size() < kHeader) return pack;
  std::memcpy(&tables, pack.data() + 8, sizeof tables);
  if (tables > pack.size()) return pack;
  const uint64_t sum = checksum(pack.data() + tables, pack.size() - tables);
  std::memcpy(pack.data() + kChecksum, &sum, sizeof sum);
  return pack;
}

}  // namespace

const std::map<std::string, std::function<void(const std::string&)>>& readers() {
  static const std::map<std::string, std::function<void(const std::string&)>> all = {
      {"configuration", [](const std::string& bytes) { make_plan(Document::from_toml(bytes, "x.toml"), host()); }},
      {"safetensors", [](const std::string& bytes) { load_safetensors(MemoryFile(bytes).path()); }},
      {"packed", [](const std::string& bytes) { PackedSet(MemoryFile(with_its_checksum(bytes)).path()).verify(); }},
      {"picture", [](const std::string& bytes) { decode_image(bytes, "x"); }},
      {"cifar",
       [](const std::string& bytes) {
         const MemoryFile file(bytes);
         dataset_at("cifar10", file.path())->load(Split::test);
       }},
      {"idx", read_idx},
      {"annotations", read_annotations},
      {"result", [](const std::string& bytes) { load_result(MemoryFile(bytes).path()); }},
  };
  return all;
}

}  // namespace senet::testing
