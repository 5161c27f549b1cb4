#include <torch/nn/modules/container/modulelist.h>
#include <torch/types.h>

#include <array>

#include "senet/error.h"
#include "senet/network.h"

namespace {

using senet::BatchNorm2d;
using senet::Conv2d;
using senet::Conv2dOptions;
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
    senet::boolean_option(
        "identity_shortcut", "true",
        "shortcuts around blocks that keep the shape; false: projections alone, as in a public code of "
        "the authors"),
    senet::text_option("initialisation", "\"fan_out\"", "Kaiming normal of the convolutions; SNL uses fan_in")
        .one_of("fan_out fan_in"),
};

struct Spec {
  std::vector<int64_t> blocks;  // of each stage
  int64_t width;
  bool imagenet_stem;
  bool stem_relu;
  bool identity_shortcut;
  bool fan_in;
};

std::shared_ptr<Conv2d> conv(const Spec& spec, int64_t in, int64_t out, int64_t kernel, int64_t stride) {
  return std::make_shared<Conv2d>(Conv2dOptions{in, out, kernel, stride, kernel / 2, false, spec.fan_in});
}

class BasicBlock final : public torch::nn::Module {
 public:
  BasicBlock(const Spec& spec, int64_t in, int64_t out, int64_t stride) : identity_(spec.identity_shortcut) {
    conv1 = register_module("conv1", conv(spec, in, out, 3, stride));
    bn1_ = register_module("bn1", std::make_shared<BatchNorm2d>(out));
    conv2 = register_module("conv2", conv(spec, out, out, 3, 1));
    bn2_ = register_module("bn2", std::make_shared<BatchNorm2d>(out));
    if (stride != 1 || in != out) {
      projection_ = conv(spec, in, out, 1, stride);
      projection_bn_ = std::make_shared<BatchNorm2d>(out);
      register_module("shortcut", torch::nn::ModuleList(projection_, projection_bn_));
    }
  }

  torch::Tensor forward(const torch::Tensor& x, Observer* observer) {
    const torch::Tensor y = relu1->after(*bn1_, conv1->forward(x), {}, observer);
    return relu2->after(*bn2_, conv2->forward(y), shortcut(x), observer);
  }

  std::shared_ptr<Conv2d> conv1, conv2;
  const ReluSite* relu1 = nullptr;
  const ReluSite* relu2 = nullptr;

 private:
  torch::Tensor shortcut(const torch::Tensor& x) {
    if (projection_) return projection_bn_->forward(projection_->forward(x));
    return identity_ ? x : torch::Tensor();
  }

  bool identity_;
  std::shared_ptr<Conv2d> projection_;
  std::shared_ptr<BatchNorm2d> bn1_, bn2_, projection_bn_;
};

// He et al., "Deep Residual Learning", CVPR 2016, as it is used on CIFAR: basic blocks, a 1×1 convolution with batch
// norm on the shortcut where the shape changes. A ReLU site stands after the stem's batch norm, after each block's
// first batch norm and after each block's addition.
class ResNet final : public senet::Network {
 public:
  ResNet(const Spec& spec, const NetworkShape& shape) : Network(shape), spec_(spec) {
    int64_t channels = shape.scaled(spec.width);
    const int64_t kernel = spec.imagenet_stem ? 7 : 3, stride = spec.imagenet_stem ? 2 : 1;
    conv1_ = register_module("conv1", conv(spec, shape.channels, channels, kernel, stride * shape.stem_stride));
    bn1_ = register_module("bn1", std::make_shared<BatchNorm2d>(channels));
    int64_t height = conv1_->output_size(shape.height), width = conv1_->output_size(shape.width);
    if (spec.stem_relu) stem_relu_ = add_site("relu", {channels, height, width}, 1, "conv1", conv1_);
    if (spec.imagenet_stem) {
      height = (height + 1) / 2;
      width = (width + 1) / 2;
    }
    const std::vector<int64_t> blocks = shape.blocks_or(spec.blocks);
    for (int stage = 1; stage <= 4; ++stage) {
      const int64_t out = shape.scaled(spec.width << (stage - 1));
      const std::string layer = "layer" + std::to_string(stage);
      auto modules = register_module(layer, torch::nn::ModuleList());
      for (int64_t i = 0; i < blocks[stage - 1]; ++i) {
        auto block = std::make_shared<BasicBlock>(spec, channels, out, stage > 1 && i == 0 ? 2 : 1);
        modules->push_back(block);
        stages_[stage - 1].push_back(block);
        height = block->conv1->output_size(height);
        width = block->conv1->output_size(width);
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
    torch::Tensor x = conv1_->forward(images);
    x = stem_relu_ ? stem_relu_->after(*bn1_, std::move(x), {}, observer) : bn1_->forward(x);
    if (spec_.imagenet_stem) x = torch::max_pool2d(x, 3, 2, 1);
    for (int stage = 1; stage <= 4; ++stage) {
      for (const auto& block : stages_[stage - 1]) x = block->forward(x, observer);
      if (observer) observer->at_stage_end(stage, x);
    }
    return linear_->forward(torch::adaptive_avg_pool2d(x, {1, 1}).flatten(1));
  }

 private:
  Spec spec_;
  std::shared_ptr<Conv2d> conv1_;
  std::shared_ptr<BatchNorm2d> bn1_;
  const ReluSite* stem_relu_ = nullptr;
  std::array<std::vector<std::shared_ptr<BasicBlock>>, 4> stages_;
  std::shared_ptr<senet::Classifier> linear_;
};

template <int... blocks>
class Plugin final : public senet::Model {
 public:
  explicit Plugin(const senet::Options& options)
      : spec_{{blocks...},
              options.integer("width"),
              options.text("stem") == "imagenet",
              options.boolean("stem_relu"),
              options.boolean("identity_shortcut"),
              options.text("initialisation") == "fan_in"} {}
  std::shared_ptr<senet::Network> build(const NetworkShape& shape) override {
    return std::make_shared<ResNet>(spec_, shape);
  }

 private:
  Spec spec_;
};

}  // namespace

SENET_PLUGIN(senet::entry<Plugin<2, 2, 2, 2>>("resnet18",
                                              "ResNet18 for CIFAR or ImageNet, with or without the stem's ReLU",
                                              kOptions),
             senet::entry<Plugin<3, 4, 6, 3>>("resnet34",
                                              "ResNet34 for CIFAR or ImageNet, with or without the stem's ReLU",
                                              kOptions));
