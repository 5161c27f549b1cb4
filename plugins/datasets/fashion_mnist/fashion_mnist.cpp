#include <torch/types.h>
#include <torch/utils.h>

#include <cstring>
#include <filesystem>

#include "../gzip/gzip.h"
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

uint32_t big_endian(const std::string& bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = at; i < at + 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// An IDX file's array of unsigned bytes; its header has to announce exactly `dimensions`.
torch::Tensor read_idx(const fs::path& path, size_t dimensions) {
  const size_t header = 4 + 4 * dimensions;
  const std::string content = read_gzip(path, kMostBytes + static_cast<int64_t>(header));
  SENET_CHECK(content.size() >= header, path.string(), ": ends within its header");
  const uint32_t magic = big_endian(content, 0), expected = kUnsignedByte << 8 | static_cast<uint32_t>(dimensions);
  SENET_CHECK(magic == expected, path.string(), ": begins with ", magic, ", expected ", expected,
              ": not an IDX file of unsigned bytes in ", dimensions, " dimensions");
  std::vector<int64_t> sizes;
  int64_t bytes = 1;
  for (size_t i = 0; i < dimensions; ++i) {
    sizes.push_back(big_endian(content, 4 + 4 * i));
    SENET_CHECK(sizes.back() > 0 && sizes.back() <= kMostBytes / bytes, path.string(), ": announces an array of ",
                torch::IntArrayRef(sizes), " …, expected positive sizes and at most ", kMostBytes, " bytes");
    bytes *= sizes.back();
  }
  const auto held = static_cast<int64_t>(content.size() - header);
  SENET_CHECK(held == bytes, path.string(), ": announces ", torch::IntArrayRef(sizes), ", which takes ", bytes,
              " bytes, but holds ", held > bytes ? "more" : std::to_string(held));
  torch::Tensor array = torch::empty(sizes, torch::kUInt8);
  std::memcpy(array.data_ptr(), content.data() + header, content.size() - header);
  return array;
}

class FashionMnist final : public senet::Dataset {
 public:
  explicit FashionMnist(const senet::Options& options) : folder_(options.text("path")) {}

  senet::Images load(senet::Split split) override {
    const std::string prefix = split == senet::Split::train ? "train" : "t10k";
    const fs::path image_file = find(prefix + "-images-idx3-ubyte"), label_file = find(prefix + "-labels-idx1-ubyte");
    const torch::Tensor pixels = read_idx(image_file, 3);
    const torch::Tensor labels = read_idx(label_file, 1);
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
