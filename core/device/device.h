#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>

#include "senet/error.h"

// What a training needs of a GPU, as far as it is more than tensors. On a CPU, and in a build without CUDA, all of it
// is there and does nothing, but for recording, which nobody asks for there.
namespace senet {

// The stream of the calling thread (a cudaStream_t).
void* current_stream();

// While it lives, the calling thread's work on the GPU goes to a stream of its own: a graph cannot be recorded on the
// default one. Waits for the GPU at both ends.
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

// Work on the GPU, recorded once and then replayed as a whole (a CUDA graph): no more than one call of the host for
// hundreds of kernels. It reads and writes the memory that it was recorded with.
class DeviceGraph {
 public:
  DeviceGraph();
  ~DeviceGraph();
  // Does not do the work. The same work has to have been done on this stream before, so that nothing is set up in it,
  // and it must not wait for the GPU.
  void record(const std::function<void()>& work);
  void replay();
  bool recorded() const { return recorded_; }
  void forget() { recorded_ = false; }

 private:
  struct State;
  std::unique_ptr<State> state_;
  bool recorded_ = false;
};

// Keeps the host from running more than some steps ahead of the GPU, of which it would see nothing until an epoch's
// end.
class RunAhead {
 public:
  explicit RunAhead(bool on_gpu);
  ~RunAhead();
  void step();  // after each

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A named span of the host's time, for NVIDIA's profilers (NVTX).
class Span {
 public:
  explicit Span(const char* name);
  ~Span();
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;
};

// Results that repeat bit for bit, and float32 that is float32 (no TF32); before the first work on the GPU.
void make_device_deterministic();
std::string device_name();

struct DeviceMemory {
  int64_t free, total, most_in_use;  // bytes; the last of this process's tensors
};
DeviceMemory device_memory();

// An error of the GPU in the user's words, with what to do; empty for any other.
std::string explained_device_error(const std::exception& error);

// What body() returns; its errors of the GPU as Errors.
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
