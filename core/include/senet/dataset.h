#pragma once

#include <torch/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "senet/plugin.h"

namespace senet {

// One image: H×W×C.
struct Image {
  int64_t height = 0, width = 0, channels = 0;
  std::vector<uint8_t> pixels;
};

// How an image of any size becomes one of the data set's size: its shorter side is resized to `resize` pixels (bilinear
// with antialiasing, as PIL's), then the centre `size`×`size` is cut out. 0: that step is left out.
struct View {
  int64_t resize = 0;
  int64_t size = 0;
};

// Images that are read one by one, when they are needed. Every method may be called by several threads.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  virtual int64_t count() const = 0;
  virtual Image read(int64_t index) const = 0;           // throws with the image's name when it cannot be decoded
  virtual std::string encoded(int64_t index) const = 0;  // the bytes of its JPEG or PNG file
  virtual std::string name(int64_t index) const = 0;
  virtual std::string fingerprint() const = 0;  // of images, names and order
};

// A set of labelled images: in memory, all of one size, or in a source.
struct Images {
  torch::Tensor pixels;  // N×H×W×C, uint8, contiguous, on the CPU; undefined: they are in the source
  torch::Tensor labels;  // N, int64, each in [0, classes)
  std::shared_ptr<const ImageSource> source = nullptr;
  View view = {};                 // of the source's images
  bool skip_undecodable = false;  // leave out images that cannot be decoded, and count them; else they are an error

  int64_t count() const { return labels.defined() ? labels.size(0) : 0; }
};

struct ImageFile {
  std::filesystem::path path;
  int64_t label;
};

// A folder with one subfolder a class, whose names in sorted order are the labels.
struct ClassFolders {
  std::vector<std::string> classes;
  std::vector<ImageFile> files;  // .jpg, .jpeg and .png (in any case), sorted within each class; by path
};
// `below`: the folder of a class that holds its files ("images"), where it is there. Throws when the folder is missing
// or a class has no images.
ClassFolders class_folders(const std::filesystem::path& folder, const std::string& below = "");

// Images in JPEG and PNG files of any size, decoded by the harness as RGB: grey, palette, CMYK and alpha as PIL's
// convert("RGB") gives them. Those that fit into memory (dataset.memory) are decoded once, on all cores.
Images image_files(std::vector<ImageFile> files, const View& view = {}, bool skip_undecodable = false);

struct Normalisation {  // of pixels scaled to [0, 1]: (x − mean) / deviation, one value a channel
  std::vector<double> mean;
  std::vector<double> deviation;
};

enum class Split { train, test };

// Plugin interface: where images come from. The harness checks what it gets: shapes, types, label range, equal image
// sizes of both splits. Throw Error with the file's name when a file is missing or damaged. Many sets of files need no
// more than image_files().
class Dataset {
 public:
  using Interface = Dataset;
  static constexpr PluginKind kKind = PluginKind::dataset;
  virtual ~Dataset() = default;

  virtual Images load(Split split) = 0;
  virtual int64_t classes() const = 0;
  virtual Normalisation normalisation() const = 0;
  // In the order of the labels, where they have names.
  virtual std::vector<std::string> class_names() const { return {}; }
};

}  // namespace senet
