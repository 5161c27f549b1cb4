#include "results/masks.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cstring>

#include "method/masks.h"
#include "senet/error.h"
#include "storage/files.h"
#include "storage/json.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

using Shapes = std::vector<std::vector<int64_t>>;

// What a file of masks holds; no sites in one of an earlier program.
struct MasksFile {
  std::vector<std::string> names;
  Shapes shapes;
  std::string bits;
};

MasksFile read_file_of(const fs::path& file) {
  MasksFile read;
  read.bits = read_file(file);
  const std::string begin = "{\"sites\":";
  if (read.bits.compare(0, begin.size(), begin) != 0) return read;
  const size_t end = read.bits.find('\n');
  const Json header = parse_json(read.bits.substr(0, end), "its first line");
  SENET_CHECK(header["sites"].is_array(), "its first line has no list of sites");
  const auto is_size = [](const Json& size) { return size.is_number_integer() && size.get<int64_t>() > 0; };
  for (const Json& site : header["sites"]) {
    SENET_CHECK(site.is_array() && site.size() == 2 && site[0].is_string() && site[1].is_array() &&
                    site[1].size() == 3 && std::all_of(site[1].begin(), site[1].end(), is_size),
                "its first line names a site ", site.dump(), ", expected [name, [C, H, W]]");
    read.names.push_back(site[0]);
    read.shapes.push_back(site[1].get<std::vector<int64_t>>());
  }
  read.bits.erase(0, end + 1);
  return read;
}

torch::Tensor row_of(const std::string& bits) {
  torch::Tensor row = torch::empty({static_cast<int64_t>(bits.size())}, torch::kUInt8);
  std::memcpy(row.data_ptr(), bits.data(), bits.size());
  return row;
}

}  // namespace

fs::path masks_path(const Result& result) { return fs::path(result.file).replace_extension(".masks"); }

void save_masks(const Result& result, const std::vector<torch::Tensor>& masks) {
  Json sites = Json::array();
  for (const ResultSite& site : result.sites) sites.push_back({site.name, site.shape});
  const torch::Tensor row = packed_masks(masks);
  const std::string bytes = Json{{"sites", std::move(sites)}}.dump() + "\n" +
                            std::string(static_cast<const char*>(row.data_ptr()), row.nbytes());
  const fs::path file = masks_path(result);
  if (!fs::exists(file) || read_file(file) != bytes) write_atomically(file, bytes);
}

std::vector<torch::Tensor> load_masks(const Result& result) {
  const fs::path file = masks_path(result);
  if (!fs::exists(file)) return {};
  try {
    const MasksFile read = read_file_of(file);
    Shapes shapes;
    for (const ResultSite& site : result.sites) shapes.push_back(site.shape);
    std::vector<torch::Tensor> masks = unpacked_masks(row_of(read.bits), shapes);
    for (size_t l = 0; l < masks.size(); ++l) {
      const ResultSite& site = result.sites.at(l);
      const auto counted = masks[l].sum().item<int64_t>();
      SENET_CHECK(counted == site.counted, "keeps ", counted, " ReLUs at site '", site.name, "', the result ",
                  site.counted);
    }
    return masks;
  } catch (const Error& error) {
    fail_usage(file.string(), ": is not of ", result.file.string(), ": ", error.what(),
               "; run its experiment again, which writes it anew");
  }
}

TensorMap read_masks(const fs::path& file) try {
  const MasksFile read = read_file_of(file);
  SENET_CHECK(!read.names.empty(), "it does not say its sites; run its experiment again, which writes it anew");
  const std::vector<torch::Tensor> masks = unpacked_masks(row_of(read.bits), read.shapes);
  TensorMap by_site;
  for (size_t l = 0; l < masks.size(); ++l) by_site[read.names[l]] = masks[l];
  return by_site;
} catch (const Error& error) {
  fail_usage(file.string(), ": ", error.what());
}

}  // namespace senet
