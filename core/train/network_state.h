#pragma once

#include <string>
#include <vector>

#include "senet/archive.h"
#include "senet/network.h"

namespace senet {

// A network's parameters and buffers by name, and the mask of each core activation as `mask.<site>`. An activation that
// is not the core's is saved by its parameters and buffers alone. Loading puts a core activation, made of what is
// saved, at each site that has a mask.
void network_state(Network& network, Archive& archive);

// Which of a network's saved tensors are parameters and buffers of the site's activation, by their names.
std::vector<std::string> saved_of_activation(const ReluSite& site, const TensorMap& saved);

}  // namespace senet
