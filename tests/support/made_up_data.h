#pragma once

#include "support/image_writer.h"
#include "support/support.h"

namespace senet::testing {

constexpr int kImagesOfAFile = 20;  // of which a twentieth is held out

inline std::string cifar_records(int64_t label_bytes) {
  std::string bytes;
  for (int i = 0; i < kImagesOfAFile; ++i)
    bytes += std::string(label_bytes, static_cast<char>(i % 10)) + std::string(3072, 'p');
  return bytes;
}

// Data sets of a few images in the publishers' layouts, where experiment files look for them.
inline const fs::path& made_up_data() {
  static const TemporaryFolder folder;
  static const bool made = [] {
    const fs::path data = folder / "data";
    write_file(data / "cifar-10-batches-bin/batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
    write_file(data / "cifar-10-batches-bin/test_batch.bin", cifar_records(1));
    for (int i = 1; i <= 5; ++i) {
      write_file(data / ("cifar-10-batches-bin/data_batch_" + std::to_string(i) + ".bin"), cifar_records(1));
    }
    std::string names;
    for (int i = 0; i < 100; ++i) names += "class" + std::to_string(i) + "\n";
    write_file(data / "cifar-100-binary/fine_label_names.txt", names);
    for (const char* part : {"train", "test"}) {
      write_file(data / ("cifar-100-binary/" + std::string(part) + ".bin"), cifar_records(2));
    }
    const auto folder_of = [&](const fs::path& root, const std::string& inner, int64_t side) {
      for (const char* part : {"train", "val"}) {
        for (const char* wnid : {"n01", "n02"}) {
          for (int i = 0; i < kImagesOfAFile / 2; ++i) {
            write_file(root / part / wnid / (part == std::string("train") ? inner : "") /
                           (wnid + std::string("_") + std::to_string(i) + ".JPEG"),
                       jpeg_of(made_up_image(side, side, i)));
          }
        }
      }
    };
    folder_of(data / "tiny-imagenet-200", "images", 64);
    folder_of(data / "imagenet", "", 260);
    folder_of(data / "cifar10-jpeg", "", 32);
    return true;
  }();
  EXPECT_TRUE(made);
  return folder.path();
}

}  // namespace senet::testing
