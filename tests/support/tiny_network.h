#pragma once

#include "senet/network.h"

namespace senet::testing {

// Two convolutions with batch norm, two sites in two stages, a classifier: small enough to follow by hand.
class TinyNetwork final : public Network {
 public:
  TinyNetwork(int64_t channels, int64_t width, int64_t size, int64_t classes)
      : Network({channels, size, size, classes}) {
    conv1 = register_module("conv1", std::make_shared<Conv2d>(Conv2dOptions{channels, width, 3, 1, 1}));
    bn1 = register_module("bn1", std::make_shared<BatchNorm2d>(width));
    conv2 = register_module("conv2", std::make_shared<Conv2d>(Conv2dOptions{width, width + 1, 3, 2, 1}));
    bn2 = register_module("bn2", std::make_shared<BatchNorm2d>(width + 1));
    linear = register_module("linear", std::make_shared<Classifier>(width + 1, classes));
    const int64_t half = (size + 1) / 2;
    site1 = add_site("site1", {width, size, size}, 1, "conv1", conv1);
    site2 = add_site("site2", {width + 1, half, half}, 2, "conv2", conv2);
  }
  torch::Tensor forward(const torch::Tensor& images, Observer* observer = nullptr) override {
    torch::Tensor x = site1->forward(bn1->forward(conv1->forward(images)), observer);
    if (observer) observer->at_stage_end(1, x);
    x = site2->forward(bn2->forward(conv2->forward(x)), observer);
    if (observer) observer->at_stage_end(2, x);
    return linear->forward(x.mean({2, 3}));
  }

  std::shared_ptr<Conv2d> conv1, conv2;
  std::shared_ptr<BatchNorm2d> bn1, bn2;
  std::shared_ptr<Classifier> linear;
  const ReluSite* site1;
  const ReluSite* site2;
};

}  // namespace senet::testing
