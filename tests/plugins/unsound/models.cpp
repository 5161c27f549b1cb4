#include <torch/types.h>

#include "senet/network.h"

// Models that do not keep to their interface.
namespace {

using senet::NetworkShape;

class OneSite final : public senet::Network {
 public:
  OneSite(const NetworkShape& shape, int64_t declared_height, int64_t logits) : Network(shape) {
    conv_ = register_module("conv", std::make_shared<senet::Conv2d>(senet::Conv2dOptions{shape.channels, 4, 3, 1, 1}));
    linear_ = register_module("linear", std::make_shared<senet::Classifier>(4, logits));
    site_ = add_site("relu", {4, declared_height, shape.width}, 1, "conv", conv_);
  }
  torch::Tensor forward(const torch::Tensor& images, senet::Observer* observer) override {
    const torch::Tensor x = site_->forward(conv_->forward(images), observer);
    if (observer) observer->at_stage_end(1, x);
    return linear_->forward(x.mean(torch::IntArrayRef{2, 3}));
  }

 private:
  std::shared_ptr<senet::Conv2d> conv_;
  std::shared_ptr<senet::Classifier> linear_;
  const senet::ReluSite* site_ = nullptr;
};

class WrongShape final : public senet::Model {
 public:
  std::shared_ptr<senet::Network> build(const NetworkShape& shape) override {
    return std::make_shared<OneSite>(shape, shape.height + 1, shape.classes);
  }
};
class WrongLogits final : public senet::Model {
 public:
  std::shared_ptr<senet::Network> build(const NetworkShape& shape) override {
    return std::make_shared<OneSite>(shape, shape.height, shape.classes - 1);
  }
};

}  // namespace

SENET_PLUGIN(senet::entry<WrongShape>("wrong_shape", "declares a site one row higher than it is"),
             senet::entry<WrongLogits>("wrong_logits", "gives a logit too few"));
