#include "tools/export/package.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <iomanip>
#include <sstream>

#include "results/result.h"
#include "senet/error.h"
#include "storage/files.h"
#include "storage/safetensors.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

std::string raw(const torch::Tensor& tensor) {
  const torch::Tensor values = tensor.contiguous().cpu();
  return {static_cast<const char*>(values.data_ptr()), static_cast<size_t>(values.nbytes())};
}

// An export that was cut off has no manifest, but the mark that it was one.
constexpr const char* kBegun = "export.begun";

void make_room(const fs::path& folder) {
  check_room(folder);
  for (const char* name : {"layers", "arguments", "program.mlir", "images.bin", "golden.safetensors", "manifest.json"})
    fs::remove_all(folder / name);
  write_atomically(folder / kBegun, "");
}

std::string layer_file(size_t index, const ProgramLayer& layer) {
  std::ostringstream name;
  name << "layers/" << std::setw(3) << std::setfill('0') << index << "-" << layer.name << ".mlir";
  return name.str();
}

}  // namespace

void check_room(const fs::path& folder) {
  if (fs::exists(folder) && !fs::is_empty(folder) && !fs::exists(folder / "manifest.json") &&
      !fs::exists(folder / kBegun))
    fail_usage(folder.string(), ": holds something that is no export; give a new or an empty folder");
}

Json write_package(const fs::path& folder, const Program& program, const Golden& golden, Json about) {
  make_room(folder);
  Json manifest = std::move(about);
  manifest["program"] = "program.mlir";
  manifest["output"] = program.layers.back().output;
  manifest["golden_images"] = golden.images.size(0);
  write_atomically(folder / "program.mlir", program.text());
  for (const Argument& argument : program.arguments) {
    const bool image = !argument.value.defined();
    const std::string file = image ? "images.bin" : "arguments/" + argument.name + ".bin";
    write_atomically(folder / file, raw(image ? golden.images.permute({0, 2, 3, 1}) : argument.value));
    manifest["arguments"].push_back({{"name", argument.name},
                                     {"owner", name_of(argument.owner)},
                                     {"type", name_of(argument.type.element)},
                                     {"shape", argument.type.shape},
                                     {"file", file}});
  }
  for (size_t i = 0; i < program.layers.size(); ++i) {
    const ProgramLayer& layer = program.layers[i];
    const std::string file = layer_file(i, layer);
    Json inputs = Json::array();
    for (const ProgramLayer::Parameter& parameter : layer.parameters) inputs.push_back(parameter.input);
    write_atomically(folder / file, program.text_of(layer));
    Json& row = manifest["layers"].emplace_back(Json{{"name", layer.name},
                                                     {"cost", name_of(layer.cost)},
                                                     {"comparisons", layer.comparisons},
                                                     {"inputs", std::move(inputs)},
                                                     {"output", layer.output},
                                                     {"file", file}});
    if (layer.multiplications.any()) row["multiplications"] = to_json(layer.multiplications);
  }
  save_safetensors(folder / "golden.safetensors",
                   {{"images", golden.images}, {"logits", golden.logits}, {"labels", golden.labels}});
  write_atomically(folder / "manifest.json", readable(manifest) + "\n");
  fs::remove(folder / kBegun);
  return manifest;
}

}  // namespace senet
