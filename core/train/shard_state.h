#pragma once

#include <string>

#include "senet/archive.h"

namespace senet {

// A tensor of which each shard has its own: saved as `name` for the first and as `shard<rank>.name` for the others;
// loading takes this shard's, and makes an undefined one.
void state_of_shard(Archive& archive, const std::string& name, torch::Tensor& mine);

}  // namespace senet
