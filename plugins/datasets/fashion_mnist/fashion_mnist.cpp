#include <torch/types.h>
#include <torch/utils.h>
#include <zlib.h>

#include <cstring>
#include <filesystem>

#include "senet/dataset.h"
#include "senet/error.h"

namespace {

namespace fs = std::filesystem;

constexpr int64_t kClasses = 10;
constexpr uint32_t kUnsignedByte = 0x08;
constexpr int64_t kMostBytes = int64_t{1} << 31;

constexpr senet::Option kOptions[] = {
    senet::text_option("path", "\"/usr/share/datasets/fashion-mnist\"",
                       "folder of the four IDX files, plain or .gz, as their publisher names them")
        .without_effect(),
};

// An IDX file, read through zlib, which passes plain files unchanged.
class IdxFile {
 public:
  explicit IdxFile(const fs::path& path) : path_(path), file_(gzopen(path.c_str(), "rb")) {
    SENET_CHECK(file_ != nullptr, path.string(), ": cannot be opened");
  }
  ~IdxFile() { gzclose(file_); }
  IdxFile(const IdxFile&) = delete;
  IdxFile& operator=(const IdxFile&) = delete;

  // The file's array of unsigned bytes; its header has to announce exactly `dimensions`.
  torch::Tensor read(size_t dimensions) {
    const uint32_t magic = big_endian();
    const uint32_t expected = kUnsignedByte << 8 | static_cast<uint32_t>(dimensions);
    SENET_CHECK(magic == expected, path_.string(), ": begins with ", magic, ", expected ", expected,
                ": not an IDX file of unsigned bytes in ", dimensions, " dimensions");
    std::vector<int64_t> sizes;
    int64_t bytes = 1;
    for (size_t i = 0; i < dimensions; ++i) {
      sizes.push_back(big_endian());
      SENET_CHECK(sizes.back() > 0 && sizes.back() <= kMostBytes / bytes, path_.string(), ": announces an array of ",
                  torch::IntArrayRef(sizes), " …, expected positive sizes and at most ", kMostBytes, " bytes");
      bytes *= sizes.back();
    }
    // Grows with what is really there, so that a lying header cannot claim memory.
    std::string content;
    std::vector<char> block(1 << 20);
    while (static_cast<int64_t>(content.size()) <= bytes) {
      const int count = gzread(file_, block.data(), static_cast<unsigned>(block.size()));
      if (count < 0) fail_on_gzip();
      if (count == 0) break;
      content.append(block.data(), static_cast<size_t>(count));
    }
    check_end();
    SENET_CHECK(static_cast<int64_t>(content.size()) == bytes, path_.string(), ": announces ",
                torch::IntArrayRef(sizes), ", which takes ", bytes, " bytes, but holds ",
                static_cast<int64_t>(content.size()) > bytes ? "more" : std::to_string(content.size()));
    torch::Tensor array = torch::empty(sizes, torch::kUInt8);
    std::memcpy(array.data_ptr(), content.data(), content.size());
    return array;
  }

 private:
  uint32_t big_endian() {
    unsigned char bytes[4];
    const int count = gzread(file_, bytes, sizeof bytes);
    if (count < 0) fail_on_gzip();
    SENET_CHECK(count == 4, path_.string(), ": ends within its header");
    return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
  }
  // zlib reports a stream that ends early only when asked.
  void check_end() {
    int error = Z_OK;
    gzerror(file_, &error);
    if (error != Z_OK && error != Z_STREAM_END) fail_on_gzip();
  }
  [[noreturn]] void fail_on_gzip() {
    int error = Z_OK;
    const std::string message = gzerror(file_, &error);
    senet::fail(path_.string(), ": damaged gzip data: ", message);
  }

  fs::path path_;
  gzFile file_;
};

class FashionMnist final : public senet::Dataset {
 public:
  explicit FashionMnist(const senet::Options& options) : folder_(options.text("path")) {}

  senet::Images load(senet::Split split) override {
    const std::string prefix = split == senet::Split::train ? "train" : "t10k";
    const fs::path image_file = find(prefix + "-images-idx3-ubyte"), label_file = find(prefix + "-labels-idx1-ubyte");
    const torch::Tensor pixels = IdxFile(image_file).read(3);
    const torch::Tensor labels = IdxFile(label_file).read(1);
    SENET_CHECK(pixels.size(0) == labels.size(0), image_file.string(), ": has ", pixels.size(0), " images but ",
                label_file.string(), " ", labels.size(0), " labels");
    const int64_t largest = labels.max().item<int64_t>();
    SENET_CHECK(largest < kClasses, label_file.string(), ": holds the label ", largest, ", expected 0 … ",
                kClasses - 1);
    return {pixels.unsqueeze(3), labels.to(torch::kInt64)};
  }
  int64_t classes() const override { return kClasses; }
  senet::Normalisation normalisation() const override { return {{0.2860}, {0.3530}}; }

 private:
  fs::path find(const std::string& name) const {
    for (const fs::path& file : {folder_ / name, folder_ / (name + ".gz")}) {
      if (fs::is_regular_file(file)) return file;
    }
    senet::fail((folder_ / name).string(),
                "[.gz]: no such file; `apt-get install dataset-fashion-mnist` puts the data "
                "where dataset.path points by default");
  }

  fs::path folder_;
};

}  // namespace

SENET_PLUGIN(senet::entry<FashionMnist>("fashion_mnist",
                                        "Fashion-MNIST: 60,000 + 10,000 grey images of 28×28, 10 classes", kOptions));
