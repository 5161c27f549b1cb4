#include <senet/error.h>
#include <senet/network.h>
#include <torch/types.h>

namespace {

constexpr senet::Option kOptions[] = {
    senet::integer_option("width", "8", "channels of the first stage; the second has twice as many")
        .between(1, 4096)
        .in("channels"),
};

// Two stages, each a 3×3 convolution, batch norm and ReLU; the mean over the pixels; a classifier.
class MyNetwork final : public senet::Network {
 public:
  MyNetwork(int64_t width, const senet::NetworkShape& shape) : Network(shape) {
    SENET_CHECK(shape.blocks.empty(), "my_model has no residual blocks; its depth cannot be scaled");
    const int64_t first = shape.scaled(width), second = shape.scaled(2 * width);
    conv1_ = register_module("conv1", std::make_shared<senet::Conv2d>(senet::Conv2dOptions{
                                          shape.channels, first, 3, shape.stem_stride, /*padding=*/1}));
    bn1_ = register_module("bn1", std::make_shared<senet::BatchNorm2d>(first));
    conv2_ = register_module("conv2",
                             std::make_shared<senet::Conv2d>(senet::Conv2dOptions{first, second, 3, 2, /*padding=*/1}));
    bn2_ = register_module("bn2", std::make_shared<senet::BatchNorm2d>(second));
    linear_ = register_module("linear", std::make_shared<senet::Classifier>(second, shape.classes));

    const int64_t height = conv1_->output_size(shape.height), columns = conv1_->output_size(shape.width);
    relu1_ = add_site("relu1", {first, height, columns}, /*stage=*/1, "conv1", conv1_);
    relu2_ = add_site("relu2", {second, conv2_->output_size(height), conv2_->output_size(columns)}, /*stage=*/2,
                      "conv2", conv2_);
  }

  torch::Tensor forward(const torch::Tensor& images, senet::Observer* observer) override {
    torch::Tensor x = relu1_->after(*bn1_, conv1_->forward(images), /*shortcut=*/{}, observer);
    if (observer) observer->at_stage_end(1, x);
    x = relu2_->after(*bn2_, conv2_->forward(x), /*shortcut=*/{}, observer);
    if (observer) observer->at_stage_end(2, x);
    return linear_->forward(torch::adaptive_avg_pool2d(x, {1, 1}).flatten(1));
  }

 private:
  std::shared_ptr<senet::Conv2d> conv1_, conv2_;
  std::shared_ptr<senet::BatchNorm2d> bn1_, bn2_;
  std::shared_ptr<senet::Classifier> linear_;
  const senet::ReluSite *relu1_, *relu2_;
};

class MyModel final : public senet::Model {
 public:
  explicit MyModel(const senet::Options& options) : width_(options.integer("width")) {}
  std::shared_ptr<senet::Network> build(const senet::NetworkShape& shape) override {
    return std::make_shared<MyNetwork>(width_, shape);
  }

 private:
  int64_t width_;
};

}  // namespace

SENET_PLUGIN(senet::entry<MyModel>("my_model", "two convolutions with batch norm and ReLU", kOptions));
