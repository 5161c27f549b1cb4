#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "senet/error.h"

// What a training needs of a GPU beside tensors. On a CPU, and in a build without CUDA, these classes do nothing;
// DeviceGraph alone throws there. A set SENET_PLAIN_STEPS in the environment forbids recorded steps.
namespace senet {

// The stream of the calling thread (a cudaStream_t).
void* current_stream();

// While it lives, the calling thread's work on the GPU goes to a stream other than the default one, on which no graph
// can be recorded. Waits for the GPU at its start and at its end.
class DeviceStream {
 public:
  explicit DeviceStream(bool on_gpu);
  ~DeviceStream();
  DeviceStream(const DeviceStream&) = delete;
  DeviceStream& operator=(const DeviceStream&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// While it lives, what the calling thread asks of the GPU is recorded, not done: nothing may be copied there then.
class Capture {
 public:
  Capture();
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  static bool active();
  // Work of the host, and of the device, to be done before each replay of what is being recorded, in the order of the
  // calls: what the replay reads has changed, or the host has to know what the replay changes.
  static void before_replays(std::function<void()> work);

 private:
  friend class WorkGraph;
  std::vector<std::function<void()>> before_replays_;
};

// Work that is recorded once and then replayed as a whole. It reads and writes the memory that it was recorded with.
class WorkGraph {
 public:
  virtual ~WorkGraph() = default;
  // Records the work and does not do it. The same work has to have been done before, so that libraries have set
  // themselves up, and it must not wait for the GPU. Throws where it cannot be recorded; nothing is recorded then.
  void record(const std::function<void()>& work);
  void replay();
  // Until all that was replayed is done.
  virtual void wait() = 0;
  bool recorded() const { return recorded_; }
  void forget() { recorded_ = false; }

 protected:
  virtual void record_work(const std::function<void()>& work) = 0;
  virtual void replay_work() = 0;

 private:
  bool recorded_ = false;
  std::vector<std::function<void()>> before_replays_;
};

// A CUDA graph: one call of the host for hundreds of kernels.
class DeviceGraph final : public WorkGraph {
 public:
  DeviceGraph();
  ~DeviceGraph() override;
  void wait() override;

 protected:
  void record_work(const std::function<void()>& work) override;
  void replay_work() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// For the steps of a training; null where none are recorded: off the GPU, or with SENET_PLAIN_STEPS.
std::unique_ptr<WorkGraph> step_graph(bool on_gpu);

// Keeps the host from running more than some steps ahead of the GPU: it would otherwise see nothing of them until the
// epoch's end.
class RunAhead {
 public:
  explicit RunAhead(bool on_gpu);
  ~RunAhead();
  void step();  // after each
  void wait();  // until the GPU has done all of them

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A named span of the host's time, for NVIDIA's profilers (NVTX).
class Span {
 public:
  explicit Span(const char* name);
  ~Span();  // NOLINT(performance-trivially-destructible): on a GPU it ends the span
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;
};

// Makes results repeat bit for bit, and float32 be float32 (no TF32). To be called before the first work on the GPU.
void make_device_deterministic();
std::string device_name();

struct DeviceMemory {
  int64_t free, total, most_in_use;  // bytes; the last of this process's tensors
};
DeviceMemory device_memory();

// What an error says, without the stack that LibTorch's have behind it.
std::string first_line(const std::exception& error);
// What an error of the GPU means to the user, with what to do; empty for any other error.
std::string explained_device_error(const std::exception& error);

// Returns what body() returns; turns its errors of the GPU into Errors.
template <class Body>
auto with_explained_errors(const Body& body) {
  try {
    return body();
  } catch (const std::exception& error) {
    const std::string explained = explained_device_error(error);
    if (explained.empty()) throw;
    throw Error(explained);
  }
}

}  // namespace senet
