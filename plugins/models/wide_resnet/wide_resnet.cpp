#include <torch/nn/modules/container/modulelist.h>
#include <torch/types.h>

#include <array>

#include "senet/network.h"

namespace {

using senet::BatchNorm2d;
using senet::Conv2d;
using senet::Conv2dOptions;
using senet::NetworkShape;
using senet::Observer;
using senet::ReluSite;
using senet::SiteShape;

constexpr int64_t kStem = 16;
constexpr int kBlocks = 3;  // a stage, at depth 22

constexpr senet::Option kOptions[] = {
    senet::integer_option("width", "128", "channels of the first residual stage: 16·k for WRN-22-k; the stem keeps 16")
        .between(1, 4096)
        .in("channels"),
    senet::boolean_option("last_relu", "true", "a ReLU before the pooling; SNL's variant has none"),
    senet::boolean_option("identity_shortcut", "true",
                          "shortcuts around blocks that keep the shape; false: projections alone"),
    senet::text_option("initialisation", "\"fan_out\"",
                       "Kaiming normal of the convolutions; SNL's wide network takes fan_out too, its ResNets fan_in")
        .one_of("fan_out fan_in"),
    senet::text_option(
        "stage_maps", "\"activation\"",
        "what PRAM compares at a stage's end. activation: the one that follows the stage; authors: as in "
        "the authors' public code, of the student (in training mode) batch norm's output before that "
        "activation, of the teacher (in eval mode) the sum that ends the stage's last block")
        .one_of("activation authors"),
};

struct Spec {
  int64_t width;
  bool last_relu;
  bool identity_shortcut;
  bool fan_in;
  bool authors_maps;
};

std::shared_ptr<Conv2d> conv(const Spec& spec, int64_t in, int64_t out, int64_t kernel, int64_t stride) {
  return std::make_shared<Conv2d>(Conv2dOptions{in, out, kernel, stride, kernel / 2, false, spec.fan_in});
}

class Block final : public torch::nn::Module {
 public:
  Block(const Spec& spec, int64_t in, int64_t out, int64_t stride) : identity_(spec.identity_shortcut) {
    bn1 = register_module("bn1", std::make_shared<BatchNorm2d>(in));
    conv1 = register_module("conv1", conv(spec, in, out, 3, stride));
    bn2_ = register_module("bn2", std::make_shared<BatchNorm2d>(out));
    conv2 = register_module("conv2", conv(spec, out, out, 3, 1));
    if (stride != 1 || in != out) {
      projection_ = conv(spec, in, out, 1, stride);
      register_module("shortcut", torch::nn::ModuleList(projection_));
    }
  }

  // `activated` is relu1's output for bn1(x).
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& activated, Observer* observer) {
    const torch::Tensor y = conv2->forward(relu2->after(*bn2_, conv1->forward(activated), {}, observer));
    if (projection_) return y + projection_->forward(activated);
    return identity_ ? y + x : y;
  }

  std::shared_ptr<BatchNorm2d> bn1;
  std::shared_ptr<Conv2d> conv1, conv2;
  const ReluSite* relu1 = nullptr;
  const ReluSite* relu2 = nullptr;

 private:
  std::shared_ptr<BatchNorm2d> bn2_;
  std::shared_ptr<Conv2d> projection_;
  bool identity_;
};

// Zagoruyko and Komodakis, "Wide Residual Networks", BMVC 2016: pre-activation blocks in three stages. A ReLU site
// stands before each convolution of a block, and before the pooling. The activation that follows a stage (the first of
// the next one, or the last before the pooling) is that stage's end, and its site belongs to that stage. With the
// authors' maps the stage's end is another tensor of the same shape, see `stage_maps`.
class WideResNet final : public senet::Network {
 public:
  WideResNet(const Spec& spec, const NetworkShape& shape) : Network(shape), authors_maps_(spec.authors_maps) {
    int64_t channels = shape.scaled(kStem);
    conv1_ = register_module("conv1", conv(spec, shape.channels, channels, 3, shape.stem_stride));
    int64_t height = conv1_->output_size(shape.height), width = conv1_->output_size(shape.width);
    std::string feeding_name = "conv1";
    std::shared_ptr<Conv2d> feeding = conv1_;
    const std::vector<int64_t> blocks = shape.blocks_or({kBlocks, kBlocks, kBlocks});
    for (int stage = 1; stage <= 3; ++stage) {
      const int64_t out = shape.scaled(spec.width << (stage - 1));
      const std::string layer = "layer" + std::to_string(stage);
      auto modules = register_module(layer, torch::nn::ModuleList());
      for (int64_t i = 0; i < blocks[stage - 1]; ++i) {
        auto block = std::make_shared<Block>(spec, channels, out, stage > 1 && i == 0 ? 2 : 1);
        modules->push_back(block);
        stages_[stage - 1].push_back(block);
        const std::string path = layer + "." + std::to_string(i);
        block->relu1 = add_site(path + ".relu1", {channels, height, width}, i == 0 ? std::max(1, stage - 1) : stage,
                                feeding_name, feeding);
        height = block->conv1->output_size(height);
        width = block->conv1->output_size(width);
        block->relu2 = add_site(path + ".relu2", {out, height, width}, stage, path + ".conv1", block->conv1);
        feeding_name = path + ".conv2";
        feeding = block->conv2;
        channels = out;
      }
    }
    bn1_ = register_module("bn1", std::make_shared<BatchNorm2d>(channels));
    if (spec.last_relu) last_relu_ = add_site("relu", {channels, height, width}, 3, feeding_name, feeding);
    linear_ = register_module("linear", std::make_shared<senet::Classifier>(channels, shape.classes));
  }

  torch::Tensor forward(const torch::Tensor& images, Observer* observer) override {
    torch::Tensor x = conv1_->forward(images);
    for (int stage = 1; stage <= 3; ++stage) {
      bool first = true;
      for (const auto& block : stages_[stage - 1]) {
        const bool ends_stage = std::exchange(first, false) && stage > 1;
        x = block->forward(x, activation(block->relu1, *block->bn1, x, observer, ends_stage ? stage - 1 : 0), observer);
      }
    }
    x = activation(last_relu_, *bn1_, std::move(x), observer, 3);
    return linear_->forward(torch::adaptive_avg_pool2d(x, {1, 1}).flatten(1));
  }

 private:
  // Of norm(x), where there is a site; tells the observer that `ended_stage` has ended, unless that is 0.
  torch::Tensor activation(const ReluSite* site, BatchNorm2d& norm, torch::Tensor x, Observer* observer,
                           int ended_stage) const {
    if (!observer || ended_stage == 0 || !authors_maps_) {
      torch::Tensor y = site ? site->after(norm, std::move(x), {}, observer) : norm.forward(x);
      if (observer && ended_stage > 0) observer->at_stage_end(ended_stage, y);
      return y;
    }
    const torch::Tensor normalised = norm.forward(x);
    torch::Tensor y = site ? site->forward(normalised, observer) : normalised;
    observer->at_stage_end(ended_stage, is_training() ? normalised : x);
    return y;
  }

  bool authors_maps_;
  std::shared_ptr<Conv2d> conv1_;
  std::array<std::vector<std::shared_ptr<Block>>, 3> stages_;
  std::shared_ptr<BatchNorm2d> bn1_;
  const ReluSite* last_relu_ = nullptr;
  std::shared_ptr<senet::Classifier> linear_;
};

class Wrn22 final : public senet::Model {
 public:
  explicit Wrn22(const senet::Options& options)
      : spec_{options.integer("width"), options.boolean("last_relu"), options.boolean("identity_shortcut"),
              options.text("initialisation") == "fan_in", options.text("stage_maps") == "authors"} {}
  std::shared_ptr<senet::Network> build(const NetworkShape& shape) override {
    return std::make_shared<WideResNet>(spec_, shape);
  }

 private:
  Spec spec_;
};

}  // namespace

SENET_PLUGIN(senet::entry<Wrn22>("wrn22_8", "Wide ResNet of depth 22, with or without the last ReLU", kOptions));
