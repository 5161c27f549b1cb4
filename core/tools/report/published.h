#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace senet {

// One published accuracy, as `<results>/published/accuracy.toml` has it.
struct PublishedPoint {
  std::string dataset, method, model;
  bool model_certain;  // false: which model it belongs to is a guess
  double relus_k;      // thousands
  double accuracy;     // %
};

// Figures of other people's papers, to stand beside measured ones. Without the folder there are none; what is there and
// cannot be read is an error (exit code 2) with the file's name.
struct Published {
  std::vector<PublishedPoint> points;
  std::vector<double> resnet18_sensitivity;  // of each layer, relative to the largest (sensitivity.toml)
};
Published load_published(const std::filesystem::path& results);

}  // namespace senet
