#include "images/packed.h"

#include <ATen/Parallel.h>

#include <cstring>
#include <sstream>

#include "data/batches.h"
#include "data/splits.h"
#include "images/decoded.h"
#include "storage/hash.h"
#include "support/datasets.h"
#include "support/image_writer.h"

namespace senet {
namespace {

using testing::error_of;
using testing::identical;
using testing::jpeg_of;
using testing::made_up_image;
using testing::png_of;
using testing::slurp;
using testing::splits_as;
using testing::TemporaryFolder;
using testing::write_file;

// Files of two classes and different sizes, half of them PNG.
struct Folder {
  TemporaryFolder folder;
  explicit Folder(int64_t count = 12) {
    for (const char* split : {"train", "val"}) {
      for (int64_t i = 0; i < count; ++i) {
        const Image image = made_up_image(20 + i % 5, 24 + i % 3, i + (*split == 'v' ? 100 : 0));
        write_file(folder / (std::string(split) + "/" + (i % 2 ? "b/" : "a/") + std::to_string(100 + i) +
                             (i % 3 ? ".jpg" : ".png")),
                   i % 3 ? jpeg_of(image) : png_of(image));
      }
    }
  }
  Images images(const char* split, View view) const { return image_files(class_folders(folder / split).files, view); }
};

class FromFolder final : public Dataset {
 public:
  FromFolder(const Folder& folder, View view) : folder_(folder), view_(view) {}
  Images load(Split split) override { return folder_.images(split == Split::train ? "train" : "val", view_); }
  int64_t classes() const override { return 2; }
  std::vector<std::string> class_names() const override { return {"a", "b"}; }
  Normalisation normalisation() const override { return {{0.5, 0.5, 0.5}, {0.25, 0.25, 0.25}}; }

 private:
  const Folder& folder_;
  View view_;
};

const PackDescription kDescription = {
    "made_up", nlohmann::ordered_json::object(), 2, {"a", "b"}, {{0.5, 0.5, 0.5}, {0.25, 0.25, 0.25}}};

TEST(Packed, RawAndEncodedGiveTheImagesOfTheFolderWithOneFingerprint) {
  const Folder folder;
  const View view{18, 16};
  FromFolder dataset(folder, view);
  const DataSplits expected = make_splits(&dataset, splits_as(), "made_up");
  EXPECT_EQ(expected.train.pixels.sizes(), (std::vector<int64_t>{12, 16, 16, 3}));
  EXPECT_EQ(make_splits(&dataset, splits_as("dataset.memory = 0"), "made_up").fingerprint, expected.fingerprint);
  for (const PackEncoding encoding : {PackEncoding::raw, PackEncoding::encoded}) {
    const std::string file = (folder.folder / "x.pack").string();
    write_packed(file, kDescription, folder.images("train", view), folder.images("val", view), encoding);
    PackedSet(file).verify();
    for (const char* memory : {"8", "0"}) {
      const DataSplits packed =
          make_splits(&dataset, splits_as("dataset.packed = \"" + file + "\"\ndataset.memory = " + memory), "made_up");
      EXPECT_EQ(packed.train.pixels.defined(), *memory == '8');
      EXPECT_EQ(packed.class_names, expected.class_names);
      EXPECT_TRUE(identical(packed.train.labels, expected.train.labels));
      for (int64_t i = 0; i < packed.train.count(); ++i) {
        EXPECT_EQ(viewed(packed.train, i).pixels, viewed(expected.train, i).pixels);
      }
      EXPECT_EQ(packed.fingerprint, expected.fingerprint);
    }
  }
}

TEST(Packed, ReadAheadTheFolderAndItsFileGiveTheSameBatches) {
  const Folder folder(24);
  const View view{18, 16};
  const std::string file = (folder.folder / "x.pack").string();
  write_packed(file, kDescription, folder.images("train", view), folder.images("val", view), PackEncoding::encoded);
  const BatchLoader of_folder(folder.images("train", view), kDescription.normalisation, torch::kFloat32, torch::kCPU);
  const BatchLoader of_file(PackedSet(file).images(Split::train), kDescription.normalisation, torch::kFloat32,
                            torch::kCPU);
  const std::vector<int64_t> order = of_folder.shuffled(1, 0);
  BatchStream from_folder(of_folder, order, 2), from_file(of_file, order, 2);
  for (size_t at = 0; at < order.size(); at += 2) {
    EXPECT_TRUE(testing::identical(from_folder.next().images, from_file.next().images));
  }
}

TEST(Packed, ASetInMemoryPacksRawAlone) {
  const TemporaryFolder folder;
  torch::manual_seed(1);
  const Images images{torch::randint(0, 256, {9, 4, 5, 1}, torch::kUInt8), torch::arange(9) % 2};
  const std::string file = (folder / "x.pack").string();
  PackDescription description = kDescription;
  description.normalisation = {{0.5}, {0.5}};
  write_packed(file, description, images, images, PackEncoding::raw);
  Images read = PackedSet(file).images(Split::test);
  EXPECT_EQ(decode_into_memory(read), 0);
  EXPECT_TRUE(identical(read.pixels, images.pixels));
  EXPECT_EQ(fingerprint_of(read), fingerprint_of(images));
  EXPECT_EQ(fingerprint_of(PackedSet(file).images(Split::test)), fingerprint_of(images)) << "read as it is needed";
  EXPECT_NE(
      error_of([&] { write_packed(file, description, images, images, PackEncoding::encoded); }).find("--encoding raw"),
      std::string::npos);
  EXPECT_NE(error_of([&] { read.source->encoded(0); }).find("decoded images, not their files"), std::string::npos);
}

TEST(Packed, AnotherSetOrOtherOptionsAreRefused) {
  const Folder folder;
  FromFolder dataset(folder, {0, 16});
  const std::string file = (folder.folder / "x.pack").string();
  PackDescription description = kDescription;
  description.options = {{"size", 16}};
  write_packed(file, description, folder.images("train", {0, 16}), folder.images("val", {0, 16}), PackEncoding::raw);
  const Options packed = splits_as("dataset.packed = \"" + file + "\"");
  const std::string message = error_of([&] { make_splits(&dataset, packed, "made_up"); });
  EXPECT_NE(message.find("'made_up' with the options {\"size\":16}, expected 'made_up' with {}"), std::string::npos)
      << message;
}

TEST(Packed, ImagesThatCannotBeDecodedAreLeftOutAndCountedWhenTheSetSaysSo) {
  const Folder folder;
  write_file(folder.folder / "train/a/zzz.jpg", "not a picture");
  const std::string file = (folder.folder / "x.pack").string();
  const View view{18, 16};
  Images train = folder.images("train", view);
  const std::string message =
      error_of([&] { write_packed(file, kDescription, train, folder.images("val", view), PackEncoding::encoded); });
  EXPECT_NE(message.find("train/a/zzz.jpg: is neither"), std::string::npos) << message;
  EXPECT_FALSE(std::filesystem::exists(file));
  train.skip_undecodable = true;
  write_packed(file, kDescription, train, folder.images("val", view), PackEncoding::encoded);
  EXPECT_EQ(PackedSet(file).images(Split::train).count(), 12);
  Images decoded = train;
  EXPECT_EQ(decode_into_memory(decoded), 1);
  EXPECT_EQ(decoded.count(), 12);
  EXPECT_EQ(decoded.source->count(), 12);
  EXPECT_EQ(decoded.labels.size(0), 12);
}

TEST(Packed, EveryChangedByteIsNoticed) {
  const Folder folder(6);
  const std::string file = (folder.folder / "x.pack").string();
  write_packed(file, kDescription, folder.images("train", {0, 16}), folder.images("val", {0, 16}), PackEncoding::raw);
  const std::string sound = slurp(file);
  const auto verify = [&](const std::string& bytes) {
    write_file(file, bytes);
    PackedSet(file).verify();
  };
  verify(sound);
  for (size_t at = 0; at < sound.size(); at += sound.size() / 97) {
    std::string damaged = sound;
    damaged[at] ^= 0x20;
    bool noticed = false;
    try {
      verify(damaged);
    } catch (const Error& error) {
      noticed = std::string(error.what()).find("x.pack") != std::string::npos;
    }
    EXPECT_TRUE(noticed) << "byte " << at << " of " << sound.size();
  }
  for (const size_t length : {size_t{0}, size_t{7}, size_t{24}, sound.size() / 2, sound.size() - 1}) {
    error_of([&] { verify(sound.substr(0, length)); });
  }
  error_of([&] { verify(sound + "x"); });
}

// A file whose checksum fits what it says of itself, whatever that is.
std::string pack_of(const std::string& payload, const std::string& tables, const std::string& description) {
  const std::string end = tables + description;
  const uint64_t header[] = {32 + payload.size(), description.size(), checksum(end.data(), end.size())};
  std::string bytes = "SENETPK2" + std::string(sizeof header, '\0');
  std::memcpy(bytes.data() + 8, header, sizeof header);
  return bytes + payload + end;
}

TEST(Packed, WhatIsSoundInItselfButLiesIsRefusedBeforeAnythingIsReadOrAllocated) {
  const TemporaryFolder folder;
  const std::string file = (folder / "x.pack").string();
  struct Record {
    uint64_t offset = 32, bytes = 12, checksum = 0, file_checksum = 0;
    uint32_t height = 2, width = 2, channels = 3, label = 1;
  };
  const auto table = [](const Record& record) {
    return std::string(reinterpret_cast<const char*>(&record), sizeof record);
  };
  const auto split = [](const std::string& count, const std::string& view) {
    return R"({"count":)" + count + R"(,"left_out":[],"given_as_pixels":false,"view":)" + view + "}";
  };
  const std::string plain = R"({"resize":0,"size":0})";
  const auto whole = [&](const std::string& train, const std::string& classes = "2") {
    return R"({"plugin":"x","options":{},"classes":)" + classes +
           R"(,"class_names":[],"mean":[0,0,0],"deviation":[1,1,1],"encoding":"raw","train":)" + train + R"(,"test":)" +
           split("1", plain) + "}";
  };
  const auto refused = [&](const std::string& tables, const std::string& description, const char* words) {
    write_file(file, pack_of(std::string(12, 'p'), tables, description));
    const std::string message = error_of([&] { PackedSet{file}; });
    EXPECT_NE(message.find(words), std::string::npos) << message;
  };
  const std::string two = table({}) + table({}), sound = whole(split("1", plain));
  write_file(file, pack_of(std::string(12, 'p'), two, sound));
  EXPECT_EQ(PackedSet(file).images(Split::train).count(), 1) << "what is changed below";

  refused(two, "not json", "its description: is not JSON");
  refused(two, "[]", "its description is not a JSON object");
  refused(two, std::string(100000, '[') + std::string(100000, ']'), "its description: is nested deeper");
  refused(two,
          whole(split("1", plain))
              .replace(0, 1, "{\"options\":" + std::string(100000, '[') + std::string(100000, ']') + ","),
          "its description: is nested deeper");
  refused(two, "{}", "plugin");
  refused(two, whole(split("1000000000000", plain)), "announces 1000000000000 records, but its tables have 2");
  refused(two, whole(split("-1", plain)), "x.pack");
  refused(two + table({}), sound, "its tables have 144 bytes, expected 96");
  refused(two, whole(split("1", R"({"resize":65536,"size":0})")), "a view of 65536 and 0 pixels, expected 0 … 4096");
  refused(two, whole(split("1", R"({"resize":0,"size":-1})")), "a view of 0 and -1 pixels");
  refused(two, whole(R"({"count":1,"left_out":[0,0],"given_as_pixels":false,"view":)" + plain + "}"),
          "its list of images that were left out has 0 at place 1");
  refused(two, whole(split("1", plain), "16777216"), "announces 16777216 classes");
  Record record;
  record.offset = uint64_t{0} - 4;
  refused(table(record) + table({}), sound, "its record 0 lies at");
  record = {};
  record.label = 2;
  refused(table(record) + table({}), sound, "has the label 2, expected 0 … 1");
  record = {};
  record.height = record.width = 1 << 16;
  refused(table(record) + table({}), sound, "its record 0 is 65536×65536×3");
}

TEST(Packed, AnImageThatAViewWouldBlowUpIsRefused) {
  const TemporaryFolder folder;
  write_file(folder / "thin.png", png_of(made_up_image(1, 20000, 1)));
  const Images images = image_files({{folder / "thin.png", 0}}, {4096, 0});
  EXPECT_NE(
      error_of([&] { viewed(images, 0); }).find("thin.png: has 1×20000 pixels; resized to a shorter side of 4096"),
      std::string::npos);
}

TEST(Packed, AFileThatShrinksWhileItIsReadIsAnError) {
  const Folder folder(6);
  const std::string file = (folder.folder / "x.pack").string();
  write_packed(file, kDescription, folder.images("train", {0, 16}), folder.images("val", {0, 16}), PackEncoding::raw);
  const PackedSet set(file);
  std::filesystem::resize_file(file, 100);
  const Images images = set.images(Split::train);
  EXPECT_NE(error_of([&] { images.source->read(5); }).find("it was longer when it was opened"), std::string::npos);
}

#if defined(SENET_SANITIZED)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// Bytes of this process that are neither files nor shared.
int64_t anonymous_memory() {
  std::istringstream status(slurp("/proc/self/status"));
  for (std::string word; status >> word;) {
    int64_t kilobytes = 0;
    if (word == "RssAnon:" && status >> kilobytes) return kilobytes * 1024;
  }
  ADD_FAILURE() << "this system does not say";
  return 0;
}

TEST(Packed, ASetManyTimesTheRingsSizeIsReadWithBoundedMemory) {
  class ManyImages final : public ImageSource {
   public:
    int64_t count() const override { return 2400; }
    Image read(int64_t index) const override {
      return {128, 128, 3, std::vector<uint8_t>(128 * 128 * 3, static_cast<uint8_t>(index % 251))};
    }
    std::string encoded(int64_t) const override { return ""; }
    std::string name(int64_t index) const override { return std::to_string(index); }
  };
  const TemporaryFolder folder;
  const std::string file = (folder / "x.pack").string();
  Images images;
  images.source = std::make_shared<ManyImages>();
  images.labels = torch::arange(2400) % 2;
  write_packed(file, kDescription, images, images, PackEncoding::raw);
  EXPECT_GT(std::filesystem::file_size(file), 230000000u);
  const BatchLoader loader(PackedSet(file).images(Split::train), kDescription.normalisation, torch::kFloat32,
                           torch::kCPU);
  constexpr int64_t kBatch = 8;
  const int64_t ring = (at::get_num_threads() + 2) * kBatch * 128 * 128 * 3 * 4;
  const auto read_all = [&](int64_t epoch) {
    const std::vector<int64_t> order = loader.shuffled(1, epoch);
    BatchStream stream(loader, order, kBatch);
    for (size_t at = 0; at < order.size(); at += kBatch) {
      const Batch batch = stream.next();
      const double first = (order[at] % 251 / 255.0 - 0.5) / 0.25;
      ASSERT_NEAR(batch.images[0][0][0][0].item<double>(), first, 1e-5);
    }
  };
  read_all(0);
  const int64_t before = anonymous_memory();
  for (int64_t epoch = 1; epoch < 4; ++epoch) read_all(epoch);
  // A sanitizer keeps what is freed.
  if (!kSanitized) {
    EXPECT_LT(anonymous_memory() - before, 4 * ring) << "having read " << 3 * 118 << " MB";
  }
}

}  // namespace
}  // namespace senet
