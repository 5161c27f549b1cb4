#pragma once

#include <cstddef>
#include <cstdint>

#include "senet/error.h"

#ifdef __CUDACC__
#define SENET_HOST_DEVICE __host__ __device__
#else
#define SENET_HOST_DEVICE
#endif

namespace senet {

// A GPU's kernel is a class, so that its index arithmetic runs on the host as well, in a test:
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

}  // namespace senet
