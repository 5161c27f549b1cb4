#pragma once

#include <torch/types.h>

#include <memory>

namespace senet {

// The same training as a plain LibTorch program writes it: ResNet18 for CIFAR from torch::nn, cross entropy,
// torch::optim::SGD. It is what our own steps are measured against.
class LibtorchLoop {
 public:
  LibtorchLoop(int64_t width, int64_t classes, torch::MemoryFormat format, torch::ScalarType precision);
  ~LibtorchLoop();
  void to(const torch::Device& device);
  void step(const torch::Tensor& images, const torch::Tensor& labels);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace senet
