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
  for (const Json& site : result.json.at("sites")) shapes.push_back(site.at("shape").get<std::vector<int64_t>>());
  try {
    std::vector<torch::Tensor> masks = unpacked_masks(row, shapes);
    for (size_t l = 0; l < masks.size(); ++l) {
      const Json& site = result.json.at("sites").at(l);
      const auto kept = masks[l].sum().item<int64_t>();
      SENET_CHECK(kept == site.at("kept").get<int64_t>(), "keeps ", kept, " ReLUs at site '",
                  site.at("name").get<std::string>(), "', the result ", site.at("kept").dump());
    }
    return masks;
  } catch (const Error& error) {
    fail_usage(file.string(), ": is not of ", result.file.string(), ": ", error.what(),
               "; run its experiment again, which writes it anew");
  }
}

}  // namespace senet
