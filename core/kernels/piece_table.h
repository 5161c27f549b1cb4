#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace senet {

// What a kernel reads of the parameters that it updates: a table in the device's memory.
class PieceTable {
 public:
  // Where the `bytes` of pieces lie on the device, written there if the addresses they were cut from (`places`) are
  // others than at the last call. A step that is recorded has a table of its own, which is written before it is first
  // replayed; throws where no step with as many bytes was done before.
  const void* on(const torch::Device& device, const std::vector<const void*>& places, const void* pieces,
                 int64_t bytes);

 private:
  torch::Tensor memory_, of_recorded_;
  std::vector<const void*> places_;
};

}  // namespace senet
