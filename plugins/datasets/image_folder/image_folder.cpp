#include <torch/types.h>

#include <algorithm>

#include "senet/dataset.h"
#include "senet/error.h"

namespace {

namespace fs = std::filesystem;

constexpr senet::Option kOptions[] = {
    senet::text_option("path", "\"data/images\"", "folder of train/<class>/* and val/<class>/* or test/<class>/*")
        .without_effect(),
    senet::integer_option("resize", "0",
                          "length of an image's shorter side after resizing; 0: as it is stored; ImageNet's tests: 256")
        .between(0, 4096)
        .in("pixels"),
    senet::integer_option("size", "0",
                          "height and width of the centre crop, and of random resized crops; 0: the whole image; "
                          "ImageNet: 224")
        .between(0, 4096)
        .in("pixels"),
    senet::boolean_option("skip_undecodable", "false",
                          "leave out images that cannot be decoded, and count them; else they are an error"),
    senet::reals_option("mean", "[0.485, 0.456, 0.406]", "of red, green and blue, scaled to 0 … 1; ImageNet's")
        .between(0, 1)
        .of_data(),
    senet::reals_option("deviation", "[0.229, 0.224, 0.225]",
                        "standard deviation of red, green and blue, scaled to 0 … 1; ImageNet's")
        .between(1e-6, 1)
        .of_data(),
};

// A class that one split has and the other has not; empty when there is none.
std::string missing_class(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  for (const std::string& name : a) {
    if (!std::binary_search(b.begin(), b.end(), name)) return name;
  }
  return "";
}

class ImageFolder final : public senet::Dataset {
 public:
  explicit ImageFolder(const senet::Options& options)
      : path_(options.text("path")),
        view_{options.integer("resize"), options.integer("size")},
        skip_undecodable_(options.boolean("skip_undecodable")),
        normalisation_{options.reals("mean"), options.reals("deviation")} {
    const fs::path test = test_folder();
    train_ = senet::class_folders(path_ / "train");
    test_ = senet::class_folders(test);
    const std::string train_only = missing_class(train_.classes, test_.classes);
    SENET_CHECK(train_only.empty(), test.string(), ": has no class '", train_only, "', which ",
                (path_ / "train").string(), " has");
    const std::string test_only = missing_class(test_.classes, train_.classes);
    SENET_CHECK(test_only.empty(), (path_ / "train").string(), ": has no class '", test_only, "', which ",
                test.string(), " has");
  }

  senet::Images load(senet::Split split) override {
    return senet::image_files(split == senet::Split::train ? train_.files : test_.files, view_, skip_undecodable_);
  }
  int64_t classes() const override { return static_cast<int64_t>(train_.classes.size()); }
  std::vector<std::string> class_names() const override { return train_.classes; }
  senet::Normalisation normalisation() const override { return normalisation_; }

 private:
  fs::path test_folder() const {
    for (const char* name : {"val", "test"}) {
      if (fs::is_directory(path_ / name)) return path_ / name;
    }
    senet::fail(path_.string(), ": has neither a folder val nor test; expected train/<class>/* beside one of them");
  }

  fs::path path_;
  senet::View view_;
  bool skip_undecodable_;
  senet::Normalisation normalisation_;
  senet::ClassFolders train_, test_;
};

}  // namespace

SENET_PLUGIN(senet::entry<ImageFolder>("image_folder",
                                       "JPEG and PNG files of any size, a folder a class: ImageNet, or one's own",
                                       kOptions));
