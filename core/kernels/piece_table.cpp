#include "kernels/piece_table.h"

#include <torch/utils.h>

#include "device/device.h"
#include "senet/error.h"

namespace senet {

const void* PieceTable::on(const torch::Device& device, const std::vector<const void*>& places, const void* pieces,
                           int64_t bytes) {
  const torch::Tensor host = torch::from_blob(const_cast<void*>(pieces), {bytes}, torch::kUInt8);
  const auto options = torch::TensorOptions(device).dtype(torch::kUInt8);
  if (Capture::active()) {
    SENET_CHECK(of_recorded_.defined() && of_recorded_.numel() >= bytes,
                "a step of the same parameters has to be done before one is recorded");
    const torch::Tensor own = of_recorded_.narrow(0, 0, bytes);
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
  // What is allocated during a recording shares its memory with temporaries of the same recording: each replay would
  // write over a table there.
  if (!of_recorded_.defined() || of_recorded_.numel() < bytes) of_recorded_ = torch::empty({bytes}, options);
  return memory_.data_ptr();
}

}  // namespace senet
