#include <ATen/Parallel.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <set>

#include "images/decode.h"
#include "images/file_checksums.h"
#include "senet/dataset.h"
#include "senet/error.h"
#include "storage/files.h"
#include "storage/hash.h"

namespace senet {

namespace fs = std::filesystem;

uint64_t ImageSource::checksum(int64_t index) const { return senet::checksum(encoded(index)); }

std::vector<uint64_t> ImageSource::checksums(const std::vector<int64_t>& indices) const {
  std::vector<uint64_t> checksums(indices.size());
  at::parallel_for(0, static_cast<int64_t>(indices.size()), 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) checksums[i] = checksum(indices[i]);
  });
  return checksums;
}

namespace {

class ImageFiles final : public ImageSource {
 public:
  explicit ImageFiles(std::vector<ImageFile> files) : files_(std::move(files)) {}

  int64_t count() const override { return static_cast<int64_t>(files_.size()); }
  Image read(int64_t index) const override { return decode_image(encoded(index), name(index)); }
  std::string encoded(int64_t index) const override { return read_file(files_.at(index).path); }
  std::string name(int64_t index) const override { return files_.at(index).path.string(); }
  std::vector<uint64_t> checksums(const std::vector<int64_t>& indices) const override {
    std::vector<fs::path> paths;
    for (const int64_t index : indices) paths.push_back(files_.at(index).path);
    return file_checksums(paths);
  }

 private:
  std::vector<ImageFile> files_;
};

std::string ending(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension;
}

bool is_jpeg_or_png_by_name(const fs::path& path) {
  const std::string extension = ending(path);
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

bool begins_as_jpeg_or_png(const fs::path& path) {
  char bytes[4] = "";
  std::ifstream(path, std::ios::binary).read(bytes, sizeof bytes);
  return is_jpeg_or_png({bytes, sizeof bytes});
}

bool is_picture(const fs::path& path) {
  static const std::set<std::string> others = {".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm",  ".pgm", ".pbm",
                                               ".pnm", ".jpe", ".jfif", ".jp2", ".jxl",  ".avif", ".heic"};
  return is_jpeg_or_png_by_name(path) || others.count(ending(path)) || begins_as_jpeg_or_png(path);
}

// What file managers, notebooks and version control leave in folders of images.
bool is_passed_over(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.front() == '.' || name == "@eaDir";
}

void check_link(const fs::directory_entry& entry) {
  SENET_CHECK(!entry.is_symlink() || fs::exists(entry.path()), entry.path().string(),
              ": is a link to something that is not there; mend or remove it");
}

// The images below a folder. `above`: the folders that it lies in, as they are without links.
void collect(const fs::path& folder, std::vector<fs::path> above, std::vector<fs::path>& images) {
  above.push_back(fs::canonical(folder));
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (is_passed_over(entry.path())) continue;
    check_link(entry);
    if (entry.is_directory()) {
      SENET_CHECK(std::find(above.begin(), above.end(), fs::canonical(entry.path())) == above.end(),
                  entry.path().string(), ": leads back to a folder that it lies in; remove the link");
      collect(entry.path(), above, images);
    } else if (entry.is_regular_file() ? is_picture(entry.path()) : is_jpeg_or_png_by_name(entry.path())) {
      SENET_CHECK(entry.is_regular_file(), entry.path().string(), ": is called an image, but is no regular file");
      images.push_back(entry.path());
    }
  }
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (is_passed_over(entry.path())) continue;
    check_link(entry);
    if (entry.is_directory()) {
      folders.push_back(entry.path());
    } else {
      SENET_CHECK(!entry.is_regular_file() || !is_picture(entry.path()), entry.path().string(),
                  ": lies beside the folders of the classes; an image's class is the folder that it lies in");
    }
  }
  SENET_CHECK(!folders.empty(), folder.string(), ": has no subfolders, expected one a class");
  std::sort(folders.begin(), folders.end());
  return folders;
}

}  // namespace

ClassFolders class_folders(const fs::path& folder, const std::vector<std::string>& classes) {
  SENET_CHECK(fs::is_directory(folder), folder.string(), ": no such folder; expected a folder of classes there");
  std::vector<fs::path> folders;
  for (const std::string& name : classes) {
    folders.push_back(folder / name);
    SENET_CHECK(fs::is_directory(folders.back()), folder.string(), ": has no folder of the class '", name, "'");
  }
  if (classes.empty()) folders = folders_in(folder);
  ClassFolders found;
  for (const fs::path& of_class : folders) {
    std::vector<fs::path> files;
    collect(of_class, {}, files);
    SENET_CHECK(!files.empty(), of_class.string(), ": this class has no images (.jpg, .jpeg or .png)");
    std::sort(files.begin(), files.end());
    for (fs::path& file : files) {
      found.files.push_back({std::move(file), static_cast<int64_t>(found.classes.size())});
    }
    found.classes.push_back(of_class.filename().string());
  }
  return found;
}

Images image_files(std::vector<ImageFile> files, const View& view, bool skip_undecodable) {
  Images images;
  std::vector<int64_t> labels;
  std::vector<std::string> of_other_kinds;
  for (const ImageFile& file : files) {
    labels.push_back(file.label);
    const bool readable = is_jpeg_or_png_by_name(file.path) || begins_as_jpeg_or_png(file.path);
    if (!readable) of_other_kinds.push_back(file.path.string());
  }
  if (!skip_undecodable && !of_other_kinds.empty()) {
    const std::string others = of_other_kinds.size() > 1 ? text(" and ", of_other_kinds.size() - 1, " more") : "";
    fail(of_other_kinds.front(), others, ": neither JPEG nor PNG; convert such files, or take them out of the set");
  }
  images.labels = torch::tensor(labels, torch::kInt64);
  images.source = std::make_shared<ImageFiles>(std::move(files));
  images.view = view;
  images.skip_undecodable = skip_undecodable;
  return images;
}

}  // namespace senet
