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

// How an image of any size becomes one of the data set's size. Its shorter side is resized to `resize` pixels (bilinear
// with antialiasing, as PIL does), then the centre of `size`×`size` pixels is cut out. 0 leaves a step out.
struct View {
  int64_t resize = 0;
  int64_t size = 0;

  bool is_whole() const { return resize == 0 && size == 0; }
};

// Images that are read one by one, when they are needed. Several threads may call any of its methods at once.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  virtual int64_t count() const = 0;
  virtual Image read(int64_t index) const = 0;           // throws with the image's name when it cannot be decoded
  virtual std::string encoded(int64_t index) const = 0;  // the bytes of its JPEG or PNG file
  virtual std::string name(int64_t index) const = 0;
  // What identifies an image wherever its file lies: a 64-bit XXH3 checksum of the file's bytes.
  virtual uint64_t checksum(int64_t index) const;
  virtual std::vector<uint64_t> checksums(const std::vector<int64_t>& indices) const;
};

// A set of labelled images, either in memory and all of one size, or in a source.
struct Images {
  torch::Tensor pixels;  // N×H×W×C, uint8, contiguous, on the CPU; undefined: the images are in the source
  torch::Tensor labels;  // N, int64, each in [0, classes)
  std::shared_ptr<const ImageSource> source = nullptr;
  View view = {};                 // of the source's images
  bool skip_undecodable = false;  // leave out and count images that cannot be decoded; otherwise each is an error

  // Set by the harness for images that it reads from a packed file of decoded images.
  View packed_view = {};         // through which they were packed
  bool given_as_pixels = false;  // they never were files: the source's checksums are those of their pixels

  int64_t count() const { return labels.defined() ? labels.size(0) : 0; }
};

struct ImageFile {
  std::filesystem::path path;
  int64_t label;
};

// A folder with one subfolder a class, whose names in sorted order are the labels.
struct ClassFolders {
  std::vector<std::string> classes;
  std::vector<ImageFile> files;  // sorted by path within each class
};
// Finds every image below a class's folder, however deep: each file with the ending of a picture (.jpg, .png, .bmp, …,
// in any case), and each that begins as JPEG and PNG files do. Names that begin with a dot, and @eaDir, are neither
// classes nor images. With `classes`, only those folders are read, and they are the classes in that order. Throws when
// the folder is missing, when a class has no images, when an image lies beside the classes' folders, and when a link
// leads nowhere or in a circle.
ClassFolders class_folders(const std::filesystem::path& folder, const std::vector<std::string>& classes = {});

// Images in JPEG and PNG files of any size, which the harness decodes as RGB: grey, palette, CMYK and alpha become what
// PIL's convert("RGB") makes of them, of 16 bits the high byte is taken. A set that fits into memory (dataset.memory)
// is decoded once, on all cores. A file of another kind is an error; with `skip_undecodable` it counts as an image that
// cannot be decoded.
Images image_files(std::vector<ImageFile> files, const View& view = {}, bool skip_undecodable = false);

struct Normalisation {  // of pixels scaled to [0, 1]: (x − mean) / deviation, one value a channel
  std::vector<double> mean;
  std::vector<double> deviation;
};

enum class Split { train, test };

// Plugin interface: where images come from. The harness checks shapes, types, the range of labels, and that the images
// of both splits have one size. Throw an Error with the file's name when a file is missing or damaged. For a set of
// JPEG or PNG files, image_files() is often all that a plugin needs.
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
