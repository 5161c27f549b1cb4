#include <zlib.h>

#include "support/datasets.h"

namespace senet {
namespace {

using testing::dataset_at;
using testing::error_of;
using testing::identical;
using testing::TemporaryFolder;
using testing::write_file;

constexpr int64_t kPixels = 3072;

// Records whose pixel p of image i is (31·i + p) mod 251, labels i mod classes.
std::string records(int64_t count, int64_t label_bytes, int64_t classes, int64_t first = 0) {
  std::string bytes;
  for (int64_t i = first; i < first + count; ++i) {
    if (label_bytes == 2) bytes += static_cast<char>(77);
    bytes += static_cast<char>(i % classes);
    for (int64_t p = 0; p < kPixels; ++p) bytes += static_cast<char>((31 * i + p) % 251);
  }
  return bytes;
}

std::string names(int64_t count) {
  std::string lines;
  for (int64_t i = 0; i < count; ++i) lines += "class" + std::to_string(i) + "\n";
  return lines;
}

std::map<std::string, std::string> cifar10_files() {
  std::map<std::string, std::string> files = {{"test_batch.bin", records(4, 1, 10)}, {"batches.meta.txt", names(10)}};
  for (int64_t i = 0; i < 5; ++i) {
    files["data_batch_" + std::to_string(i + 1) + ".bin"] = records(3, 1, 10, 3 * i);
  }
  return files;
}

std::string tar_member(const std::string& name, const std::string& content, char type = '0') {
  std::string header(512, '\0');
  const auto put = [&](size_t at, const std::string& value) { header.replace(at, value.size(), value); };
  char size[16];
  std::snprintf(size, sizeof size, "%011o", static_cast<unsigned>(content.size()));
  put(0, name);
  put(100, "0000644");
  put(124, size);
  put(156, std::string(1, type));
  put(257, "ustar");
  put(148, "        ");
  int sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  char checksum[16];
  std::snprintf(checksum, sizeof checksum, "%06o", static_cast<unsigned>(sum));
  put(148, std::string(checksum) + '\0');
  std::string padded = content;
  padded.resize((content.size() + 511) / 512 * 512, '\0');
  return header + padded;
}

std::string tar_of(const std::map<std::string, std::string>& files) {
  std::string tar = tar_member("cifar-10-batches-bin/", "", '5');
  for (const auto& [name, content] : files) tar += tar_member("cifar-10-batches-bin/" + name, content);
  return tar + std::string(1024, '\0');
}

void write_gzip(const std::filesystem::path& path, const std::string& bytes) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
}

void expect_cifar10(Dataset& dataset) {
  EXPECT_EQ(dataset.classes(), 10);
  EXPECT_EQ(dataset.class_names().at(9), "class9");
  const Images train = dataset.load(Split::train), test = dataset.load(Split::test);
  EXPECT_EQ(train.pixels.sizes(), (std::vector<int64_t>{15, 32, 32, 3}));
  EXPECT_TRUE(train.pixels.is_contiguous());
  EXPECT_EQ(test.count(), 4);
  for (const int64_t i : {0, 7, 14}) {
    EXPECT_EQ(train.labels[i].item<int64_t>(), i % 10);
    for (const int64_t c : {0, 2}) {
      EXPECT_EQ(train.pixels[i][5][30][c].item<int64_t>(), (31 * i + 1024 * c + 32 * 5 + 30) % 251)
          << "planes of red, green and blue become the last dimension";
    }
  }
}

TEST(Cifar10, ReadsThePublishersFilesUnpackedAndAsTheyAreDownloaded) {
  const TemporaryFolder folder;
  for (const auto& [name, content] : cifar10_files()) write_file(folder / ("bin/" + name), content);
  expect_cifar10(*dataset_at("cifar10", folder / "bin"));
  write_gzip(folder / "cifar-10-binary.tar.gz", tar_of(cifar10_files()));
  expect_cifar10(*dataset_at("cifar10", folder / "cifar-10-binary.tar.gz"));
  write_file(folder / "plain.tar", tar_of(cifar10_files()));
  expect_cifar10(*dataset_at("cifar10", folder / "plain.tar"));
}

TEST(Cifar10, ReadsArchivesWithTheHeadersThatPaxAndGnuPutBeforeMembers) {
  const TemporaryFolder folder;
  const std::string time = "30 mtime=1234567890.123456789\n", deep(120, 'd');
  const auto record = [](const std::string& key_and_value) {
    const std::string rest = " " + key_and_value + "\n";
    const size_t length = rest.size() + std::to_string(rest.size() + 3).size();
    return std::to_string(length) + rest;
  };
  std::string pax = tar_member("pax_global_header", "52 comment=0123456789012345678901234567890123456789\n", 'g');
  std::string gnu = tar_member("cifar-10-batches-bin/", "", '5');
  for (const auto& [name, content] : cifar10_files()) {
    const std::string path = deep + "/cifar-10-batches-bin/" + name;
    pax += tar_member("PaxHeaders/" + name, time + record("path=" + path), 'x') + tar_member("cut-name", content);
    gnu += tar_member("././@LongLink", path + '\0', 'L') + tar_member(path.substr(0, 99), content);
  }
  for (const std::string& tar : {pax, gnu}) {
    write_gzip(folder / "x.tar.gz", tar + std::string(1024, '\0'));
    expect_cifar10(*dataset_at("cifar10", folder / "x.tar.gz"));
  }
  for (const char* damaged :
       {"30mtime=1\n", "999 path=x\n", "0 path=x\n", "9 path=abcd\n", "x path=x\n", "13 size=-512\n"}) {
    write_gzip(folder / "x.tar.gz", tar_member("PaxHeaders/x", damaged, 'x') + tar_of(cifar10_files()));
    const std::string message = error_of([&] { dataset_at("cifar10", folder / "x.tar.gz")->load(Split::train); });
    EXPECT_NE(message.find("x.tar.gz: not a sound tar archive: a pax header"), std::string::npos) << message;
  }
  write_gzip(folder / "x.tar.gz", tar_member("PaxHeaders/x", record("path=../../data_batch_1.bin"), 'x') +
                                      tar_member("x", "x") + tar_of(cifar10_files()));
  EXPECT_NE(
      error_of([&] { dataset_at("cifar10", folder / "x.tar.gz")->load(Split::train); }).find("leaves the archive"),
      std::string::npos);
}

TEST(Cifar100, TakesTheFineLabel) {
  const TemporaryFolder folder;
  write_file(folder / "train.bin", records(120, 2, 100));
  write_file(folder / "test.bin", records(5, 2, 100));
  write_file(folder / "fine_label_names.txt", names(100));
  const auto dataset = dataset_at("cifar100", folder.path());
  EXPECT_EQ(dataset->classes(), 100);
  const Images train = dataset->load(Split::train);
  EXPECT_EQ(train.labels[99].item<int64_t>(), 99);
  EXPECT_EQ(train.pixels[99][0][0][1].item<int64_t>(), (31 * 99 + 1024) % 251);
}

TEST(Cifar10, DamageIsNamedWithExpectedAndFound) {
  const auto damaged = [](const std::string& name, const std::string& content) {
    const TemporaryFolder folder;
    for (const auto& [file, sound] : cifar10_files()) write_file(folder / file, sound);
    write_file(folder / name, content);
    const std::string message = error_of([&] { dataset_at("cifar10", folder.path())->load(Split::train); });
    EXPECT_NE(message.find(name), std::string::npos) << message;
    return message;
  };
  EXPECT_NE(damaged("data_batch_2.bin", "").find("has 0 bytes, expected a multiple of 3073"), std::string::npos);
  EXPECT_NE(damaged("data_batch_2.bin", records(3, 1, 10) + "x").find("has 9220 bytes"), std::string::npos);
  EXPECT_NE(damaged("data_batch_5.bin", records(3, 1, 200, 10)).find("holds the label 12, expected 0 … 9"),
            std::string::npos);
  const TemporaryFolder empty;
  const std::string message = error_of([&] { dataset_at("cifar10", empty.path())->load(Split::train); });
  EXPECT_NE(message.find("data_batch_1.bin: no such file"), std::string::npos) << message;
  EXPECT_NE(message.find("cifar-10-binary.tar.gz"), std::string::npos) << message;
}

TEST(CifarArchive, DamageAndPathsThatLeaveItAreRefused) {
  const TemporaryFolder folder;
  const auto refuse = [&](const std::string& bytes, bool zipped = true) {
    const auto path = folder / "x.tar.gz";
    if (zipped) {
      write_gzip(path, bytes);
    } else {
      write_file(path, bytes);
    }
    const std::string message = error_of([&] { dataset_at("cifar10", path)->load(Split::train); });
    EXPECT_NE(message.find("x.tar.gz"), std::string::npos) << message;
    return message;
  };
  const std::string sound = tar_of(cifar10_files());
  EXPECT_NE(refuse(tar_member("../../data_batch_1.bin", "x") + sound).find("leaves the archive"), std::string::npos);
  EXPECT_NE(refuse(tar_member("a/../../b", "x") + sound).find("leaves the archive"), std::string::npos);
  EXPECT_NE(refuse(tar_member("/etc/data_batch_1.bin", "x") + sound).find("leaves the archive"), std::string::npos);
  EXPECT_NE(refuse(tar_member("data_batch_1.bin", "", '2') + sound).find("not a regular file"), std::string::npos);
  EXPECT_NE(refuse(tar_member("other/data_batch_1.bin", "x") + sound).find("two members"), std::string::npos);
  EXPECT_NE(refuse(sound.substr(0, 2000)).find("ends within"), std::string::npos);
  EXPECT_NE(refuse("not a tar archive, but longer than nothing").find("ends within a block"), std::string::npos);
  EXPECT_NE(refuse(std::string(512, 'x')).find("not a tar archive"), std::string::npos);
  std::string wrong = sound;
  wrong[3] ^= 1;
  EXPECT_NE(refuse(wrong).find("checksum"), std::string::npos);
  std::string lying = tar_member("data_batch_1.bin", "x");
  lying.replace(124, 11, "77777777777");
  lying.replace(148, 8, "        ");
  int sum = 0;
  for (int i = 0; i < 512; ++i) sum += static_cast<unsigned char>(lying[i]);
  char checksum[16];
  std::snprintf(checksum, sizeof checksum, "%06o", static_cast<unsigned>(sum));
  lying.replace(148, 7, std::string(checksum) + '\0');
  EXPECT_NE(refuse(lying + sound).find("8589934591 bytes, expected at most"), std::string::npos);
  write_gzip(folder / "whole.tar.gz", sound);
  const std::string packed = testing::slurp(folder / "whole.tar.gz");
  EXPECT_NE(refuse(packed.substr(0, packed.size() / 2), false).find("x.tar.gz"), std::string::npos);
  EXPECT_NE(refuse("", false).find("no such file"), std::string::npos) << "an empty archive has no members";
}

}  // namespace
}  // namespace senet
