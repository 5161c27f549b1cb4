#include "tar.h"

#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>

#include "../gzip/gzip.h"
#include "senet/error.h"

namespace {

constexpr size_t kBlock = 512;

struct Archive {
  std::string path, bytes;
  size_t at = 0;

  std::string_view take(size_t count, const std::string& within) {
    SENET_CHECK(count <= bytes.size() - at, path, ": ends within ", within);
    return std::string_view(bytes).substr(std::exchange(at, at + count), count);
  }
  std::string_view content(int64_t size, const std::string& member) {
    const size_t blocks = (static_cast<size_t>(size) + kBlock - 1) / kBlock;
    return take(blocks * kBlock, "its member '" + member + "'").substr(0, static_cast<size_t>(size));
  }
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

// What the headers before a member say of it; empty and −1 where they say nothing.
struct Extended {
  std::string path;
  int64_t size = -1;
};

// Records of "<length> <key>=<value>\n", whose length counts all of it.
void read_pax(const std::string_view records, const std::string& archive, Extended& extended) {
  for (size_t at = 0; at < records.size();) {
    const size_t blank = records.find(' ', at), equals = records.find('=', at);
    uint64_t length = 0;
    const char* const digits = records.data() + at;
    const char* const end = blank == std::string::npos ? digits : records.data() + blank;
    const bool number = std::from_chars(digits, end, length).ptr == end && end != digits;
    SENET_CHECK(number && length <= records.size() - at && equals != std::string::npos && blank < equals &&
                    equals < at + length && records[at + length - 1] == '\n',
                archive, ": not a sound tar archive: a pax header's record does not parse");
    const std::string_view key = records.substr(blank + 1, equals - blank - 1);
    const std::string_view value = records.substr(equals + 1, at + length - equals - 2);
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
  constexpr int64_t kMostHeader = 1 << 20, kMostArchive = 1 << 30;
  Archive in{archive.string(), read_gzip(archive, kMostArchive)};
  std::map<std::string, std::string> members;
  Extended extended;
  while (in.at < in.bytes.size()) {
    const char* const header = in.take(kBlock, "a block of the archive").data();
    if (header[0] == '\0') break;  // the end is marked by blocks of zeros
    check_checksum(header, in.path);
    const std::string prefix = text_field(header + 345, 155), base = text_field(header, 100);
    const bool ustar = std::memcmp(header + 257, "ustar", 5) == 0;
    const std::string own = ustar && !prefix.empty() ? prefix + "/" + base : base;
    const int64_t own_size = octal(header + 124, 12, in.path);
    const char type = header[156];
    if (type == 'x' || type == 'g' || type == 'L' || type == 'K') {
      SENET_CHECK(own_size <= kMostHeader, in.path, ": its header '", own, "' has ", own_size,
                  " bytes, expected at most ", kMostHeader);
      const std::string_view content = in.content(own_size, own);
      if (type == 'x') read_pax(content, in.path, extended);
      if (type == 'L') extended.path = text_field(content.data(), content.size());
      continue;
    }
    const std::filesystem::path path = extended.path.empty() ? own : extended.path;
    const int64_t size = extended.size < 0 ? own_size : extended.size;
    extended = {};
    for (const auto& part : path) {
      SENET_CHECK(!path.is_absolute() && part != "..", in.path, ": its member '", path.string(),
                  "' leaves the archive; this is not the publisher's file");
    }
    const std::string name = path.filename().string();
    const bool is_wanted = wanted.count(name) > 0;
    if (is_wanted) {
      SENET_CHECK(type == '0' || type == '\0', in.path, ": its member '", path.string(), "' is not a regular file");
      SENET_CHECK(size <= most_bytes, in.path, ": its member '", path.string(), "' has ", size,
                  " bytes, expected at most ", most_bytes);
      SENET_CHECK(!members.count(name), in.path, ": has two members '", name, "'");
    }
    const std::string_view content = in.content(size, path.string());
    if (is_wanted) members.emplace(name, content);
  }
  return members;
}
