#include "config/document.h"
#include "data/decoded.h"
#include "data/splits.h"
#include "support/datasets.h"
#include "support/image_writer.h"

namespace senet {
namespace {

using testing::dataset_at;
using testing::error_of;
using testing::jpeg_of;
using testing::made_up_image;
using testing::png_of;
using testing::TemporaryFolder;
using testing::write_file;

Options split_defaults(const std::string& toml = "") {
  Document document("test");
  if (!toml.empty()) document = Document::from_toml(toml, "x.toml");
  return document.resolve("dataset", split_options());
}

// train/ and val/ of the classes cat and dog, PNG of 10×10.
void write_classes(const TemporaryFolder& folder, const std::string& test = "val") {
  for (const std::string& split : {std::string("train"), test}) {
    for (const char* name : {"dog", "cat"}) {
      for (int i = 0; i < 3; ++i) {
        write_file(folder / (split + "/" + name + "/" + std::to_string(i) + ".png"),
                   png_of(made_up_image(10, 10, i + (*name == 'c' ? 10 : 20))));
      }
    }
  }
}

TEST(ImageFolder, LabelsAreTheSortedClassNamesAndImagesAreDecodedOnce) {
  for (const char* test : {"val", "test"}) {
    const TemporaryFolder folder;
    write_classes(folder, test);
    write_file(folder / "train/cat/readme.txt", "not an image, and not taken for one");
    const auto dataset = dataset_at("image_folder", folder.path());
    EXPECT_EQ(dataset->class_names(), (std::vector<std::string>{"cat", "dog"}));
    DataSplits splits = make_splits(dataset.get(), split_defaults("dataset.holdout = 0"), "image_folder");
    EXPECT_EQ(splits.train.pixels.sizes(), (std::vector<int64_t>{6, 10, 10, 3}));
    EXPECT_EQ(splits.test.labels.sum().item<int64_t>(), 3);
    const Image first = viewed(splits.test, 0);
    EXPECT_EQ(splits.test.labels[0].item<int64_t>(), 0);
    EXPECT_EQ(first.pixels, made_up_image(10, 10, 10).pixels) << "the first cat";
  }
}

TEST(ImageFolder, ImagesOfAnySizeAreResizedAndCut) {
  const TemporaryFolder folder;
  write_classes(folder);
  write_file(folder / "train/cat/wide.JPG", jpeg_of(made_up_image(31, 57, 1)));
  write_file(folder / "train/cat/high.jpeg", jpeg_of(made_up_image(90, 13, 1)));
  const auto fixed = dataset_at("image_folder", folder.path(), "dataset.resize = 12\ndataset.size = 8\n");
  EXPECT_EQ(make_splits(fixed.get(), split_defaults("dataset.holdout = 0"), "image_folder").train.pixels.sizes(),
            (std::vector<int64_t>{8, 8, 8, 3}));
  const auto as_stored = dataset_at("image_folder", folder.path());
  const std::string message =
      error_of([&] { make_splits(as_stored.get(), split_defaults("dataset.holdout = 0"), "image_folder"); });
  EXPECT_NE(message.find("give all one size with dataset.resize and dataset.size"), std::string::npos) << message;
}

TEST(ImageFolder, ClassesHaveToBeTheSameAndNotEmpty) {
  const auto refuse = [](const char* file, const char* remove, const std::vector<const char*>& words) {
    const TemporaryFolder folder;
    write_classes(folder);
    if (file) write_file(folder / file, png_of(made_up_image(10, 10, 1)));
    std::istringstream removed(remove ? remove : "");
    for (std::string path; removed >> path;) std::filesystem::remove_all(folder / path);
    const std::string message = error_of([&] { dataset_at("image_folder", folder.path()); });
    for (const char* word : words) EXPECT_NE(message.find(word), std::string::npos) << message;
  };
  refuse("train/emu/1.png", nullptr, {"/val: has no class 'emu'", "/train has"});
  refuse("val/emu/1.png", nullptr, {"/train: has no class 'emu'", "/val has"});
  refuse(nullptr, "train/cat/0.png train/cat/1.png train/cat/2.png", {"train/cat: this class has no images"});
  refuse(nullptr, "train", {"train: no such folder"});
  refuse(nullptr, "val", {"neither a folder val nor test"});
}

TEST(ImageFolder, AnImageThatCannotBeDecodedIsAnErrorWithItsPathOrLeftOutAndCounted) {
  const TemporaryFolder folder;
  write_classes(folder);
  write_file(folder / "train/dog/broken.jpg", jpeg_of(made_up_image(10, 10, 1)).substr(0, 100));
  const Options all = split_defaults("dataset.holdout = 0");
  const std::string message =
      error_of([&] { make_splits(dataset_at("image_folder", folder.path()).get(), all, "image_folder"); });
  EXPECT_NE(message.find("train/dog/broken.jpg: cannot be decoded as JPEG"), std::string::npos) << message;
  const auto skipping = dataset_at("image_folder", folder.path(), "dataset.skip_undecodable = true\n");
  const DataSplits splits = make_splits(skipping.get(), all, "image_folder");
  EXPECT_EQ(splits.left_out, 1);
  EXPECT_EQ(splits.train.count(), 6);
  const std::string streamed =
      error_of([&] { make_splits(skipping.get(), split_defaults("dataset.memory = 0"), "image_folder"); });
  EXPECT_NE(streamed.find("senet data pack"), std::string::npos) << streamed;
}

// The images of the shared folder, unpacked once for all tests; empty where they are not there.
const std::filesystem::path& unpacked(const std::string& archive, const std::string& members) {
  static std::map<std::string, TemporaryFolder> folders;
  static std::map<std::string, std::filesystem::path> paths;
  const auto found = paths.find(archive);
  if (found != paths.end()) return found->second;
  const std::filesystem::path file = testing::shared_data() / archive;
  if (testing::shared_data().empty() || !std::filesystem::exists(file)) return paths[archive];
  const auto& folder = folders[archive];
  const std::string command =
      "tar -C '" + folder.path().string() + "' --wildcards -xf '" + file.string() + "' " + members;
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  return paths[archive] = folder.path();
}

TEST(ImageFolder, ReadsRealCifar10Jpegs) {
  const auto& path = unpacked("cifar10-jpeg.tar.xz", "'*/000*.jpg'");
  if (path.empty()) GTEST_SKIP() << "the real images are not beside this checkout; the made-up ones above are tested";
  const auto dataset = dataset_at("image_folder", path);
  EXPECT_EQ(dataset->classes(), 10);
  EXPECT_EQ(dataset->class_names().front(), "airplane");
  const DataSplits splits = make_splits(dataset.get(), split_defaults("dataset.holdout = 0"), "image_folder");
  EXPECT_EQ(splits.input.height, 32);
  EXPECT_GT(splits.train.count(), 50);
  const double mean = splits.train.pixels.to(torch::kFloat64).mean().item<double>() / 255;
  EXPECT_NEAR(mean, 0.4733, 0.06) << "the mean of CIFAR-10's three channels";
}

TEST(TinyImageNet, ReadsRealImagesSortedByClass) {
  const auto& path = unpacked("tiny-imagenet-200-train-1of4.tar.xz", "'*_1.JPEG' '*_2.JPEG'");
  if (path.empty()) GTEST_SKIP() << "the real images are not beside this checkout; the made-up ones below are tested";
  const std::string command =
      "tar -C '" + path.string() + "' -xf '" + (testing::shared_data() / "tiny-imagenet-200-val.tar.xz").string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const auto dataset = dataset_at("tiny_imagenet", path / "tiny-imagenet-200");
  EXPECT_EQ(dataset->classes(), 50);
  const DataSplits splits = make_splits(dataset.get(), split_defaults("dataset.holdout = 0"), "tiny_imagenet");
  EXPECT_EQ(splits.input.height, 64);
  EXPECT_EQ(splits.test.count(), 50 * 50) << "of the 200 classes those that the training set has";
}

TEST(TinyImageNet, ReadsThePublishersLayoutAndTheSortedOneAlike) {
  const TemporaryFolder publisher, sorted;
  std::string annotations;
  int number = 0;
  for (const char* wnid : {"n02", "n01"}) {
    for (int i = 0; i < 2; ++i) {
      const std::string name = std::string(wnid) + "_" + std::to_string(i) + ".JPEG";
      const std::string image = jpeg_of(made_up_image(64, 64, i + (wnid[2] - '0') * 10));
      write_file(publisher / ("train/" + std::string(wnid) + "/images/" + name), image);
      write_file(publisher / ("train/" + std::string(wnid) + "/" + wnid + "_boxes.txt"), "0 0 1 1\n");
      write_file(sorted / ("train/" + std::string(wnid) + "/" + name), image);
    }
    const std::string name = "val_" + std::to_string(number++) + ".JPEG";
    const std::string image = jpeg_of(made_up_image(64, 64, 100 + number));
    write_file(publisher / ("val/images/" + name), image);
    annotations += name + "\t" + wnid + "\t0\t32\t44\t62\n";
    write_file(sorted / ("val/" + std::string(wnid) + "/" + name), image);
  }
  write_file(publisher / "val/images/val_9.JPEG", jpeg_of(made_up_image(64, 64, 1)));
  annotations += "val_9.JPEG\tn77\t0\t0\t1\t1\n";
  write_file(publisher / "val/val_annotations.txt", annotations);
  const auto a = dataset_at("tiny_imagenet", publisher.path()), b = dataset_at("tiny_imagenet", sorted.path());
  EXPECT_EQ(a->class_names(), (std::vector<std::string>{"n01", "n02"}));
  const Options all = split_defaults("dataset.holdout = 0");
  const DataSplits ours = make_splits(a.get(), all, "tiny_imagenet"),
                   theirs = make_splits(b.get(), all, "tiny_imagenet");
  EXPECT_TRUE(testing::identical(ours.train.pixels, theirs.train.pixels));
  EXPECT_TRUE(testing::identical(ours.train.labels, theirs.train.labels));
  ASSERT_EQ(ours.test.count(), 2) << "an image of a class that is never trained on is left out";
  EXPECT_EQ(ours.test.labels.sum().item<int64_t>(), 1);

  const auto refuse = [&](const std::string& lines) {
    write_file(publisher / "val/val_annotations.txt", lines);
    return error_of([&] { dataset_at("tiny_imagenet", publisher.path())->load(Split::test); });
  };
  EXPECT_NE(refuse(annotations + "alone\n").find("val_annotations.txt:4: expected a file name and a wnid"),
            std::string::npos);
  EXPECT_NE(refuse("../x.JPEG\tn01\n").find("val_annotations.txt:1: '../x.JPEG' is not a file name"),
            std::string::npos);
  EXPECT_NE(refuse("val_7.JPEG\tn01\n").find("val_7.JPEG: no such file"), std::string::npos);
  EXPECT_NE(refuse("val_1.JPEG\tn01\n").find("has no image of the class n02"), std::string::npos);
}

}  // namespace
}  // namespace senet
