#include <torch/types.h>
#include <torch/utils.h>

#include <sstream>

#include "../gzip/gzip.h"
#include "senet/dataset.h"
#include "senet/error.h"
#include "tar.h"

namespace {

namespace fs = std::filesystem;

constexpr int64_t kSide = 32, kChannels = 3;
constexpr int64_t kPixels = kSide * kSide * kChannels;
constexpr int64_t kMostBytes = int64_t{1} << 28;  // of one file: the largest has 154 MB

// One of the two sets, as its publisher's binary version stores it: records of label bytes and 3×32×32 pixel bytes.
struct Version {
  const char* name;
  const char* archive;
  int64_t classes;
  int64_t label_bytes;  // CIFAR-100 has the coarse label before the fine one
  std::vector<std::string> train_files;
  std::string test_file;
  std::string names_file;
  senet::Normalisation normalisation;
};

const Version& cifar10() {
  static const Version version{
      "CIFAR-10",
      "cifar-10-binary.tar.gz",
      10,
      1,
      {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
      "test_batch.bin",
      "batches.meta.txt",
      {{0.4914, 0.4822, 0.4465}, {0.2023, 0.1994, 0.2010}}};
  return version;
}

const Version& cifar100() {
  static const Version version{"CIFAR-100",
                               "cifar-100-binary.tar.gz",
                               100,
                               2,
                               {"train.bin"},
                               "test.bin",
                               "fine_label_names.txt",
                               {{0.5071, 0.4867, 0.4408}, {0.2675, 0.2565, 0.2761}}};
  return version;
}

constexpr senet::Option kOptions10[] = {
    senet::text_option("path", "\"data/cifar-10-batches-bin\"",
                       "the folder of the binary version's files, or cifar-10-binary.tar.gz as it is downloaded")
        .without_effect(),
};
constexpr senet::Option kOptions100[] = {
    senet::text_option("path", "\"data/cifar-100-binary\"",
                       "the folder of the binary version's files, or cifar-100-binary.tar.gz as it is downloaded")
        .without_effect(),
};

template <const Version& version()>
class Cifar final : public senet::Dataset {
 public:
  explicit Cifar(const senet::Options& options) : path_(options.text("path")) {}

  senet::Images load(senet::Split split) override {
    const std::vector<std::string> names =
        split == senet::Split::train ? version_.train_files : std::vector<std::string>{version_.test_file};
    std::vector<torch::Tensor> pixels, labels;
    for (const std::string& name : names) {
      const std::string& bytes = file(name);
      const int64_t record = version_.label_bytes + kPixels, size = static_cast<int64_t>(bytes.size());
      const std::string where = (path_ / name).string();
      SENET_CHECK(size > 0 && size % record == 0, where, ": has ", size, " bytes, expected a multiple of ", record,
                  " (", version_.label_bytes, " for the label, ", kPixels, " for the pixels)");
      const torch::Tensor rows =
          torch::from_blob(const_cast<char*>(bytes.data()), {size / record, record}, torch::kUInt8);
      labels.push_back(rows.select(1, version_.label_bytes - 1).to(torch::kInt64));
      const int64_t largest = labels.back().max().item<int64_t>();
      SENET_CHECK(largest < version_.classes, where, ": holds the label ", largest, ", expected 0 … ",
                  version_.classes - 1);
      pixels.push_back(rows.slice(1, version_.label_bytes)
                           .reshape({-1, kChannels, kSide, kSide})
                           .permute({0, 2, 3, 1})
                           .contiguous());
    }
    senet::Images images;
    images.pixels = torch::cat(pixels);
    images.labels = torch::cat(labels);
    return images;
  }
  int64_t classes() const override { return version_.classes; }
  senet::Normalisation normalisation() const override { return version_.normalisation; }
  std::vector<std::string> class_names() const override {
    std::vector<std::string> names;
    std::istringstream lines(file(version_.names_file));
    for (std::string line; std::getline(lines, line);) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (!line.empty()) names.push_back(line);
    }
    return names;
  }

 private:
  // The archive is read once for all its files.
  const std::string& file(const std::string& name) const {
    if (files_.empty() && fs::is_regular_file(path_)) {
      std::set<std::string> wanted(version_.train_files.begin(), version_.train_files.end());
      wanted.insert(version_.test_file);
      wanted.insert(version_.names_file);
      files_ = read_tar(path_, wanted, kMostBytes);
    }
    auto found = files_.find(name);
    if (found == files_.end() && fs::is_regular_file(path_ / name)) {
      found = files_.emplace(name, read_gzip(path_ / name, kMostBytes)).first;
    }
    if (found == files_.end()) {
      senet::fail((path_ / name).string(), ": no such file; dataset.path has to be the folder of ", version_.name,
                  "'s binary version, or ", version_.archive, " (https://www.cs.toronto.edu/~kriz/cifar.html)");
    }
    return found->second;
  }

  const Version& version_ = version();
  fs::path path_;
  mutable std::map<std::string, std::string> files_;
};

}  // namespace

SENET_PLUGIN(
    senet::entry<Cifar<cifar10>>("cifar10", "CIFAR-10, binary version: 50,000 + 10,000 images of 32×32, 10 classes",
                                 kOptions10),
    senet::entry<Cifar<cifar100>>("cifar100",
                                  "CIFAR-100, binary version: 50,000 + 10,000 images of 32×32, 100 fine classes",
                                  kOptions100));
