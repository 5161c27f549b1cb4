#include "kernels/piece_table.h"

#include <torch/utils.h>

#include "device/device.h"

namespace senet {

const void* PieceTable::on(const torch::Device& device, const std::vector<const void*>& places, const void* pieces,
                           int64_t bytes) {
  const torch::Tensor host = torch::from_blob(const_cast<void*>(pieces), {bytes}, torch::kUInt8);
  const auto options = torch::TensorOptions(device).dtype(torch::kUInt8);
  if (Capture::active()) {
    const torch::Tensor own = torch::empty({bytes}, options);
    Capture::before_replays([own, kept = host.clone()]() mutable {
      if (kept.defined()) own.copy_(kept);
      kept = torch::Tensor();
    });
    return own.data_ptr();
  }
  if (places != places_) {
    memory_ = torch::empty({bytes}, options).copy_(host);
    places_ = places;
  }
  return memory_.data_ptr();
}

}  // namespace senet
