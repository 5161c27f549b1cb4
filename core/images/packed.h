#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "senet/choice.h"
#include "senet/dataset.h"

namespace senet {

// A packed data set: one file that holds a whole data set, made once by `senet data pack`.
//
//   "SENETPK2"; u64 offset of the record tables; u64 length of the description; u64 checksum of tables and description;
//   payloads of both splits; their record tables; description.
//
// Little-endian. A record: u64 offset, u64 bytes, u64 checksum of them (checked at every reading), u64 checksum of the
// image's file (of its pixels, where the set is given as pixels), u32 height, u32 width, u32 channels, u32 label. The
// description is JSON: plugin, its options, classes, normalisation, encoding ("raw": H×W×C bytes of images of one size;
// "encoded": JPEG or PNG files), and for each split its count, its view, whether it was given as pixels, and where in
// the whole set the images stood that were left out because they cannot be decoded.
struct PackDescription {
  std::string plugin;
  nlohmann::ordered_json options;  // pack_options()
  int64_t classes = 0;
  std::vector<std::string> class_names;
  Normalisation normalisation;
};

// raw: the images decoded and seen through their view. encoded: their files as they are, for random resized crops.
enum class PackEncoding { raw, encoded };
constexpr Choice<PackEncoding> kPackEncodings[] = {{"raw", PackEncoding::raw}, {"encoded", PackEncoding::encoded}};

// Writes atomically. `images`: as the plugin gives them.
void write_packed(const std::filesystem::path& path, const PackDescription& description, const Images& train,
                  const Images& test, PackEncoding encoding);

class PackedSet {
 public:
  // Checks every size, offset and label against the file's length before anything is read or allocated.
  explicit PackedSet(const std::filesystem::path& path);

  const PackDescription& description() const { return description_; }
  // In a source that reads with pread, by any number of threads.
  Images images(Split split) const;
  // Where in the whole set, in ascending order, the images stood that could not be decoded when it was packed.
  const std::vector<int64_t>& left_out(Split split) const;
  // Reads and decodes every image; throws when a byte is not the one that was written.
  void verify() const;

 private:
  class Part;
  PackDescription description_;
  std::shared_ptr<const Part> train_, test_;
};

}  // namespace senet
