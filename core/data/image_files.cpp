#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cctype>

#include "data/decode.h"
#include "senet/dataset.h"
#include "senet/error.h"
#include "storage/files.h"
#include "storage/hash.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

class ImageFiles final : public ImageSource {
 public:
  explicit ImageFiles(std::vector<ImageFile> files) : files_(std::move(files)) {}

  int64_t count() const override { return static_cast<int64_t>(files_.size()); }
  Image read(int64_t index) const override { return decode_image(encoded(index), name(index)); }
  std::string encoded(int64_t index) const override { return read_file(files_.at(index).path); }
  std::string name(int64_t index) const override { return files_.at(index).path.string(); }

  // Of names, lengths and labels: the content of a set that is too large for memory is not read twice.
  std::string fingerprint() const override {
    Hash hash;
    for (const ImageFile& file : files_) {
      hash.add(text(file.path.filename().string(), "|", std::filesystem::file_size(file.path), "|", file.label, "\n"));
    }
    return hash.hex();
  }

 private:
  std::vector<ImageFile> files_;
};

bool is_image(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

}  // namespace

ClassFolders class_folders(const fs::path& folder, const std::string& below) {
  SENET_CHECK(fs::is_directory(folder), folder.string(), ": no such folder; expected a folder of classes there");
  ClassFolders found;
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  for (const fs::path& of_class : folders) {
    const fs::path inner = of_class / below;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(!below.empty() && fs::is_directory(inner) ? inner : of_class)) {
      if (entry.is_regular_file() && is_image(entry.path())) files.push_back(entry.path());
    }
    SENET_CHECK(!files.empty(), of_class.string(), ": this class has no images (.jpg, .jpeg or .png)");
    std::sort(files.begin(), files.end());
    for (fs::path& file : files) {
      found.files.push_back({std::move(file), static_cast<int64_t>(found.classes.size())});
    }
    found.classes.push_back(of_class.filename().string());
  }
  SENET_CHECK(!found.classes.empty(), folder.string(), ": has no subfolders, expected one a class");
  return found;
}

Images image_files(std::vector<ImageFile> files, const View& view, bool skip_undecodable) {
  Images images;
  std::vector<int64_t> labels;
  for (const ImageFile& file : files) labels.push_back(file.label);
  images.labels = torch::tensor(labels, torch::kInt64);
  images.source = std::make_shared<ImageFiles>(std::move(files));
  images.view = view;
  images.skip_undecodable = skip_undecodable;
  return images;
}

}  // namespace senet
