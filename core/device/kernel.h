#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "senet/error.h"

#ifdef __CUDACC__
#define SENET_HOST_DEVICE __host__ __device__
#else
#define SENET_HOST_DEVICE
#endif

namespace senet {

// A GPU's kernel is a class, so that its index arithmetic runs on the host as well, where it is tested:
//
//   struct Kernel {
//     static constexpr int kThreads = 256, kPhases = 2;
//     struct Shared { … };  // of a block, plain data
//     struct Local { … };   // of a thread, kept from phase to phase
//     SENET_HOST_DEVICE void run(int phase, const Block& block, int thread, Local& local, Shared& shared) const;
//     …                     // the arguments, copied to the device
//   };
//
// All threads of a block end a phase before one begins the next.
struct Blocks {
  int64_t x, y;
};
struct Block {
  int64_t x, y;    // its place
  int64_t across;  // how many there are in y
};
struct Nothing {};

inline Blocks in_blocks(int64_t threads, int64_t threads_a_block, int64_t y = 1) {
  return {(threads + threads_a_block - 1) / threads_a_block, y};
}

// Starts a kernel on the current stream of the device, and does not wait for it. Defined where it is compiled for one
// (launch.cuh); no tensor can lie on a GPU in a build without CUDA.
#ifdef SENET_CUDA
template <class Kernel>
void launch(const Kernel& kernel, Blocks blocks);
#else
template <class Kernel>
void launch(const Kernel&, Blocks) {
  fail("this build has no CUDA; scripts/build cuda makes one that has");
}
#endif

// Runs a kernel on the host, thread by thread, over memory of the host. Shared and local memory begin as garbage, and
// the threads of every other block run backwards, so that a kernel that relies on either shows it.
template <class Kernel>
void emulate(const Kernel& kernel, Blocks blocks) {
  const auto shared = std::make_unique<typename Kernel::Shared>();
  std::vector<typename Kernel::Local> locals(Kernel::kThreads);
  for (int64_t y = 0; y < blocks.y; ++y) {
    for (int64_t x = 0; x < blocks.x; ++x) {
      std::memset(static_cast<void*>(shared.get()), 0xFF, sizeof(typename Kernel::Shared));
      std::memset(static_cast<void*>(locals.data()), 0xFF, locals.size() * sizeof(typename Kernel::Local));
      for (int phase = 0; phase < Kernel::kPhases; ++phase) {
        for (int i = 0; i < Kernel::kThreads; ++i) {
          const int thread = (x + y) % 2 == 0 ? i : Kernel::kThreads - 1 - i;
          kernel.run(phase, {x, y, blocks.y}, thread, locals[thread], *shared);
        }
      }
    }
  }
}

}  // namespace senet
