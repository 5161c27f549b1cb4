#include "gzip.h"

#include <zlib.h>

#include <memory>
#include <vector>

#include "senet/error.h"

std::string read_gzip(const std::filesystem::path& path, int64_t most_bytes) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  SENET_CHECK(file != nullptr, path.string(), ": cannot be opened");
  std::string content;
  std::vector<char> block(1 << 20);
  for (int count = 1; count > 0; content.append(block.data(), static_cast<size_t>(count))) {
    count = gzread(file.get(), block.data(), static_cast<unsigned>(block.size()));
    // zlib reports a stream that ends early only when asked.
    int error = Z_OK;
    const std::string message = gzerror(file.get(), &error);
    SENET_CHECK(count >= 0 && (error == Z_OK || error == Z_STREAM_END), path.string(),
                ": damaged gzip data: ", message);
    SENET_CHECK(static_cast<int64_t>(content.size()) + count <= most_bytes, path.string(), ": holds more than ",
                most_bytes, " bytes");
  }
  return content;
}
