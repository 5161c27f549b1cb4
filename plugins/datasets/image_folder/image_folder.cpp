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

// A name with a '?' for each character beyond ASCII, and for each letter with the accents that follow it: the same of
// the composed and of the decomposed form of a name (Unicode's NFC and NFD). `decomposed`: whether it has such accents.
std::string looks_like(const std::string& name, bool& decomposed) {
  std::string look;
  for (size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<unsigned char>(name[i]);
    if ((byte & 0xC0) == 0x80) continue;  // within a character
    const auto next = static_cast<unsigned char>(i + 1 < name.size() ? name[i + 1] : 0);
    const bool is_accent = byte == 0xCC || (byte == 0xCD && next < 0xB0);  // U+0300 … U+036F
    decomposed = decomposed || is_accent;
    if (is_accent && !look.empty()) look.pop_back();
    look += byte < 0x80 ? name[i] : '?';
  }
  return look;
}

// The class of a list that looks like another, though its bytes differ; empty when there is none.
std::string lookalike(const std::string& name, const std::vector<std::string>& classes) {
  for (const std::string& other : classes) {
    bool decomposed = false, other_decomposed = false;
    if (looks_like(name, decomposed) == looks_like(other, other_decomposed) && decomposed != other_decomposed)
      return other;
  }
  return "";
}

// Fails where a split has a class that the other has not.
void check_classes(const fs::path& folder, const std::vector<std::string>& classes, const fs::path& other,
                   const std::vector<std::string>& others) {
  for (const std::string& name : classes) {
    if (std::binary_search(others.begin(), others.end(), name)) continue;
    const std::string like = lookalike(name, others);
    senet::fail(other.string(), ": has no class '", name, "', which ", folder.string(), " has",
                like.empty() ? ""
                             : "; its '" + like +
                                   "' looks the same and is spelt in other bytes (a letter and its accent are one "
                                   "character in one, two in the other): rename one of the folders");
  }
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
    check_classes(path_ / "train", train_.classes, test, test_.classes);
    check_classes(test, test_.classes, path_ / "train", train_.classes);
  }

  senet::Images load(senet::Split split) override {
    return senet::image_files(split == senet::Split::train ? train_.files : test_.files, view_, skip_undecodable_);
  }
  int64_t classes() const override { return static_cast<int64_t>(train_.classes.size()); }
  std::vector<std::string> class_names() const override { return train_.classes; }
  senet::Normalisation normalisation() const override { return normalisation_; }

 private:
  fs::path test_folder() const {
    SENET_CHECK(fs::is_directory(path_), path_.string(),
                ": no such folder; expected one with train/<class>/* and val/<class>/*");
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
