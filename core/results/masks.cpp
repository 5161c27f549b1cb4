#include "results/masks.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <cstring>

#include "method/masks.h"
#include "senet/error.h"
#include "storage/files.h"

namespace senet {

namespace fs = std::filesystem;

fs::path masks_path(const Result& result) { return fs::path(result.file).replace_extension(".masks"); }

void save_masks(const Result& result, const std::vector<torch::Tensor>& masks) {
  const torch::Tensor row = packed_masks(masks);
  const std::string bytes(static_cast<const char*>(row.data_ptr()), row.nbytes());
  const fs::path file = masks_path(result);
  if (!fs::exists(file) || read_file(file) != bytes) write_atomically(file, bytes);
}

std::vector<torch::Tensor> load_masks(const Result& result) {
  const fs::path file = masks_path(result);
  if (!fs::exists(file)) return {};
  const std::string bytes = read_file(file);
  torch::Tensor row = torch::empty({static_cast<int64_t>(bytes.size())}, torch::kUInt8);
  std::memcpy(row.data_ptr(), bytes.data(), bytes.size());
  std::vector<std::vector<int64_t>> shapes;
  for (const ResultSite& site : result.sites) shapes.push_back(site.shape);
  try {
    std::vector<torch::Tensor> masks = unpacked_masks(row, shapes);
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

}  // namespace senet
