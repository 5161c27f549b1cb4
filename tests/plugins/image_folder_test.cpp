#include <sys/stat.h>

#include "config/document.h"
#include "data/splits.h"
#include "images/decoded.h"
#include "support/datasets.h"
#include "support/image_writer.h"

namespace senet {
namespace {

using testing::dataset_at;
using testing::error_of;
using testing::jpeg_of;
using testing::made_up_image;
using testing::png_of;
using testing::splits_as;
using testing::TemporaryFolder;
using testing::write_file;

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
    DataSplits splits = make_splits(dataset.get(), splits_as("dataset.holdout = 0"), "image_folder");
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
  EXPECT_EQ(make_splits(fixed.get(), splits_as("dataset.holdout = 0"), "image_folder").train.pixels.sizes(),
            (std::vector<int64_t>{8, 8, 8, 3}));
  const auto as_stored = dataset_at("image_folder", folder.path());
  const std::string message =
      error_of([&] { make_splits(as_stored.get(), splits_as("dataset.holdout = 0"), "image_folder"); });
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

TEST(ImageFolder, ThatIsNotThereIsSaid) {
  const std::string message = error_of([] { dataset_at("image_folder", "/no/such"); });
  EXPECT_NE(message.find("/no/such: no such folder"), std::string::npos) << message;
}

TEST(ImageFolder, AClassThatLooksTheSameInOtherBytesIsNamed) {
  const auto refused = [](const char* of_train, const char* of_test) {
    const TemporaryFolder folder;
    write_classes(folder);
    write_file(folder / ("train/" + std::string(of_train) + "/1.png"), png_of(made_up_image(10, 10, 1)));
    write_file(folder / ("val/" + std::string(of_test) + "/1.png"), png_of(made_up_image(10, 10, 1)));
    return error_of([&] { dataset_at("image_folder", folder.path()); });
  };
  const char *composed = "cr\u00e8me", *decomposed = "cre\u0300me";
  for (const auto& [train, test] : {std::pair(composed, decomposed), std::pair(decomposed, composed)}) {
    const std::string message = refused(train, test);
    EXPECT_NE(message.find("/val: has no class '" + std::string(train)), std::string::npos) << message;
    EXPECT_NE(message.find("its '" + std::string(test) + "' looks the same"), std::string::npos) << message;
  }
  EXPECT_EQ(refused("cr\u00e8me", "cre\u0300pe").find("looks the same"), std::string::npos);
  EXPECT_EQ(refused("\u732b", "\u72ac").find("looks the same"), std::string::npos) << "other letters, no accents";
}

std::vector<std::string> paths_of(const Images& images, const TemporaryFolder& folder) {
  std::vector<std::string> paths;
  for (int64_t i = 0; i < images.count(); ++i) {
    paths.push_back(std::filesystem::path(images.source->name(i)).lexically_relative(folder.path()).string());
  }
  return paths;
}

TEST(ImageFolder, ImagesAreReadHoweverDeepTheyLieAndWhateverTheyAreCalled) {
  const TemporaryFolder folder;
  write_classes(folder);
  const std::string image = png_of(made_up_image(10, 10, 1));
  write_file(folder / "train/cat/tabby/old/9.png", image);
  write_file(folder / "train/cat/no-ending", image);
  write_file(folder / "train/cat/photo.JPE", jpeg_of(made_up_image(10, 10, 1)));
  write_file(folder / "elsewhere/8.png", image);
  std::filesystem::create_directory_symlink(folder / "elsewhere", folder / "train/cat/linked");
  EXPECT_EQ(paths_of(dataset_at("image_folder", folder.path())->load(Split::train), folder),
            (std::vector<std::string>{"train/cat/0.png", "train/cat/1.png", "train/cat/2.png", "train/cat/linked/8.png",
                                      "train/cat/no-ending", "train/cat/photo.JPE", "train/cat/tabby/old/9.png",
                                      "train/dog/0.png", "train/dog/1.png", "train/dog/2.png"}));
}

TEST(ImageFolder, WhatToolsLeaveBehindIsNeitherAClassNorAnImage) {
  const TemporaryFolder folder;
  write_classes(folder);
  const auto plain = paths_of(dataset_at("image_folder", folder.path())->load(Split::train), folder);
  const std::string image = png_of(made_up_image(10, 10, 1));
  write_file(folder / "train/.ipynb_checkpoints/0-checkpoint.png", image);
  write_file(folder / "train/cat/.ipynb_checkpoints/0-checkpoint.png", image);
  write_file(folder / "train/cat/._0.png", "what macOS knows of 0.png");
  write_file(folder / "train/._cat", "what macOS knows of cat");
  write_file(folder / "train/@eaDir/cat/SYNOPHOTO_THUMB.jpg", image);
  write_file(folder / "train/cat/@eaDir/0.png/SYNOPHOTO_THUMB.jpg", image);
  write_file(folder / "val/.DS_Store", "");
  const auto dataset = dataset_at("image_folder", folder.path());
  EXPECT_EQ(dataset->class_names(), (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(paths_of(dataset->load(Split::train), folder), plain);
}

TEST(ImageFolder, NoImageIsLeftOutInSilence) {
  const auto refuse = [](const std::function<void(const TemporaryFolder&)>& add,
                         const std::vector<const char*>& words) {
    const TemporaryFolder folder;
    write_classes(folder);
    add(folder);
    const std::string message = error_of([&] { dataset_at("image_folder", folder.path())->load(Split::train); });
    for (const char* word : words) EXPECT_NE(message.find(word), std::string::npos) << message;
  };
  const std::string image = png_of(made_up_image(10, 10, 1));
  refuse(
      [](const TemporaryFolder& folder) {
        write_file(folder / "train/cat/3.bmp", "BM");
        write_file(folder / "train/cat/deep/4.WEBP", "RIFF");
      },
      {"train/cat/3.bmp and 1 more: neither JPEG nor PNG", "convert such files"});
  refuse([](const TemporaryFolder& folder) { std::filesystem::create_symlink("gone.png", folder / "train/cat/3.png"); },
         {"train/cat/3.png: is a link to something that is not there"});
  refuse([](const TemporaryFolder& folder) { std::filesystem::create_symlink("gone", folder / "train/emu"); },
         {"train/emu: is a link to something that is not there"});
  refuse([](const TemporaryFolder& folder) { std::filesystem::create_symlink("..", folder / "train/cat/up"); },
         {"train/cat/up/cat: leads back to a folder that it lies in"});
  refuse([&](const TemporaryFolder& folder) { write_file(folder / "train/3.png", image); },
         {"train/3.png: lies beside the folders of the classes"});
  refuse([](const TemporaryFolder& folder) { mkfifo((folder / "train/cat/3.png").c_str(), 0600); },
         {"train/cat/3.png: is called an image, but is no regular file"});
}

TEST(ImageFolder, ImagesOfOtherKindsAreLeftOutAndCountedWhereASetSaysSo) {
  const TemporaryFolder folder;
  write_classes(folder);
  write_file(folder / "train/cat/3.bmp", "BM");
  write_file(folder / "train/cat/4.bmp", png_of(made_up_image(10, 10, 1)));
  const Options all = splits_as("dataset.holdout = 0");
  const auto skipping = dataset_at("image_folder", folder.path(), "dataset.skip_undecodable = true\n");
  const DataSplits splits = make_splits(skipping.get(), all, "image_folder");
  EXPECT_EQ(splits.left_out, 1);
  EXPECT_EQ(splits.train.count(), 7) << "4.bmp is a PNG, whatever it is called";
  std::filesystem::remove(folder / "train/dog/1.png");
  const std::string message = error_of([&] { make_splits(skipping.get(), all, "image_folder"); });
  EXPECT_NE(message.find("train/dog/1.png: cannot open for reading"), std::string::npos)
      << "a file that cannot be read is none that cannot be decoded: " << message;
}

TEST(ImageFiles, APngThatEndsBehindItsLastRowIsWhole) {
  const TemporaryFolder folder;
  const Image image = made_up_image(21, 34, 5);
  const std::string png = png_of(image);
  constexpr size_t kEnd = 12;  // bytes of the chunk IEND
  const auto read = [&](size_t bytes_less) {
    write_file(folder / "x.png", png.substr(0, png.size() - bytes_less));
    return image_files({{folder / "x.png", 0}}).source->read(0);
  };
  EXPECT_EQ(read(kEnd).pixels, image.pixels);
  EXPECT_EQ(read(kEnd - 5).pixels, image.pixels);
  EXPECT_NE(error_of([&] { read(kEnd + 20); }).find("x.png: cannot be decoded as PNG: the file ends early"),
            std::string::npos);
}

TEST(ImageFiles, OfSixteenBitsTheHighByteIsTaken) {
  const TemporaryFolder folder;
  std::vector<uint16_t> grey(6 * 4);
  for (size_t i = 0; i < grey.size(); ++i) grey[i] = static_cast<uint16_t>(2731 * i);
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = 6;
  png.height = 4;
  png.format = PNG_FORMAT_LINEAR_Y;
  ASSERT_TRUE(png_image_write_to_file(&png, (folder / "x.png").c_str(), 0, grey.data(), 0, nullptr));
  const Image image = image_files({{folder / "x.png", 0}}).source->read(0);
  for (size_t i = 0; i < grey.size(); ++i) EXPECT_EQ(image.pixels[3 * i + 1], grey[i] >> 8) << i;
}

TEST(ImageFolder, AnImageThatCannotBeDecodedIsAnErrorWithItsPathOrLeftOutAndCounted) {
  const TemporaryFolder folder;
  write_classes(folder);
  write_file(folder / "train/dog/broken.jpg", jpeg_of(made_up_image(10, 10, 1)).substr(0, 100));
  const Options all = splits_as("dataset.holdout = 0");
  const std::string message =
      error_of([&] { make_splits(dataset_at("image_folder", folder.path()).get(), all, "image_folder"); });
  EXPECT_NE(message.find("train/dog/broken.jpg: cannot be decoded as JPEG"), std::string::npos) << message;
  const auto skipping = dataset_at("image_folder", folder.path(), "dataset.skip_undecodable = true\n");
  const DataSplits splits = make_splits(skipping.get(), all, "image_folder");
  EXPECT_EQ(splits.left_out, 1);
  EXPECT_EQ(splits.train.count(), 6);
  const std::string streamed =
      error_of([&] { make_splits(skipping.get(), splits_as("dataset.memory = 0"), "image_folder"); });
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
  const DataSplits splits = make_splits(dataset.get(), splits_as("dataset.holdout = 0"), "image_folder");
  EXPECT_EQ(splits.input.height, 32);
  EXPECT_GT(splits.train.count(), 50);
  const double mean = splits.train.pixels.to(torch::kFloat64).mean().item<double>() / 255;
  EXPECT_NEAR(mean, 0.4733, 0.06) << "the mean of CIFAR-10's three channels";
}

TEST(TinyImageNet, ReadsRealImagesSortedByClass) {
  const auto& path = unpacked("tiny-imagenet-200-train-slice.tar.xz", "'*_1.JPEG' '*_2.JPEG'");
  if (path.empty()) GTEST_SKIP() << "the real images are not beside this checkout; the made-up ones below are tested";
  const std::string command =
      "tar -C '" + path.string() + "' -xf '" + (testing::shared_data() / "tiny-imagenet-200-val.tar.xz").string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const auto dataset = dataset_at("tiny_imagenet", path / "tiny-imagenet-200");
  EXPECT_EQ(dataset->classes(), 50);
  const DataSplits splits = make_splits(dataset.get(), splits_as("dataset.holdout = 0"), "tiny_imagenet");
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
  const Options all = splits_as("dataset.holdout = 0");
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

// Two training classes of two images, and four validation images that are said to be of n01, n01, n02, n02.
struct TinyImages {
  TemporaryFolder folder;
  TinyImages() {
    for (const char* wnid : {"n01", "n02"}) {
      for (int i = 0; i < 2; ++i) {
        write_file(folder / text("train/", wnid, "/images/", wnid, "_", i, ".JPEG"), image(i));
        write_file(folder / text("train/", wnid, "/", wnid, "_boxes.txt"), "\n");
      }
    }
  }
  static std::string image(int seed) { return jpeg_of(made_up_image(64, 64, seed)); }
  static const char* wnid(int i) { return i < 2 ? "n01" : "n02"; }
  void annotate() const {
    std::string lines;
    for (int i = 0; i < 4; ++i) lines += text("val_", i, ".JPEG\t", wnid(i), "\t0\t0\t1\t1\n");
    write_file(folder / "val/val_annotations.txt", lines);
  }
  void sort() const {
    for (int i = 0; i < 4; ++i) write_file(folder / text("val/", wnid(i), "/val_", i, ".JPEG"), image(i));
  }
  Images test() const { return dataset_at("tiny_imagenet", folder.path())->load(Split::test); }
  std::string refusal() const {
    return error_of([&] { test(); });
  }
};

TEST(TinyImageNet, FoldersOfTheClassesAreReadWhateverElseLiesInVal) {
  const TinyImages tiny;
  tiny.sort();
  const std::vector<std::string> sorted = {"val/n01/val_0.JPEG", "val/n01/val_1.JPEG", "val/n02/val_2.JPEG",
                                           "val/n02/val_3.JPEG"};
  EXPECT_EQ(paths_of(tiny.test(), tiny.folder), sorted);
  std::filesystem::create_directory(tiny.folder / "val/images");
  EXPECT_EQ(paths_of(tiny.test(), tiny.folder), sorted) << "an empty folder that the sorting left";
  tiny.annotate();
  EXPECT_EQ(paths_of(tiny.test(), tiny.folder), sorted) << "annotations that confirm";
  for (int i = 0; i < 4; ++i) write_file(tiny.folder / text("val/images/val_", i, ".JPEG"), TinyImages::image(i));
  EXPECT_EQ(paths_of(tiny.test(), tiny.folder), sorted) << "copies in the publisher's layout";
  EXPECT_EQ(tiny.test().labels.sum().item<int64_t>(), 2);
  std::filesystem::rename(tiny.folder / "val/n01/val_1.JPEG", tiny.folder / "val/n02/val_1.JPEG");
  EXPECT_NE(tiny.refusal().find("val/n02/val_1.JPEG: lies in the folder of n02, but"), std::string::npos);
}

TEST(TinyImageNet, SaysWhichLayoutsWereLookedFor) {
  const TinyImages tiny;
  std::filesystem::create_directory(tiny.folder / "val");
  EXPECT_NE(tiny.refusal().find("val sorted by class) nor all of the publisher's layout (val/images/*.JPEG"),
            std::string::npos);
  tiny.annotate();
  for (int i = 0; i < 4; ++i) write_file(tiny.folder / text("val/val_", i, ".JPEG"), TinyImages::image(i));
  const std::string flat = tiny.refusal();
  EXPECT_NE(flat.find("val/images/val_0.JPEG: no such file, though"), std::string::npos) << flat;
  EXPECT_NE(flat.find("val sorted by class"), std::string::npos) << flat;
  for (int i = 0; i < 5; ++i) write_file(tiny.folder / text("val/images/val_", i, ".JPEG"), TinyImages::image(i));
  const std::string more = tiny.refusal();
  EXPECT_NE(more.find("val/images/val_4.JPEG: "), std::string::npos) << more;
  EXPECT_NE(more.find("val_annotations.txt does not say which class it has"), std::string::npos) << more;
}

}  // namespace
}  // namespace senet
