#include "data/packed.h"

#include <ATen/Parallel.h>

#include <cstring>
#include <sstream>

#include "data/batches.h"
#include "data/decoded.h"
#include "data/splits.h"
#include "support/image_writer.h"

namespace senet {
namespace {

using testing::error_of;
using testing::identical;
using testing::jpeg_of;
using testing::made_up_image;
using testing::png_of;
using testing::slurp;
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

Options options(const std::string& toml = "") {
  Document document("test");
  if (!toml.empty()) document = Document::from_toml(toml, "x.toml");
  return document.resolve("dataset", split_options());
}

const PackDescription kDescription = {
    "made_up", nlohmann::ordered_json::object(), 2, {"a", "b"}, {{0.5, 0.5, 0.5}, {0.25, 0.25, 0.25}}};

TEST(Packed, RawAndEncodedGiveTheImagesOfTheFolderWithOneFingerprint) {
  const Folder folder;
  const View view{18, 16};
  FromFolder dataset(folder, view);
  const DataSplits expected = make_splits(&dataset, options(), "made_up");
  EXPECT_EQ(expected.train.pixels.sizes(), (std::vector<int64_t>{12, 16, 16, 3}));
  for (const PackEncoding encoding : {PackEncoding::raw, PackEncoding::encoded}) {
    const std::string file = (folder.folder / "x.pack").string();
    write_packed(file, kDescription, folder.images("train", view), folder.images("val", view), encoding);
    PackedSet(file).verify();
    for (const char* memory : {"8", "0"}) {
      const DataSplits packed =
          make_splits(&dataset, options("dataset.packed = \"" + file + "\"\ndataset.memory = " + memory), "made_up");
      EXPECT_EQ(packed.train.pixels.defined(), *memory == '8');
      EXPECT_EQ(packed.class_names, expected.class_names);
      EXPECT_TRUE(identical(packed.train.labels, expected.train.labels));
      for (int64_t i = 0; i < packed.train.count(); ++i) {
        EXPECT_EQ(viewed(packed.train, i).pixels, viewed(expected.train, i).pixels);
      }
      if (packed.train.pixels.defined()) {
        EXPECT_EQ(packed.fingerprint, expected.fingerprint);
      }
    }
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
  const Options packed = options("dataset.packed = \"" + file + "\"");
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
    // Of the description only names may change unseen: they are texts like any other.
    const bool in_description = at > sound.find("\"plugin\"") - 2;
    EXPECT_TRUE(noticed || in_description) << "byte " << at << " of " << sound.size();
  }
  for (const size_t length : {size_t{0}, size_t{7}, size_t{24}, sound.size() / 2, sound.size() - 1}) {
    error_of([&] { verify(sound.substr(0, length)); });
  }
  error_of([&] { verify(sound + "x"); });
}

TEST(Packed, ATableThatLiesIsRefusedBeforeAnythingIsRead) {
  const TemporaryFolder folder;
  const std::string file = (folder / "x.pack").string();
  const auto with = [&](const std::string& description) {
    std::string bytes = "SENETPK1" + std::string(16, '\0') + std::string(100, 'p');
    const uint64_t place[2] = {bytes.size(), description.size()};
    std::memcpy(bytes.data() + 8, place, sizeof place);
    write_file(file, bytes + description);
    return error_of([&] { PackedSet{file}; });
  };
  const auto split = [](const std::string& count, const std::string& table) {
    return R"({"encoding":"raw","count":)" + count + R"(,"left_out":0,"table":)" + table +
           R"(,"table_hash":"","fingerprint":"","view":{"resize":0,"size":0}})";
  };
  const auto whole = [&](const std::string& train) {
    return R"({"plugin":"x","options":{},"classes":2,"class_names":[],"mean":[0],"deviation":[1],"train":)" + train +
           R"(,"test":)" + train + "}";
  };
  EXPECT_NE(with("not json").find("not a JSON object"), std::string::npos);
  EXPECT_NE(with("{}").find("plugin"), std::string::npos);
  EXPECT_NE(with(whole(split("1000000000000", "24"))).find("announces 1000000000000 records"), std::string::npos);
  EXPECT_NE(with(whole(split("1", "18446744073709551615"))).find("records at byte 18446744073709551615"),
            std::string::npos);
  EXPECT_NE(with(whole(split("-1", "24"))).find("x.pack"), std::string::npos);
  EXPECT_NE(with(whole(split("1", "24"))).find("record table is not the one that was written"), std::string::npos);
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
  class MadeUp final : public ImageSource {
   public:
    int64_t count() const override { return 2400; }
    Image read(int64_t index) const override {
      return {128, 128, 3, std::vector<uint8_t>(128 * 128 * 3, static_cast<uint8_t>(index % 251))};
    }
    std::string encoded(int64_t) const override { return ""; }
    std::string name(int64_t index) const override { return std::to_string(index); }
    std::string fingerprint() const override { return ""; }
  };
  const TemporaryFolder folder;
  const std::string file = (folder / "x.pack").string();
  Images images;
  images.source = std::make_shared<MadeUp>();
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
    EXPECT_LT(anonymous_memory() - before, 2 * ring) << "having read " << 3 * 118 << " MB";
  }
}

}  // namespace
}  // namespace senet
