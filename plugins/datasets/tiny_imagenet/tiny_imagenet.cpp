#include <torch/types.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "senet/dataset.h"
#include "senet/error.h"

namespace {

namespace fs = std::filesystem;

constexpr senet::Option kOptions[] = {
    senet::text_option("path", "\"data/tiny-imagenet-200\"",
                       "the publisher's folder (val/images and val_annotations.txt), or one with val sorted by class")
        .without_effect(),
    senet::text_option(
        "normalisation", "\"snl\"",
        "snl: mean 0.480, 0.448, 0.398 and deviation 0.277, 0.269, 0.282; none: pixels in 0 … 1, as in a "
        "public code of the authors")
        .one_of("snl none"),
};

constexpr const char* kLayouts =
    "neither folders of the training set's classes (val sorted by class) nor all of the publisher's layout "
    "(val/images/*.JPEG and val/val_annotations.txt)";

// The images and classes of Tiny-ImageNet (Stanford CS231n): labels are the classes' wnids in sorted order. Training
// classes may be fewer than 200; validation images of other classes are left out.
class TinyImageNet final : public senet::Dataset {
 public:
  explicit TinyImageNet(const senet::Options& options)
      : path_(options.text("path")),
        normalise_(options.text("normalisation") == "snl"),
        train_(senet::class_folders(path_ / "train")) {}

  senet::Images load(senet::Split split) override {
    return senet::image_files(split == senet::Split::train ? train_.files : validation());
  }
  int64_t classes() const override { return static_cast<int64_t>(train_.classes.size()); }
  std::vector<std::string> class_names() const override { return train_.classes; }
  senet::Normalisation normalisation() const override {
    if (!normalise_) return {{0, 0, 0}, {1, 1, 1}};
    return {{0.480, 0.448, 0.398}, {0.277, 0.269, 0.282}};
  }

 private:
  // The label of a wnid, or −1 when no training image has it.
  int64_t label_of(const std::string& wnid) const {
    const auto at = std::lower_bound(train_.classes.begin(), train_.classes.end(), wnid);
    return at != train_.classes.end() && *at == wnid ? at - train_.classes.begin() : -1;
  }

  std::vector<senet::ImageFile> validation() const {
    const fs::path folder = path_ / "val", annotations = folder / "val_annotations.txt";
    const bool is_annotated = fs::is_regular_file(annotations);
    const bool is_sorted = std::any_of(train_.classes.begin(), train_.classes.end(),
                                       [&](const std::string& wnid) { return fs::is_directory(folder / wnid); });
    if (is_sorted) {
      std::vector<senet::ImageFile> files = senet::class_folders(folder, train_.classes).files;
      if (is_annotated) confirm(files, annotations);
      return files;
    }
    SENET_CHECK(is_annotated, folder.string(), ": has ", kLayouts);
    return annotated(folder, annotations);
  }

  struct Annotation {
    std::string wnid;
    int64_t line;
  };
  // By file name; lines of "val_0.JPEG<tab>n03444034<tab>0<tab>32<tab>44<tab>62": file, wnid, bounding box.
  static std::map<std::string, Annotation> read(const fs::path& annotations) {
    std::map<std::string, Annotation> read;
    std::ifstream lines(annotations);
    int64_t number = 0;
    for (std::string line; std::getline(lines, line);) {
      ++number;
      if (line.empty()) continue;
      std::istringstream fields(line);
      std::string name, wnid;
      const bool whole = static_cast<bool>(fields >> name >> wnid);
      SENET_CHECK(whole, annotations.string(), ":", number, ": expected a file name and a wnid, found '", line, "'");
      SENET_CHECK(fs::path(name).filename() == name && name != "..", annotations.string(), ":", number, ": '", name,
                  "' is not a file name");
      SENET_CHECK(read.emplace(name, Annotation{wnid, number}).second, annotations.string(), ":", number, ": names '",
                  name, "' a second time");
    }
    return read;
  }

  void confirm(const std::vector<senet::ImageFile>& files, const fs::path& annotations) const {
    const std::map<std::string, Annotation> all = read(annotations);
    for (const senet::ImageFile& file : files) {
      const auto found = all.find(file.path.filename().string());
      if (found == all.end()) continue;
      SENET_CHECK(label_of(found->second.wnid) == file.label, file.path.string(), ": lies in the folder of ",
                  train_.classes[file.label], ", but ", annotations.string(), ":", found->second.line,
                  " gives it the class ", found->second.wnid);
    }
  }

  std::vector<senet::ImageFile> annotated(const fs::path& folder, const fs::path& annotations) const {
    std::vector<senet::ImageFile> files;
    std::set<int64_t> seen;
    const std::map<std::string, Annotation> all = read(annotations);
    for (const auto& [name, annotation] : all) {
      const int64_t label = label_of(annotation.wnid);
      if (label < 0) continue;
      files.push_back({folder / "images" / name, label});
      seen.insert(label);
      std::error_code unnameable;  // a name too long for a file is no file
      SENET_CHECK(fs::is_regular_file(files.back().path, unnameable), files.back().path.string(),
                  ": no such file, though ", annotations.string(), ":", annotation.line, " names it; ", folder.string(),
                  " has ", kLayouts);
    }
    for (int64_t label = 0; label < classes(); ++label) {
      SENET_CHECK(seen.count(label), folder.string(), ": has no image of the class ", train_.classes[label], ", which ",
                  (path_ / "train").string(), " has");
    }
    for (const senet::ImageFile& file : senet::class_folders(folder, {"images"}).files) {
      SENET_CHECK(all.count(file.path.filename().string()), file.path.string(), ": ", annotations.string(),
                  " does not say which class it has");
    }
    std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    return files;
  }

  fs::path path_;
  bool normalise_;
  senet::ClassFolders train_;
};

}  // namespace

SENET_PLUGIN(senet::entry<TinyImageNet>("tiny_imagenet",
                                        "Tiny-ImageNet-200: 100,000 + 10,000 images of 64×64, 200 classes", kOptions));
