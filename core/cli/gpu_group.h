#pragma once

#include <torch/types.h>

#include <memory>
#include <string>

namespace c10d {
class Store;
}

namespace senet {

// Whether this build can move tensors between GPUs: it was built with NCCL.
bool can_join_gpus();

// What names this GPU alone, of all machines' (its UUID).
std::string gpu_id(const torch::Device& gpu);

// Moves tensors between the ranks' GPUs, a GPU a rank, over NCCL. All is work of the current stream of the calling
// thread: nothing here waits for the GPU, and what a peer that is gone never sends keeps the stream waiting until
// abort(). So who waits for the GPU has to watch error(), and that the peers live.
class GpuGroup {
 public:
  virtual ~GpuGroup() = default;
  virtual torch::Tensor gather(const torch::Tensor& mine) = 0;      // row r is rank r's
  virtual torch::Tensor exchange(const torch::Tensor& slices) = 0;  // as World's
  virtual void broadcast(torch::Tensor& values) = 0;                // the first rank's
  // Of NCCL's network, not of a call; empty: none so far. On any thread; waits for nothing.
  virtual std::string error() = 0;
  // Ends what is under way, with anything for a result. Later calls of the above fail.
  virtual void abort() = 0;
};

// Before any thread is started that may read the environment: c10d's own watch over NCCL, which would end the process
// with neither a rank's name nor its host, is left out.
void keep_nccl_from_ending_this_process();
// Connects the ranks' GPUs. Throws where NCCL cannot.
std::shared_ptr<GpuGroup> join_gpus(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                                    const torch::Device& gpu);

}  // namespace senet
