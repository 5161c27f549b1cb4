#include "device/device.h"

#include <cstdlib>
#include <cstring>
#include <utility>

namespace senet {

namespace {

thread_local Capture* capturing = nullptr;

}  // namespace

std::string first_line(const std::exception& error) { return {error.what(), std::strcspn(error.what(), "\n")}; }

Capture::Capture() { capturing = this; }
Capture::~Capture() { capturing = nullptr; }
bool Capture::active() { return capturing != nullptr; }

void Capture::before_replays(std::function<void()> work) {
  SENET_CHECK(capturing, "there is nothing being recorded that work could be done before");
  capturing->before_replays_.push_back(std::move(work));
}

void WorkGraph::record(const std::function<void()>& work) {
  recorded_ = false;
  before_replays_.clear();
  Capture capture;
  record_work(work);
  before_replays_ = std::move(capture.before_replays_);
  recorded_ = true;
}

void WorkGraph::replay() {
  SENET_CHECK(recorded(), "a graph was replayed that is not recorded");
  for (const auto& work : before_replays_) work();
  replay_work();
}

std::unique_ptr<WorkGraph> step_graph(bool on_gpu) {
  const char* plain = std::getenv("SENET_PLAIN_STEPS");
  if (!on_gpu || (plain && *plain)) return nullptr;
  return std::make_unique<DeviceGraph>();
}

}  // namespace senet

#ifdef SENET_CUDA

#include <ATen/Context.h>
#include <ATen/cuda/CUDAContext.h>
#include <ATen/cuda/CUDAEvent.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <nvtx3/nvToolsExt.h>

#include <array>

namespace senet {

void* current_stream() { return c10::cuda::getCurrentCUDAStream().stream(); }

namespace {

// One for all trainings: libraries keep memory for each stream, and gradients are bound to the one they began on.
c10::cuda::CUDAStream training_stream() {
  static const c10::cuda::CUDAStream stream = c10::cuda::getStreamFromPool();
  return stream;
}

}  // namespace

struct DeviceStream::State {
  c10::cuda::CUDAStreamGuard guard{training_stream()};
};

DeviceStream::DeviceStream(bool on_gpu) {
  if (!on_gpu) return;
  c10::cuda::device_synchronize();
  state_ = std::make_unique<State>();
}

DeviceStream::~DeviceStream() {
  // After an error of the GPU, waiting for it would be a second one.
  if (!state_ || cudaStreamSynchronize(c10::cuda::getCurrentCUDAStream()) != cudaSuccess) return;
  // Memory that recordings had serves no other training, and other processes may want it.
  try {
    c10::cuda::CUDACachingAllocator::emptyCache();
  } catch (const std::exception&) {
  }
}

struct DeviceGraph::State {
  // Each recording takes the memory of the one before, which is kept until it has ended.
  const at::cuda::MempoolId_t pool = at::cuda::graph_pool_handle();
  std::unique_ptr<at::cuda::CUDAGraph> graph;
};

DeviceGraph::DeviceGraph() = default;
DeviceGraph::~DeviceGraph() = default;

void DeviceGraph::record_work(const std::function<void()>& work) {
  if (!state_) state_ = std::make_unique<State>();
  auto graph = std::make_unique<at::cuda::CUDAGraph>();
  try {
    // Other threads may allocate pinned memory meanwhile.
    graph->capture_begin(state_->pool, cudaStreamCaptureModeThreadLocal);
    work();
    graph->capture_end();
  } catch (...) {
    const std::exception_ptr cause = std::current_exception();
    // A recording that is not ended would swallow all that follows; one that CUDA has given up leaves the allocator
    // and the last error as they were.
    try {
      graph->capture_end();
    } catch (const std::exception&) {
    }
    try {
      c10::cuda::CUDACachingAllocator::endAllocateToPool(c10::cuda::current_device(), state_->pool);
    } catch (const std::exception&) {
    }
    (void)cudaGetLastError();
    std::rethrow_exception(cause);
  }
  state_->graph = std::move(graph);
}

void DeviceGraph::replay_work() { state_->graph->replay(); }
void DeviceGraph::wait() { C10_CUDA_CHECK(cudaStreamSynchronize(c10::cuda::getCurrentCUDAStream())); }

struct RunAhead::State {
  static constexpr int64_t kSteps = 8;
  std::array<at::cuda::CUDAEvent, 2> events;
  int64_t steps = 0;
};

RunAhead::RunAhead(bool on_gpu) : state_(on_gpu ? std::make_unique<State>() : nullptr) {}
RunAhead::~RunAhead() = default;

void RunAhead::step() {
  if (!state_ || ++state_->steps % State::kSteps != 0) return;
  const int64_t turn = state_->steps / State::kSteps % 2;
  state_->events[turn].record();
  at::cuda::CUDAEvent& before = state_->events[1 - turn];
  if (before.isCreated()) before.synchronize();
}

void RunAhead::wait() {
  if (state_) C10_CUDA_CHECK(cudaStreamSynchronize(c10::cuda::getCurrentCUDAStream()));
}

Span::Span(const char* name) { nvtxRangePushA(name); }
Span::~Span() { nvtxRangePop(); }

void make_device_deterministic() {
  // LibTorch's own kernels need nothing more: those in use add up in a fixed order (max-pooling's gradient gathers,
  // pooling to 1×1 is a mean), and tests/cuda asks for it. cuBLAS reads this when its first handle is made.
  setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
  at::globalContext().setDeterministicCuDNN(true);
  at::globalContext().setBenchmarkCuDNN(false);
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
}

std::string device_name() { return at::cuda::getCurrentDeviceProperties()->name; }

DeviceMemory device_memory() {
  at::globalContext().lazyInitDevice(at::kCUDA);  // the allocator has no statistics before its first use
  size_t free = 0, total = 0;
  C10_CUDA_CHECK(cudaMemGetInfo(&free, &total));
  const auto statistics = c10::cuda::CUDACachingAllocator::getDeviceStats(c10::cuda::current_device());
  return {static_cast<int64_t>(free), static_cast<int64_t>(total), statistics.allocated_bytes[0].peak};
}

std::string explained_device_error(const std::exception& error) {
  const std::string cause = first_line(error);
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error)) {
    std::string at_most;
    try {
      const DeviceMemory memory = device_memory();
      at_most = text("; the GPU has ", memory.total >> 20, " MiB, ", memory.free >> 20,
                     " MiB of them free, and at most ", memory.most_in_use >> 20, " MiB were in use here");
    } catch (const std::exception&) {
    }
    return text("the GPU's memory is too small", at_most, "; a smaller training.batch or model.width needs less (",
                cause, ")");
  }
  if (dynamic_cast<const c10::AcceleratorError*>(&error) || cause.find("CUDA error") != std::string::npos) {
    return text("the GPU failed: ", cause,
                "; the last checkpoint was kept, and the same command goes on from it once the GPU works (nvidia-smi)");
  }
  return "";
}

}  // namespace senet

#else

namespace senet {

namespace {
[[noreturn]] void no_cuda() { fail("this build has no CUDA; scripts/build cuda makes one that has"); }
}  // namespace

struct DeviceStream::State {};
struct DeviceGraph::State {};
struct RunAhead::State {};

void* current_stream() { no_cuda(); }
DeviceStream::DeviceStream(bool) {}
DeviceStream::~DeviceStream() = default;
DeviceGraph::DeviceGraph() = default;
DeviceGraph::~DeviceGraph() = default;
void DeviceGraph::record_work(const std::function<void()>&) { no_cuda(); }
void DeviceGraph::replay_work() { no_cuda(); }
void DeviceGraph::wait() { no_cuda(); }
RunAhead::RunAhead(bool) {}
RunAhead::~RunAhead() = default;
void RunAhead::step() {}
void RunAhead::wait() {}
Span::Span(const char*) {}
Span::~Span() = default;
void make_device_deterministic() {}
std::string device_name() { no_cuda(); }
DeviceMemory device_memory() { no_cuda(); }
std::string explained_device_error(const std::exception&) { return ""; }

}  // namespace senet

#endif
