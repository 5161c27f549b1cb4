#include "tar.h"

#include <zlib.h>

#include <cstring>
#include <memory>

#include "senet/error.h"

namespace {

constexpr size_t kBlock = 512;

class Reader {
 public:
  explicit Reader(const std::filesystem::path& path)
      : path_(path.string()), file_(gzopen(path.c_str(), "rb"), gzclose) {
    SENET_CHECK(file_ != nullptr, path_, ": cannot be opened");
  }
  // True when all of `count` bytes were there; false at a clean end of the file.
  bool read(char* to, size_t count) {
    const int got = gzread(file_.get(), to, static_cast<unsigned>(count));
    int error = Z_OK;
    const std::string message = gzerror(file_.get(), &error);
    SENET_CHECK(got >= 0 && (error == Z_OK || error == Z_STREAM_END), path_, ": damaged gzip data: ", message);
    if (got == 0) return false;
    SENET_CHECK(static_cast<size_t>(got) == count, path_, ": ends within a block of the archive");
    return true;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
};

// An octal number of a header, ended by a blank or a zero byte.
int64_t octal(const char* digits, size_t count, const std::string& path) {
  int64_t value = 0;
  bool any = false;
  for (size_t i = 0; i < count && digits[i] != '\0'; ++i) {
    if (digits[i] == ' ') {
      if (any) break;
      continue;
    }
    SENET_CHECK(digits[i] >= '0' && digits[i] <= '7', path, ": not a tar archive: a number in a header is not octal");
    SENET_CHECK(value < int64_t{1} << 58, path, ": not a tar archive: a number in a header is too large");
    value = value * 8 + (digits[i] - '0');
    any = true;
  }
  return value;
}

void check_checksum(const char* header, const std::string& path) {
  int64_t sum = 0;
  for (size_t i = 0; i < kBlock; ++i) sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(header[i]);
  const int64_t expected = octal(header + 148, 8, path);
  SENET_CHECK(sum == expected, path, ": not a sound tar archive: a header's checksum is ", sum, ", expected ",
              expected);
}

std::string text_field(const char* field, size_t count) { return {field, strnlen(field, count)}; }

}  // namespace

std::map<std::string, std::string> read_tar(const std::filesystem::path& archive, const std::set<std::string>& wanted,
                                            int64_t most_bytes) {
  Reader in(archive);
  std::map<std::string, std::string> members;
  char header[kBlock];
  while (in.read(header, kBlock)) {
    if (header[0] == '\0') break;  // the end is marked by blocks of zeros
    check_checksum(header, in.path());
    const std::string prefix = text_field(header + 345, 155), base = text_field(header, 100);
    const bool ustar = std::memcmp(header + 257, "ustar", 5) == 0;
    const std::filesystem::path path = ustar && !prefix.empty() ? prefix + "/" + base : base;
    for (const auto& part : path) {
      SENET_CHECK(!path.is_absolute() && part != "..", in.path(), ": its member '", path.string(),
                  "' leaves the archive; this is not the publisher's file");
    }
    const int64_t size = octal(header + 124, 12, in.path());
    const std::string name = path.filename().string();
    const bool regular = header[156] == '0' || header[156] == '\0';
    const bool keep = wanted.count(name) > 0;
    if (keep) {
      SENET_CHECK(regular, in.path(), ": its member '", path.string(), "' is not a regular file");
      SENET_CHECK(size <= most_bytes, in.path(), ": its member '", path.string(), "' has ", size,
                  " bytes, expected at most ", most_bytes);
      SENET_CHECK(!members.count(name), in.path(), ": has two members '", name, "'");
    }
    std::string content;
    char block[kBlock];
    for (int64_t left = size; left > 0; left -= kBlock) {
      SENET_CHECK(in.read(block, kBlock), in.path(), ": ends within its member '", path.string(), "'");
      if (keep) content.append(block, std::min<size_t>(kBlock, static_cast<size_t>(left)));
    }
    if (keep) members[name] = std::move(content);
  }
  return members;
}
