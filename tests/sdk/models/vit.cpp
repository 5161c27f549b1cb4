#include <senet/network.h>
#include <torch/types.h>

#include <cmath>

namespace {

constexpr int64_t kFeatures = 8, kHidden = 16, kPatch = 4;

// Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021: one block, one head, a ReLU in place of the GELU.
class Vit final : public senet::Network {
 public:
  explicit Vit(const senet::NetworkShape& shape) : Network(shape) {
    const int64_t tokens = 1 + (shape.height / kPatch) * (shape.width / kPatch);
    patches_ = register_module(
        "patches", std::make_shared<senet::Conv2d>(senet::Conv2dOptions{shape.channels, kFeatures, kPatch, kPatch}));
    token_ = register_module("token", std::make_shared<senet::LearnedTensor>(torch::IntArrayRef{1, kFeatures}));
    positions_ = register_module("positions",
                                 std::make_shared<senet::LearnedTensor>(torch::IntArrayRef{tokens, kFeatures}, 0.02));
    norm1_ = register_module("norm1", std::make_shared<senet::LayerNorm>(kFeatures));
    heads_ = register_module("heads", std::make_shared<senet::FullyConnected>(kFeatures, 3 * kFeatures));
    norm2_ = register_module("norm2", std::make_shared<senet::LayerNorm>(kFeatures));
    up_ = register_module("up", std::make_shared<senet::FullyConnected>(kFeatures, kHidden));
    down_ = register_module("down", std::make_shared<senet::FullyConnected>(kHidden, kFeatures));
    linear_ = register_module("linear", std::make_shared<senet::Classifier>(kFeatures, shape.classes));
    relu_ = add_site("relu", {kHidden, tokens, 1}, 1, "up", up_);
  }
  torch::Tensor forward(const torch::Tensor& images, senet::Observer* observer) override {
    torch::Tensor x = patches_->forward(images).flatten(2).transpose(1, 2);  // N×T×F
    x = torch::cat({token_->forward(x), x}, 1) + positions_->forward(x);
    x = x + attention(norm1_->forward(x));
    const torch::Tensor hidden = up_->forward(norm2_->forward(x)).transpose(1, 2).unsqueeze(3);  // N×H×T×1, as a site's
    const torch::Tensor rectified = relu_->forward(hidden, observer);
    if (observer) observer->at_stage_end(1, rectified);
    x = x + down_->forward(rectified.squeeze(3).transpose(1, 2));
    return linear_->forward(x.select(1, 0));
  }

 private:
  torch::Tensor attention(const torch::Tensor& x) {
    const std::vector<torch::Tensor> parts = heads_->forward(x).chunk(3, 2);  // query, key, value
    const torch::Tensor scores = parts[0].matmul(parts[1].transpose(1, 2)) / std::sqrt(double{kFeatures});
    return scores.softmax(2).matmul(parts[2]);
  }

  std::shared_ptr<senet::Conv2d> patches_;
  std::shared_ptr<senet::LearnedTensor> token_, positions_;
  std::shared_ptr<senet::LayerNorm> norm1_, norm2_;
  std::shared_ptr<senet::FullyConnected> heads_, up_, down_;
  std::shared_ptr<senet::Classifier> linear_;
  const senet::ReluSite* relu_;
};

class Plugin final : public senet::Model {
 public:
  std::shared_ptr<senet::Network> build(const senet::NetworkShape& shape) override {
    return std::make_shared<Vit>(shape);
  }
};

}  // namespace

SENET_PLUGIN(senet::entry<Plugin>("vit", "a transformer of one block"));
