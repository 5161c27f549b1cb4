#include "cli/gpu_group.h"

#include "device/device.h"
#include "senet/error.h"

#ifdef SENET_NCCL

#ifndef USE_C10D_NCCL
#define USE_C10D_NCCL
#endif
#include <ATen/cuda/CUDAContext.h>
#include <c10/cuda/CUDAGuard.h>
#include <torch/utils.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

namespace senet {

namespace {

class NcclGroup final : public GpuGroup {
 public:
  NcclGroup(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size, const torch::Device& gpu)
      : size_(size), gpu_(gpu) {
    auto own = c10::make_intrusive<c10d::PrefixStore>("nccl/", store);
    group_ = c10::make_intrusive<c10d::ProcessGroupNCCL>(own, rank, size, c10d::ProcessGroupNCCL::Options::create());
    watch_ = std::thread([this] { watch(); });
  }
  ~NcclGroup() override {
    abort();
    watch_.join();
  }

  torch::Tensor gather(const torch::Tensor& mine) override {
    torch::Tensor sent = checked(mine), all = torch::empty({size_, sent.numel()}, sent.options());
    order(group_->_allgather_base(all, sent));
    std::vector<int64_t> shape = sent.sizes().vec();
    shape.insert(shape.begin(), size_);
    return all.view(shape);
  }
  torch::Tensor exchange(const torch::Tensor& slices) override {
    torch::Tensor sent = checked(slices), received = torch::empty_like(sent);
    std::vector<int64_t> equal;
    order(group_->alltoall_base(received, sent, equal, equal));
    return received;
  }
  void broadcast(torch::Tensor& values) override {
    std::vector<torch::Tensor> all = {checked(values)};
    order(group_->broadcast(all));
    if (!values.is_contiguous()) values.copy_(all[0]);
  }

  std::string error() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return error_;
  }

  void abort() override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      last_.reset();
      if (aborted_) return;
      aborted_ = true;
    }
    woken_.notify_all();
    try {
      group_->abort();
    } catch (const std::exception&) {
      // What NCCL cannot end, the end of the process does.
    }
  }

 private:
  // Contiguous, on the GPU that the group is of.
  torch::Tensor checked(const torch::Tensor& tensor) const {
    SENET_CHECK(tensor.device() == gpu_, "a tensor on ", tensor.device().str(), " was to be sent from ", gpu_.str());
    return tensor.detach().contiguous();
  }
  // The current stream goes on once NCCL's has done the work, and the host goes on at once: wait() would stop it.
  void order(const c10::intrusive_ptr<c10d::Work>& work) {
    work->synchronize();
    const std::lock_guard<std::mutex> lock(mutex_);
    last_ = work;
  }

  // A thread of its own: to ask for a piece of work may wait for whoever holds the driver.
  void watch() {
    const c10::cuda::CUDAGuard here(gpu_);
    std::unique_lock<std::mutex> lock(mutex_);
    while (!woken_.wait_for(lock, std::chrono::seconds(2), [this] { return aborted_; })) {
      c10::intrusive_ptr<c10d::Work> last = last_;
      lock.unlock();
      const std::string found = last ? error_of(*last) : std::string();
      last.reset();
      lock.lock();
      if (error_.empty()) error_ = found;
    }
  }
  static std::string error_of(c10d::Work& work) {
    if (!work.isCompleted() || !work.exception()) return "";
    try {
      std::rethrow_exception(work.exception());
    } catch (const std::exception& error) {
      return first_line(error);
    }
  }

  const int size_;
  const torch::Device gpu_;
  c10::intrusive_ptr<c10d::ProcessGroupNCCL> group_;
  std::mutex mutex_;
  std::condition_variable woken_;
  c10::intrusive_ptr<c10d::Work> last_;
  std::string error_;
  bool aborted_ = false;
  std::thread watch_;
};

}  // namespace

bool can_join_gpus() { return true; }

std::string gpu_id(const torch::Device& gpu) {
  const auto& bytes = at::cuda::getDeviceProperties(gpu.index())->uuid.bytes;
  return {bytes, sizeof bytes};
}

// With "blocking waits" c10d starts no thread of its own for NCCL; no wait() is called here.
void keep_nccl_from_ending_this_process() { setenv("TORCH_NCCL_BLOCKING_WAIT", "1", /*overwrite=*/1); }

std::shared_ptr<GpuGroup> join_gpus(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                                    const torch::Device& gpu) {
  try {
    auto group = std::make_shared<NcclGroup>(store, rank, size, gpu);
    // The first call connects; what is wrong there is said now, not in the first step.
    group->gather(torch::full({1}, rank, torch::TensorOptions(gpu).dtype(torch::kInt64))).cpu();
    return group;
  } catch (const std::exception& error) {
    fail_usage("rank ", rank, " of ", size, ": NCCL cannot connect its GPU with the others' (", first_line(error),
               "); NCCL_DEBUG=INFO says why, --device cpu does without GPUs");
  }
}

}  // namespace senet

#else

namespace senet {

bool can_join_gpus() { return false; }
std::string gpu_id(const torch::Device&) { return ""; }
void keep_nccl_from_ending_this_process() {}

std::shared_ptr<GpuGroup> join_gpus(const c10::intrusive_ptr<c10d::Store>&, int, int, const torch::Device&) {
  fail("this build of senet has no NCCL");
}

}  // namespace senet

#endif
