#include <torch/types.h>

#include <algorithm>
#include <fstream>
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
    std::vector<senet::ImageFile> files =
        fs::is_regular_file(annotations) ? annotated(folder, annotations) : sorted_by_class(folder);
    std::set<int64_t> seen;
    for (const senet::ImageFile& file : files) seen.insert(file.label);
    for (int64_t label = 0; label < classes(); ++label) {
      SENET_CHECK(seen.count(label), folder.string(), ": has no image of the class ", train_.classes[label], ", which ",
                  (path_ / "train").string(), " has");
    }
    return files;
  }

  std::vector<senet::ImageFile> sorted_by_class(const fs::path& folder) const {
    senet::ClassFolders all = senet::class_folders(folder);
    std::vector<senet::ImageFile> files;
    for (senet::ImageFile& file : all.files) {
      file.label = label_of(all.classes[file.label]);
      if (file.label >= 0) files.push_back(std::move(file));
    }
    return files;
  }

  // Lines of "val_0.JPEG<tab>n03444034<tab>0<tab>32<tab>44<tab>62": file, wnid, bounding box.
  std::vector<senet::ImageFile> annotated(const fs::path& folder, const fs::path& annotations) const {
    std::vector<senet::ImageFile> files;
    std::ifstream lines(annotations);
    int64_t number = 0;
    for (std::string line; std::getline(lines, line);) {
      ++number;
      if (line.empty()) continue;
      std::istringstream fields(line);
      std::string name, wnid;
      const bool read = static_cast<bool>(fields >> name >> wnid);
      SENET_CHECK(read, annotations.string(), ":", number, ": expected a file name and a wnid, found '", line, "'");
      SENET_CHECK(fs::path(name).filename() == name && name != "..", annotations.string(), ":", number, ": '", name,
                  "' is not a file name");
      const int64_t label = label_of(wnid);
      if (label < 0) continue;
      files.push_back({folder / "images" / name, label});
      SENET_CHECK(fs::is_regular_file(files.back().path), files.back().path.string(), ": no such file; ",
                  annotations.string(), ":", number, " names it");
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
