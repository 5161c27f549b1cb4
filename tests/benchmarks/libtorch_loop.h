#pragma once

#include <torch/types.h>

namespace senet {

// The same training as a plain LibTorch program writes it: ResNet18 for CIFAR from torch::nn, cross entropy,
// torch::optim::SGD. It is what our own steps are measured against, and runs in a process of its own: what a program's
// memory costs it depends on all that it allocates.
class LibtorchLoop {
 public:
  struct Setting {
    int64_t width, batch, classes;
    torch::ScalarType precision;
    bool channels_last;
  };
  LibtorchLoop();  // forks: to be made before this process has threads
  ~LibtorchLoop();
  LibtorchLoop(const LibtorchLoop&) = delete;
  LibtorchLoop& operator=(const LibtorchLoop&) = delete;

  // One step of the training of that setting, which goes on from step to step. Returns when it is done.
  void step(const Setting& setting);

 private:
  int requests_ = -1, answers_ = -1, child_ = -1;
};

}  // namespace senet
