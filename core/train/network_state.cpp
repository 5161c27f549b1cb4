#include "train/network_state.h"

namespace senet {

namespace {

std::string own_prefix(const ReluSite& site) { return site.module_name() + "."; }

}  // namespace

std::vector<std::string> saved_of_activation(const ReluSite& site, const TensorMap& saved) {
  const std::string prefix = own_prefix(site);
  std::vector<std::string> names;
  for (auto at = saved.lower_bound(prefix); at != saved.end() && at->first.rfind(prefix, 0) == 0; ++at) {
    names.push_back(at->first);
  }
  return names;
}

void network_state(Network& network, Archive& archive) {
  // Activations first: their parameters are then the network's.
  for (const ReluSite& site : network.sites()) {
    const std::string name = "mask." + site.name();
    const bool is_saved = archive.is_loading() && archive.has(name);
    if (!site.activation().is_core() && !is_saved) continue;
    torch::Tensor mask = site.mask();
    archive.tensor(name, mask);
    if (!archive.is_loading()) continue;
    TensorMap tensors = {{"mask", mask}};
    for (const std::string& saved : saved_of_activation(site, archive.tensors())) {
      archive.tensor(saved, tensors[saved.substr(own_prefix(site).size())]);
    }
    network.set_activation(site, activation_from(tensors));
  }
  for (auto& item : network.named_parameters()) archive.tensor(item.key(), item.value());
  for (auto& item : network.named_buffers()) archive.tensor(item.key(), item.value());
}

}  // namespace senet
