#include <zlib.h>

#include "support/datasets.h"

namespace senet {
namespace {

using testing::error_of;
using testing::TemporaryFolder;
using testing::write_file;

std::string big_endian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}
std::string images_file(uint32_t count, uint32_t height = 3, uint32_t width = 5) {
  std::string bytes = big_endian(0x803) + big_endian(count) + big_endian(height) + big_endian(width);
  for (uint32_t i = 0; i < count * height * width; ++i) bytes += static_cast<char>(i % 251);
  return bytes;
}
std::string labels_file(uint32_t count) {
  std::string bytes = big_endian(0x801) + big_endian(count);
  for (uint32_t i = 0; i < count; ++i) bytes += static_cast<char>(i % 10);
  return bytes;
}
std::string gzipped(const std::string& bytes, const TemporaryFolder& folder) {
  const std::string path = (folder / "tmp.gz").string();
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  return testing::slurp(path);
}

struct Files {
  TemporaryFolder folder;
  Files() {
    write_file(folder / "train-images-idx3-ubyte", images_file(12));
    write_file(folder / "train-labels-idx1-ubyte.gz", gzipped(labels_file(12), folder));
    write_file(folder / "t10k-images-idx3-ubyte.gz", gzipped(images_file(4), folder));
    write_file(folder / "t10k-labels-idx1-ubyte", labels_file(4));
  }
  std::shared_ptr<Dataset> dataset() const { return testing::dataset_at("fashion_mnist", folder.path()); }
  std::string refusal(Split split = Split::train) const {
    return error_of([&] { dataset()->load(split); });
  }
};

TEST(FashionMnist, ReadsPlainAndGzippedFiles) {
  const Files files;
  const Images train = files.dataset()->load(Split::train), test = files.dataset()->load(Split::test);
  EXPECT_EQ(train.pixels.sizes(), (std::vector<int64_t>{12, 3, 5, 1}));
  EXPECT_EQ(train.pixels[11][2][4][0].item<int64_t>(), (12 * 15 - 1) % 251);
  EXPECT_EQ(train.labels[11].item<int64_t>(), 1);
  EXPECT_EQ(test.count(), 4);
}

TEST(FashionMnist, TheRealFilesAreWhole) {
  const auto dataset = testing::make_dataset("fashion_mnist");
  const Images train = dataset->load(Split::train), test = dataset->load(Split::test);
  EXPECT_EQ(train.count(), 60000);
  EXPECT_EQ(test.count(), 10000);
  for (int64_t c = 0; c < 10; ++c) EXPECT_EQ(train.labels.eq(c).sum().item<int64_t>(), 6000) << "class " << c;
  const Normalisation normalisation = dataset->normalisation();
  const torch::Tensor pixels = train.pixels.to(torch::kFloat32) / 255;
  EXPECT_NEAR(pixels.mean().item<double>(), normalisation.mean[0], 1e-4);
  EXPECT_NEAR(pixels.std().item<double>(), normalisation.deviation[0], 1e-4);
}

TEST(FashionMnist, DamagedFilesAreNamedWithExpectedAndFound) {
  const auto damaged = [](const std::string& name, const std::string& content, Split split = Split::train) {
    const Files files;
    write_file(files.folder / name, content);
    const std::string message = files.refusal(split);
    EXPECT_NE(message.find(name.substr(0, name.find('.'))), std::string::npos) << message;
    return message;
  };
  const std::string whole = images_file(12);
  EXPECT_NE(damaged("train-images-idx3-ubyte", "").find("ends within its header"), std::string::npos);
  EXPECT_NE(damaged("train-images-idx3-ubyte", whole.substr(0, 9)).find("ends within its header"), std::string::npos);
  EXPECT_NE(damaged("train-images-idx3-ubyte", whole.substr(0, 100)).find("180 bytes"), std::string::npos);
  EXPECT_NE(damaged("train-images-idx3-ubyte", whole + "x").find("more"), std::string::npos);
  EXPECT_NE(damaged("train-images-idx3-ubyte", labels_file(12)).find("3 dimensions"), std::string::npos);
  EXPECT_NE(damaged("train-images-idx3-ubyte", images_file(0)).find("positive sizes"), std::string::npos);
  EXPECT_NE(damaged("train-images-idx3-ubyte", images_file(11)).find("11 images"), std::string::npos);
  const std::string huge = big_endian(0x803) + big_endian(0xffffffff) + big_endian(0xffffffff) + big_endian(0xffffffff);
  EXPECT_NE(damaged("train-images-idx3-ubyte", huge).find("at most"), std::string::npos);
  const std::string lying = big_endian(0x803) + big_endian(60000) + big_endian(28) + big_endian(28) + "short";
  EXPECT_NE(damaged("train-images-idx3-ubyte", lying).find("holds 5"), std::string::npos);
  std::string label = labels_file(4);
  label.back() = 10;
  EXPECT_NE(damaged("t10k-labels-idx1-ubyte", label, Split::test).find("label 10"), std::string::npos);
  const Files files;
  const std::string packed = gzipped(images_file(400), files.folder);
  EXPECT_NE(damaged("t10k-images-idx3-ubyte.gz", packed.substr(0, packed.size() / 2), Split::test).find("gzip"),
            std::string::npos);
  std::string corrupt = packed;
  corrupt[packed.size() / 2] ^= 0x55;
  damaged("t10k-images-idx3-ubyte.gz", corrupt, Split::test);
}

TEST(FashionMnist, AMissingFileSaysWhereItWasLookedForAndHowToGetIt) {
  const Files files;
  std::filesystem::remove(files.folder / "train-images-idx3-ubyte");
  const std::string message = files.refusal();
  EXPECT_NE(message.find("no such file"), std::string::npos);
  EXPECT_NE(message.find("dataset.path"), std::string::npos);
}

}  // namespace
}  // namespace senet
