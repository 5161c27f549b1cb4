#include <torch/types.h>

#include "senet/network.h"

// A model that computes something besides its one ReLU site.
namespace {

using senet::NetworkShape;

constexpr senet::Option kOptions[] = {
    senet::text_option("computes", "\"nothing\"", "what it computes outside its site")
        .one_of("nothing relu gelu_and_max_pool"),
    senet::text_option("where", "\"everywhere\"", "in which of its networks").one_of("everywhere narrow coarse"),
    senet::text_option("feeds", "\"convolution\"", "what it says feeds the site").one_of("convolution norm"),
};

class Besides final : public senet::Network {
 public:
  Besides(const NetworkShape& shape, std::string computes, bool fed_by_norm)
      : Network(shape), computes_(std::move(computes)) {
    const int64_t channels = shape.scaled(4);
    first_ = register_module("first", std::make_shared<senet::Conv2d>(
                                          senet::Conv2dOptions{shape.channels, channels, 3, shape.stem_stride, 1}));
    norm_ = register_module("norm", std::make_shared<senet::BatchNorm2d>(channels));
    second_ =
        register_module("second", std::make_shared<senet::Conv2d>(senet::Conv2dOptions{channels, channels, 3, 1, 1}));
    linear_ = register_module("linear", std::make_shared<senet::Classifier>(channels, shape.classes));
    const senet::SiteShape site = {channels, first_->output_size(shape.height), first_->output_size(shape.width)};
    site_ = fed_by_norm ? add_site("relu", site, 1, "norm", norm_) : add_site("relu", site, 1, "first", first_);
  }
  torch::Tensor forward(const torch::Tensor& images, senet::Observer* observer) override {
    torch::Tensor x = site_->after(*norm_, first_->forward(images), {}, observer);
    if (observer) observer->at_stage_end(1, x);
    x = second_->forward(x);
    if (computes_ == "relu") x = torch::relu(x);
    if (computes_ == "gelu_and_max_pool") x = torch::max_pool2d(torch::gelu(x), 2);
    return linear_->forward(x.mean(torch::IntArrayRef{2, 3}));
  }

 private:
  std::string computes_;
  std::shared_ptr<senet::Conv2d> first_, second_;
  std::shared_ptr<senet::BatchNorm2d> norm_;
  std::shared_ptr<senet::Classifier> linear_;
  const senet::ReluSite* site_;
};

class Model final : public senet::Model {
 public:
  explicit Model(const senet::Options& options)
      : computes_(options.text("computes")), where_(options.text("where")), feeds_(options.text("feeds")) {}
  std::shared_ptr<senet::Network> build(const NetworkShape& shape) override {
    const bool here = where_ == "everywhere" || (where_ == "narrow" && shape.scale < 1) ||
                      (where_ == "coarse" && shape.stem_stride > 1);
    return std::make_shared<Besides>(shape, here ? computes_ : "nothing", feeds_ == "norm");
  }

 private:
  std::string computes_, where_, feeds_;
};

}  // namespace

SENET_PLUGIN(senet::entry<Model>("besides", "computes something besides its ReLU site", kOptions));
