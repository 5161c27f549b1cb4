#include <torch/types.h>

#include "senet/error.h"
#include "senet/network.h"

namespace {

using senet::BatchNorm2d;
using senet::Conv2d;
using senet::FullyConnected;
using senet::NetworkShape;
using senet::Observer;
using senet::ReluSite;

constexpr int kConvolutions[] = {2, 2, 3, 3, 3};  // of each block
constexpr int64_t kMostChannels = 8;              // of a block, in multiples of the first one's
constexpr int64_t kLargeInput = 64;
constexpr double kDeviation = 0.01;  // of the fully connected layers' initial weights

constexpr senet::Option kOptions[] = {
    senet::integer_option("width", "64", "channels of the first block; the others have 2, 4, 8 and 8 times as many")
        .between(1, 4096)
        .in("channels"),
    senet::text_option("pools", "\"authors\"",
                       "authors: max-pooling after blocks 1 to 3, and after block 4 for inputs of at least 64×64; all: "
                       "after every block, as in the common VGG16")
        .one_of("authors all"),
    senet::integer_option("hidden", "0",
                          "units of each of two fully connected ReLU layers before the classifier; 0: none; the common "
                          "VGG16 has 4096")
        .between(0, 1 << 16),
    senet::text_option("initialisation", "\"fan_out\"", "Kaiming normal of the convolutions").one_of("fan_out fan_in"),
};

struct Spec {
  int64_t width;
  bool pool_every_block;
  int64_t hidden;
  bool fan_in;

  bool pools_after(int block, const NetworkShape& shape) const {
    return pool_every_block || block <= 3 || (block == 4 && std::min(shape.height, shape.width) >= kLargeInput);
  }
};

struct ConvStep {
  std::shared_ptr<Conv2d> conv;
  std::shared_ptr<BatchNorm2d> bn;
  const ReluSite* relu;
  int block;
  bool ends_block;
  bool pool;
};

struct HiddenStep {
  std::shared_ptr<FullyConnected> linear;
  const ReluSite* relu;
};

// Simonyan and Zisserman, "Very Deep Convolutional Networks", ICLR 2015, configuration D with batch norm, global
// average pooling and one linear layer (or three). Layers are numbered as in a PyTorch Sequential `features` of
// convolutions, batch norms, ReLUs and pools; a ReLU site has its ReLU's number. Blocks are stages; PRAM compares
// blocks 2 to 5.
class Vgg final : public senet::Network {
 public:
  Vgg(const Spec& spec, const NetworkShape& shape) : Network(shape) {
    SENET_CHECK(shape.blocks.empty(), "a VGG16 has no residual blocks; its depth cannot be scaled");
    const auto features = register_module("features", std::make_shared<torch::nn::Module>());
    int64_t channels = shape.channels, height = shape.height, width = shape.width;
    int next = 0;
    for (int block = 1; block <= 5; ++block) {
      const int64_t out = shape.scaled(spec.width * std::min(int64_t{1} << (block - 1), kMostChannels));
      for (int i = 0; i < kConvolutions[block - 1]; ++i) {
        const std::string conv_index = std::to_string(next);
        auto conv = features->register_module(
            conv_index, std::make_shared<Conv2d>(senet::Conv2dOptions{
                            channels, out, 3, next == 0 ? shape.stem_stride : 1, 1, true, spec.fan_in}));
        height = conv->output_size(height);
        width = conv->output_size(width);
        auto bn = features->register_module(std::to_string(next + 1), std::make_shared<BatchNorm2d>(out));
        const ReluSite* relu = add_site("features." + std::to_string(next + 2), {out, height, width}, block,
                                        "features." + conv_index, conv);
        steps_.push_back({conv, bn, relu, block, false, false});
        next += 3;
        channels = out;
      }
      steps_.back().ends_block = true;
      if (!spec.pools_after(block, shape)) continue;
      SENET_CHECK(height > 1 && width > 1, "the pool after block ", block, " is given ", height, "×", width,
                  "; the input is too small for this model");
      steps_.back().pool = true;
      height /= 2;
      width /= 2;
      ++next;
    }
    if (spec.hidden == 0) {
      classifier_ =
          register_module("classifier", std::make_shared<senet::Classifier>(channels, shape.classes, kDeviation));
      return;
    }
    const auto classifier = register_module("classifier", std::make_shared<torch::nn::Module>());
    const int64_t hidden = shape.scaled(spec.hidden);
    for (const int index : {0, 3}) {  // a ReLU and a dropout follow each, as in PyTorch's own VGG
      const std::string name = std::to_string(index);
      auto linear = classifier->register_module(name, std::make_shared<FullyConnected>(channels, hidden, kDeviation));
      hidden_.push_back({linear, add_site("classifier." + std::to_string(index + 1), {hidden, 1, 1}, 6,
                                          "classifier." + name, linear)});
      channels = hidden;
    }
    classifier_ =
        classifier->register_module("6", std::make_shared<senet::Classifier>(channels, shape.classes, kDeviation));
  }

  torch::Tensor forward(const torch::Tensor& images, Observer* observer) override {
    torch::Tensor x = images;
    for (const ConvStep& step : steps_) {
      x = step.relu->after(*step.bn, step.conv->forward(x), {}, observer);
      if (step.ends_block && step.block >= 2 && observer) observer->at_stage_end(step.block, x);
      if (step.pool) x = torch::max_pool2d(x, 2, 2);
    }
    x = torch::adaptive_avg_pool2d(x, {1, 1}).flatten(1);
    for (const HiddenStep& step : hidden_) {
      x = step.relu->forward(step.linear->forward(x).unsqueeze(2).unsqueeze(3), observer).flatten(1);
    }
    return classifier_->forward(x);
  }

 private:
  std::vector<ConvStep> steps_;
  std::vector<HiddenStep> hidden_;
  std::shared_ptr<senet::Classifier> classifier_;
};

class Vgg16 final : public senet::Model {
 public:
  explicit Vgg16(const senet::Options& options)
      : spec_{options.integer("width"), options.text("pools") == "all", options.integer("hidden"),
              options.text("initialisation") == "fan_in"} {}
  std::shared_ptr<senet::Network> build(const NetworkShape& shape) override {
    return std::make_shared<Vgg>(spec_, shape);
  }

 private:
  Spec spec_;
};

}  // namespace

SENET_PLUGIN(senet::entry<Vgg16>("vgg16", "VGG16 with batch norm: the SENet authors' variant, or the common one",
                                 kOptions));
