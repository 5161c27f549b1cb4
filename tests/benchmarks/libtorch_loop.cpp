#include "benchmarks/libtorch_loop.h"

#include <sys/wait.h>
#include <torch/torch.h>
#include <unistd.h>

#include <map>
#include <tuple>

#include "cli/threads.h"
#include "experiment/environment.h"
#include "senet/error.h"

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

struct LoopTraining {
  LibtorchLoop::Setting setting;
  torch::Device device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  torch::MemoryFormat format =
      setting.channels_last ? torch::MemoryFormat::ChannelsLast : torch::MemoryFormat::Contiguous;
  ResNet18 network{setting.width, setting.classes};
  torch::Tensor images = torch::randn({setting.batch, 3, 32, 32}).to(device, setting.precision).contiguous(format);
  torch::Tensor labels = (torch::arange(setting.batch) % setting.classes).to(device);
  std::unique_ptr<torch::optim::SGD> optimizer;

  explicit LoopTraining(const LibtorchLoop::Setting& of) : setting(of) {
    network->to(device, setting.precision);
    for (torch::Tensor& parameter : network->parameters()) {
      if (parameter.dim() == 4) parameter.set_data(parameter.contiguous(format));
    }
    optimizer = std::make_unique<torch::optim::SGD>(network->parameters(),
                                                    torch::optim::SGDOptions(0).momentum(0.9).weight_decay(5e-4));
  }
  void step() {
    optimizer->zero_grad();
    torch::nn::functional::cross_entropy(network(images), labels).backward();
    optimizer->step();
    if (device.is_cuda()) torch::cuda::synchronize();
  }
};

using Key = std::tuple<int64_t, int64_t, torch::ScalarType, bool>;

[[noreturn]] void serve(int requests, int answers) {
  at::set_num_threads(available_threads());
  resolve_device("auto");  // the same promises: float32 that is float32, results that repeat
  std::map<Key, LoopTraining> trainings;
  LibtorchLoop::Setting setting;
  while (read(requests, &setting, sizeof setting) == sizeof setting) {
    const Key key = {setting.width, setting.batch, setting.precision, setting.channels_last};
    trainings.try_emplace(key, setting).first->second.step();
    if (write(answers, "", 1) != 1) break;
  }
  _exit(0);
}

}  // namespace

LibtorchLoop::LibtorchLoop() {
  int requests[2], answers[2];
  SENET_CHECK(pipe(requests) == 0 && pipe(answers) == 0, "no pipe to a process of LibTorch's own");
  child_ = fork();
  SENET_CHECK(child_ >= 0, "no process for LibTorch's own");
  if (child_ == 0) {
    close(requests[1]), close(answers[0]);
    serve(requests[0], answers[1]);
  }
  close(requests[0]), close(answers[1]);
  requests_ = requests[1], answers_ = answers[0];
}

LibtorchLoop::~LibtorchLoop() {
  close(requests_), close(answers_);
  waitpid(child_, nullptr, 0);
}

void LibtorchLoop::step(const Setting& setting) {
  char answer;
  SENET_CHECK(write(requests_, &setting, sizeof setting) == sizeof setting && read(answers_, &answer, 1) == 1,
              "the process of LibTorch's own training has ended");
}

}  // namespace senet
