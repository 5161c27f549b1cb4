#include "benchmarks/libtorch_loop.h"

#include <torch/torch.h>

namespace senet {

namespace {

torch::nn::Conv2d conv(int64_t in, int64_t out, int64_t kernel, int64_t stride) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).bias(false));
}

struct BlockImpl : torch::nn::Module {
  BlockImpl(int64_t in, int64_t out, int64_t stride)
      : conv1(register_module("conv1", conv(in, out, 3, stride))),
        conv2(register_module("conv2", conv(out, out, 3, 1))),
        bn1(register_module("bn1", torch::nn::BatchNorm2d(out))),
        bn2(register_module("bn2", torch::nn::BatchNorm2d(out))) {
    if (stride != 1 || in != out) {
      shortcut =
          register_module("shortcut", torch::nn::Sequential(conv(in, out, 1, stride), torch::nn::BatchNorm2d(out)));
    }
  }
  torch::Tensor forward(const torch::Tensor& x) {
    const torch::Tensor y = bn2(conv2(torch::relu(bn1(conv1(x)))));
    return torch::relu(y + (shortcut.is_empty() ? x : shortcut->forward(x)));
  }
  torch::nn::Conv2d conv1, conv2;
  torch::nn::BatchNorm2d bn1, bn2;
  torch::nn::Sequential shortcut{nullptr};
};
TORCH_MODULE(Block);

struct ResNet18Impl : torch::nn::Module {
  ResNet18Impl(int64_t width, int64_t classes)
      : conv1(register_module("conv1", conv(3, width, 3, 1))),
        bn1(register_module("bn1", torch::nn::BatchNorm2d(width))),
        linear(register_module("linear", torch::nn::Linear(8 * width, classes))) {
    int64_t in = width;
    for (int stage = 0; stage < 4; ++stage) {
      const int64_t out = width << stage;
      blocks->push_back(Block(in, out, stage == 0 ? 1 : 2));
      blocks->push_back(Block(out, out, 1));
      in = out;
    }
    register_module("blocks", blocks);
  }
  torch::Tensor forward(const torch::Tensor& images) {
    const torch::Tensor x = blocks->forward(torch::relu(bn1(conv1(images))));
    return linear(torch::adaptive_avg_pool2d(x, {1, 1}).flatten(1)).to(torch::kFloat32);
  }
  torch::nn::Conv2d conv1;
  torch::nn::BatchNorm2d bn1;
  torch::nn::Sequential blocks;
  torch::nn::Linear linear;
};
TORCH_MODULE(ResNet18);

}  // namespace

struct LibtorchLoop::Parts {
  ResNet18 network;
  torch::optim::SGD optimizer;
  torch::MemoryFormat format;
  torch::ScalarType precision;

  Parts(const ResNet18& made, torch::MemoryFormat memory_format, torch::ScalarType type)
      : network(made),
        optimizer(network->parameters(), torch::optim::SGDOptions(0).momentum(0.9).weight_decay(5e-4)),
        format(memory_format),
        precision(type) {}
};

LibtorchLoop::LibtorchLoop(int64_t width, int64_t classes, torch::MemoryFormat format, torch::ScalarType precision) {
  ResNet18 network(width, classes);
  network->to(precision);
  for (torch::Tensor& parameter : network->parameters()) {
    if (parameter.dim() == 4) parameter.set_data(parameter.contiguous(format));
  }
  parts_ = std::make_unique<Parts>(network, format, precision);
}
LibtorchLoop::~LibtorchLoop() = default;

void LibtorchLoop::to(const torch::Device& device) { parts_->network->to(device); }

void LibtorchLoop::step(const torch::Tensor& images, const torch::Tensor& labels) {
  parts_->optimizer.zero_grad();
  const torch::Tensor x = images.to(parts_->precision).contiguous(parts_->format);
  torch::nn::functional::cross_entropy(parts_->network(x), labels).backward();
  parts_->optimizer.step();
}

}  // namespace senet
