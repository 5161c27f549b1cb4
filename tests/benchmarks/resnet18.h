#pragma once

#include <memory>

#include "cli/commands.h"
#include "config/document.h"
#include "plugin/host.h"
#include "senet/error.h"

namespace senet {

// What the benchmarks train: 3×32×32 images of 100 classes.
inline const NetworkShape kShape{3, 32, 32, 100};

inline std::shared_ptr<Network> make_resnet18(int64_t width, uint64_t seed, const torch::Device& device) {
  static const PluginHost host = load_plugins({});
  Document document;
  document.set(text("model.width=", width));
  const Options options = document.resolve("model", host.options(PluginKind::model, "resnet18"));
  auto network = host.make<Model>("resnet18", options)->build(kShape);
  network->initialise(seed);
  network->to(device);
  network->train();
  return network;
}

}  // namespace senet
