#pragma once

#include <torch/types.h>

#include <memory>
#include <string>
#include <vector>

#include "senet/plugin.h"

namespace senet {

// A set of labelled images of one size, in memory.
struct Images {
  torch::Tensor pixels;  // N×H×W×C, uint8, contiguous, on the CPU
  torch::Tensor labels;  // N, int64, each in [0, classes)

  int64_t count() const { return pixels.defined() ? pixels.size(0) : 0; }
};

struct Normalisation {  // of pixels scaled to [0, 1]: (x − mean) / deviation, one value a channel
  std::vector<double> mean;
  std::vector<double> deviation;
};

enum class Split { train, test };

// Plugin interface: where images come from. The harness checks what it gets: shapes, types, label range, equal image
// sizes of both splits. Throw Error with the file's name when a file is missing or damaged.
class Dataset {
 public:
  using Interface = Dataset;
  static constexpr PluginKind kKind = PluginKind::dataset;
  virtual ~Dataset() = default;

  virtual Images load(Split split) = 0;
  virtual int64_t classes() const = 0;
  virtual Normalisation normalisation() const = 0;
};

}  // namespace senet
