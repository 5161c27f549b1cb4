#include <senet/network.h>
#include <torch/types.h>

namespace {

using senet::BatchNorm2d;
using senet::Conv2d;

// Sandler et al., "MobileNetV2", CVPR 2018: 1×1 up, depthwise 3×3, 1×1 down without a ReLU; a shortcut where it fits.
class Block final : public torch::nn::Module {
 public:
  Block(int64_t in, int64_t wide, int64_t out, int64_t stride) : shortcut_(in == out && stride == 1) {
    up = register_module("up", std::make_shared<Conv2d>(senet::Conv2dOptions{in, wide, 1}));
    depth = register_module("depth", std::make_shared<Conv2d>(senet::Conv2dOptions{wide, wide, 3, stride, 1, false,
                                                                                   false, /*groups=*/wide}));
    down_ = register_module("down", std::make_shared<Conv2d>(senet::Conv2dOptions{wide, out, 1}));
    bn1_ = register_module("bn1", std::make_shared<BatchNorm2d>(wide));
    bn2_ = register_module("bn2", std::make_shared<BatchNorm2d>(wide));
    bn3_ = register_module("bn3", std::make_shared<BatchNorm2d>(out));
  }
  torch::Tensor forward(const torch::Tensor& x, senet::Observer* observer) {
    torch::Tensor y = relu1->after(*bn1_, up->forward(x), {}, observer);
    y = relu2->after(*bn2_, depth->forward(y), {}, observer);
    if (observer) observer->at_stage_end(relu2->stage(), y);
    y = bn3_->forward(down_->forward(y));
    return shortcut_ ? y + x : y;
  }

  std::shared_ptr<Conv2d> up, depth;
  const senet::ReluSite *relu1 = nullptr, *relu2 = nullptr;

 private:
  bool shortcut_;
  std::shared_ptr<Conv2d> down_;
  std::shared_ptr<BatchNorm2d> bn1_, bn2_, bn3_;
};

class MobileNet final : public senet::Network {
 public:
  explicit MobileNet(const senet::NetworkShape& shape) : Network(shape) {
    const int64_t width = shape.scaled(4);
    stem_ = register_module("stem", std::make_shared<Conv2d>(senet::Conv2dOptions{shape.channels, width, 3, 1, 1}));
    int64_t size = shape.height;
    for (int stage = 1; stage <= 2; ++stage) {
      const std::string name = "block" + std::to_string(stage);
      const int64_t wide = shape.scaled(8);
      auto block = register_module(name, std::make_shared<Block>(width, wide, width, stage));
      block->relu1 = add_site(name + ".relu1", {wide, size, size}, stage, name + ".up", block->up);
      size = block->depth->output_size(size);
      block->relu2 = add_site(name + ".relu2", {wide, size, size}, stage, name + ".depth", block->depth);
      blocks_.push_back(block);
    }
    linear_ = register_module("linear", std::make_shared<senet::Classifier>(width, shape.classes));
  }
  torch::Tensor forward(const torch::Tensor& images, senet::Observer* observer) override {
    torch::Tensor x = stem_->forward(images);
    for (const auto& block : blocks_) x = block->forward(x, observer);
    return linear_->forward(torch::adaptive_avg_pool2d(x, {1, 1}).flatten(1));
  }

 private:
  std::shared_ptr<Conv2d> stem_;
  std::vector<std::shared_ptr<Block>> blocks_;
  std::shared_ptr<senet::Classifier> linear_;
};

class Plugin final : public senet::Model {
 public:
  std::shared_ptr<senet::Network> build(const senet::NetworkShape& shape) override {
    return std::make_shared<MobileNet>(shape);
  }
};

}  // namespace

SENET_PLUGIN(senet::entry<Plugin>("mobilenet", "two inverted residual blocks"));
