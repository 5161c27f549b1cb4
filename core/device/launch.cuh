#pragma once

#include "device/device.h"
#include "device/kernel.h"

namespace senet {

template <class Kernel>
__global__ void __launch_bounds__(Kernel::kThreads) run_kernel(const Kernel kernel) {
  __shared__ typename Kernel::Shared shared;
  typename Kernel::Local local;
  const Block block{blockIdx.x, blockIdx.y, gridDim.y};
#pragma unroll
  for (int phase = 0; phase < Kernel::kPhases; ++phase) {
    if (phase > 0) __syncthreads();
    kernel.run(phase, block, static_cast<int>(threadIdx.x), local, shared);
  }
}

template <class Kernel>
void launch(const Kernel& kernel, Blocks blocks) {
  if (blocks.x == 0 || blocks.y == 0) return;
  const dim3 grid(static_cast<unsigned>(blocks.x), static_cast<unsigned>(blocks.y));
  run_kernel<<<grid, Kernel::kThreads, 0, static_cast<cudaStream_t>(current_stream())>>>(kernel);
  const cudaError_t error = cudaGetLastError();
  SENET_CHECK(error == cudaSuccess, "a kernel could not be started on the GPU: ", cudaGetErrorString(error));
}

}  // namespace senet

// Compiles a kernel for the device, for launch() anywhere: one line each in the .cu file beside it.
#define SENET_KERNEL(...) template void senet::launch(const __VA_ARGS__&, senet::Blocks)
// The same for a kernel of elements and packs, in every form that with_pack() asks for.
#define SENET_PACKED_KERNELS(kernel) \
  SENET_KERNEL(kernel<float, 1>);    \
  SENET_KERNEL(kernel<float, 4>);    \
  SENET_KERNEL(kernel<uint16_t, 1>); \
  SENET_KERNEL(kernel<uint16_t, 8>)
