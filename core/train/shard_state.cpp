#include "train/shard_state.h"

#include <torch/types.h>

#include "device/world.h"
#include "senet/error.h"

namespace senet {

void state_of_shard(Archive& archive, const std::string& name, torch::Tensor& mine) {
  const int shards = world() ? world()->size() : 1, own = world() ? world()->rank() : 0;
  std::vector<torch::Tensor> all(shards);
  if (!archive.is_loading()) all = world() ? world()->gather(mine) : std::vector<torch::Tensor>{mine};
  for (int rank = 0; rank < shards; ++rank) {
    torch::Tensor& one = archive.is_loading() && rank == own ? mine : all[rank];
    archive.tensor(rank == 0 ? name : text("shard", rank, ".", name), one);
  }
}

}  // namespace senet
