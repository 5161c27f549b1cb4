#pragma once

#include "experiment/runner.h"

namespace senet {

// The network of a finished result, with its weights and masks, and the laboratory to evaluate it in; at one of the
// widths that it was trained at.
struct RestoredRun {
  std::shared_ptr<Laboratory> laboratory;
  std::shared_ptr<Network> network;
};
RestoredRun restore_run(const Result& result, const PluginHost& plugins, const RunFolders& folders,
                        const torch::Device& device, double width = 1);

}  // namespace senet
