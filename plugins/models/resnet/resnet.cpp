#include <torch/nn/modules/container/modulelist.h>
#include <torch/types.h>

#include <array>
#include <cmath>

#include "senet/error.h"
#include "senet/network.h"

namespace {

using senet::BatchNorm2d;
using senet::Conv2d;
using senet::NetworkShape;
using senet::Observer;
using senet::ReluSite;
using senet::SiteShape;

constexpr senet::Option kOptions[] = {
    senet::integer_option("width", "64", "channels of the first residual stage").between(1, 4096).in("channels"),
    senet::text_option(
        "stem", "\"cifar\"",
        "cifar: 3×3 stride 1; imagenet: 7×7 stride 2 and a 3×3 stride-2 max-pool; never guessed from the input")
        .one_of("cifar imagenet"),
    senet::boolean_option("stem_relu", "true", "a ReLU after the stem's batch norm; SNL's variant has none"),
};

int64_t strided(int64_t size, int64_t stride) { return (size + stride - 1) / stride; }

struct Spec {
  std::array<int, 4> blocks;
  int64_t width;
  bool imagenet_stem;
  bool stem_relu;
};

class BasicBlock final : public torch::nn::Module {
 public:
  BasicBlock(int64_t in, int64_t out, int64_t stride) {
    conv1 = register_module("conv1", std::make_shared<Conv2d>(senet::Conv2dOptions{in, out, 3, stride, 1}));
    bn1_ = register_module("bn1", std::make_shared<BatchNorm2d>(out));
    conv2 = register_module("conv2", std::make_shared<Conv2d>(senet::Conv2dOptions{out, out, 3, 1, 1}));
    bn2_ = register_module("bn2", std::make_shared<BatchNorm2d>(out));
    if (stride != 1 || in != out) {
      shortcut_ = register_module("shortcut", torch::nn::ModuleList());
      shortcut_->push_back(std::make_shared<Conv2d>(senet::Conv2dOptions{in, out, 1, stride, 0}));
      shortcut_->push_back(std::make_shared<BatchNorm2d>(out));
    }
  }

  torch::Tensor forward(const torch::Tensor& x, Observer* observer) {
    torch::Tensor y = relu1->forward(bn1_->forward(conv1->forward(x)), observer);
    y = bn2_->forward(conv2->forward(y));
    return relu2->forward(y + shortcut(x), observer);
  }

  std::shared_ptr<Conv2d> conv1, conv2;
  const ReluSite* relu1 = nullptr;
  const ReluSite* relu2 = nullptr;

 private:
  torch::Tensor shortcut(const torch::Tensor& x) {
    if (!shortcut_) return x;
    torch::Tensor y = x;
    for (const auto& layer : *shortcut_) y = std::static_pointer_cast<senet::Layer>(layer)->forward(y);
    return y;
  }

  std::shared_ptr<BatchNorm2d> bn1_, bn2_;
  torch::nn::ModuleList shortcut_{nullptr};
};

// He et al., "Deep Residual Learning", CVPR 2016, as it is used on CIFAR: basic blocks, a 1×1 convolution with batch
// norm on the shortcut where the shape changes. A ReLU site stands after the stem's batch norm, after each block's
// first batch norm and after each block's addition.
class ResNet final : public senet::Network {
 public:
  ResNet(const Spec& spec, const NetworkShape& shape) : spec_(spec) {
    const auto scaled = [&](int64_t channels) {
      return std::max<int64_t>(1, static_cast<int64_t>(std::floor(shape.scale * static_cast<double>(channels))));
    };
    int64_t channels = scaled(spec.width);
    int64_t height = shape.height, width = shape.width;
    const senet::Conv2dOptions stem = spec.imagenet_stem ? senet::Conv2dOptions{shape.channels, channels, 7, 2, 3}
                                                         : senet::Conv2dOptions{shape.channels, channels, 3, 1, 1};
    conv1_ = register_module("conv1", std::make_shared<Conv2d>(stem));
    bn1_ = register_module("bn1", std::make_shared<BatchNorm2d>(channels));
    height = strided(height, stem.stride);
    width = strided(width, stem.stride);
    if (spec.stem_relu) stem_relu_ = add_site("relu", {channels, height, width}, 1, "conv1", conv1_);
    if (spec.imagenet_stem) {
      height = strided(height, 2);
      width = strided(width, 2);
    }
    for (int stage = 1; stage <= 4; ++stage) {
      const int64_t out = scaled(spec.width << (stage - 1));
      const std::string layer = "layer" + std::to_string(stage);
      stages_[stage - 1] = register_module(layer, torch::nn::ModuleList());
      for (int i = 0; i < spec.blocks[stage - 1]; ++i) {
        const int64_t stride = stage > 1 && i == 0 ? 2 : 1;
        height = strided(height, stride);
        width = strided(width, stride);
        auto block = std::make_shared<BasicBlock>(channels, out, stride);
        stages_[stage - 1]->push_back(block);
        const std::string path = layer + "." + std::to_string(i);
        const SiteShape site = {out, height, width};
        block->relu1 = add_site(path + ".relu1", site, stage, path + ".conv1", block->conv1);
        block->relu2 = add_site(path + ".relu2", site, stage, path + ".conv2", block->conv2);
        channels = out;
      }
    }
    linear_ = register_module("linear", std::make_shared<senet::Classifier>(channels, shape.classes));
  }

  torch::Tensor forward(const torch::Tensor& images, Observer* observer) override {
    torch::Tensor x = bn1_->forward(conv1_->forward(images));
    if (stem_relu_) x = stem_relu_->forward(x, observer);
    if (spec_.imagenet_stem) x = torch::max_pool2d(x, 3, 2, 1);
    for (int stage = 1; stage <= 4; ++stage) {
      for (const auto& block : *stages_[stage - 1])
        x = std::static_pointer_cast<BasicBlock>(block)->forward(x, observer);
      if (observer) observer->at_stage_end(stage, x);
    }
    return linear_->forward(torch::adaptive_avg_pool2d(x, {1, 1}).flatten(1));
  }

 private:
  Spec spec_;
  std::shared_ptr<Conv2d> conv1_;
  std::shared_ptr<BatchNorm2d> bn1_;
  const ReluSite* stem_relu_ = nullptr;
  std::array<torch::nn::ModuleList, 4> stages_{nullptr, nullptr, nullptr, nullptr};
  std::shared_ptr<senet::Classifier> linear_;
};

class ResNet18 final : public senet::Model {
 public:
  explicit ResNet18(const senet::Options& options)
      : spec_{
            {2, 2, 2, 2}, options.integer("width"), options.text("stem") == "imagenet", options.boolean("stem_relu")} {}
  std::shared_ptr<senet::Network> build(const NetworkShape& shape) override {
    return std::make_shared<ResNet>(spec_, shape);
  }

 private:
  Spec spec_;
};

}  // namespace

SENET_PLUGIN(senet::entry<ResNet18>("resnet18", "ResNet18 for CIFAR or ImageNet, with or without the stem's ReLU",
                                    kOptions));
