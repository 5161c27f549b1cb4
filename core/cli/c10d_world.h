#pragma once

#include <functional>
#include <memory>
#include <string>

#include "device/world.h"

namespace senet {

// Where a world's processes meet, as torchrun and Slurm say it.
struct Rendezvous {
  int rank, size;
  std::string address;
  int port;                            // of the first rank's store; 0 on that rank: any free one
  torch::Device device = torch::kCPU;  // this rank's, where its tensors are beside those on the CPU
};

// Whether this build can form a world.
bool can_form_world();
// Waits until all ranks are there. `opened` is called on the first rank once the others can come. Throws (exit code 2),
// saying what to do, where they do not come within a minute, and where two ranks have one GPU. Tensors on the CPU
// travel over Gloo; those on a GPU over NCCL, as work of the calling thread's current stream.
std::unique_ptr<World> form_world(Rendezvous at, const std::function<void(int port)>& opened);

}  // namespace senet
