#include "tar.h"

#include <zlib.h>

#include <charconv>
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

// The content of a member; where it is not to be kept, it is read all the same.
std::string read_content(Reader& in, int64_t size, bool keep, const std::string& member) {
  std::string content;
  char block[kBlock];
  for (int64_t left = size; left > 0; left -= kBlock) {
    SENET_CHECK(in.read(block, kBlock), in.path(), ": ends within its member '", member, "'");
    if (keep) content.append(block, std::min<size_t>(kBlock, static_cast<size_t>(left)));
  }
  return content;
}

// What the headers before a member say of it; empty and −1 where they say nothing.
struct Extended {
  std::string path;
  int64_t size = -1;
};

// Records of "<length> <key>=<value>\n", whose length counts all of it.
void read_pax(const std::string& records, const std::string& archive, Extended& extended) {
  for (size_t at = 0; at < records.size();) {
    const size_t blank = records.find(' ', at), equals = records.find('=', at);
    uint64_t length = 0;
    const char* const digits = records.data() + at;
    const char* const end = blank == std::string::npos ? digits : records.data() + blank;
    const bool number = std::from_chars(digits, end, length).ptr == end && end != digits;
    SENET_CHECK(number && length <= records.size() - at && equals != std::string::npos && blank < equals &&
                    equals < at + length && records[at + length - 1] == '\n',
                archive, ": not a sound tar archive: a pax header's record does not parse");
    const std::string key = records.substr(blank + 1, equals - blank - 1);
    const std::string value = records.substr(equals + 1, at + length - equals - 2);
    if (key == "path") extended.path = value;
    if (key == "size") {
      const auto read = std::from_chars(value.data(), value.data() + value.size(), extended.size);
      SENET_CHECK(read.ptr == value.data() + value.size() && extended.size >= 0 && extended.size < int64_t{1} << 58,
                  archive, ": not a sound tar archive: a pax header gives the size '", value, "'");
    }
    at += length;
  }
}

}  // namespace

std::map<std::string, std::string> read_tar(const std::filesystem::path& archive, const std::set<std::string>& wanted,
                                            int64_t most_bytes) {
  constexpr int64_t kMostHeader = 1 << 20;
  Reader in(archive);
  std::map<std::string, std::string> members;
  Extended extended;
  char header[kBlock];
  while (in.read(header, kBlock)) {
    if (header[0] == '\0') break;  // the end is marked by blocks of zeros
    check_checksum(header, in.path());
    const std::string prefix = text_field(header + 345, 155), base = text_field(header, 100);
    const bool ustar = std::memcmp(header + 257, "ustar", 5) == 0;
    const std::string own = ustar && !prefix.empty() ? prefix + "/" + base : base;
    const int64_t own_size = octal(header + 124, 12, in.path());
    const char type = header[156];
    if (type == 'x' || type == 'g' || type == 'L' || type == 'K') {
      SENET_CHECK(own_size <= kMostHeader, in.path(), ": its header '", own, "' has ", own_size,
                  " bytes, expected at most ", kMostHeader);
      const std::string content = read_content(in, own_size, true, own);
      if (type == 'x') read_pax(content, in.path(), extended);
      if (type == 'L') extended.path = content.c_str();
      continue;
    }
    const std::filesystem::path path = extended.path.empty() ? own : extended.path;
    const int64_t size = extended.size < 0 ? own_size : extended.size;
    extended = {};
    for (const auto& part : path) {
      SENET_CHECK(!path.is_absolute() && part != "..", in.path(), ": its member '", path.string(),
                  "' leaves the archive; this is not the publisher's file");
    }
    const std::string name = path.filename().string();
    const bool regular = type == '0' || type == '\0';
    const bool keep = wanted.count(name) > 0;
    if (keep) {
      SENET_CHECK(regular, in.path(), ": its member '", path.string(), "' is not a regular file");
      SENET_CHECK(size <= most_bytes, in.path(), ": its member '", path.string(), "' has ", size,
                  " bytes, expected at most ", most_bytes);
      SENET_CHECK(!members.count(name), in.path(), ": has two members '", name, "'");
    }
    std::string content = read_content(in, size, keep, path.string());
    if (keep) members[name] = std::move(content);
  }
  return members;
}
