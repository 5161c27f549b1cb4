#include "senet/network.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#if __has_include(<ATen/CPUGeneratorImpl.h>)
#include <ATen/CPUGeneratorImpl.h>
#endif

#include "nn/norm_activation.h"
#include "senet/error.h"

namespace senet {

void ReluSite::check_shape(const torch::Tensor& x) const {
  SENET_CHECK(x.dim() == 4 && x.sizes().slice(1) == torch::IntArrayRef(shape_), "ReLU site '", name_,
              "' was declared as ", torch::IntArrayRef(shape_), " but its input is ", x.sizes(),
              " (N×C×H×W); the model plugin has to declare the shape it computes");
}

torch::Tensor ReluSite::forward(const torch::Tensor& x, Observer* observer) const {
  check_shape(x);
  torch::Tensor y = activation_->forward(x);
  if (observer) observer->at_site(*this, x, y);
  return y;
}

torch::Tensor ReluSite::after(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut,
                              Observer* observer) const {
  if (observer && observer->wants_pre()) {
    return forward(norm_and_add(norm, std::move(x), shortcut), observer);
  }
  check_shape(x);
  torch::Tensor y = activation_->after(norm, std::move(x), shortcut);
  if (observer) observer->at_site(*this, {}, y);
  return y;
}

int64_t Network::relus() const {
  int64_t total = 0;
  for (const ReluSite& site : sites_) total += site.relus();
  return total;
}

const ReluSite* Network::add_site(std::string name, SiteShape shape, int stage, std::string conv_name,
                                  std::shared_ptr<Layer> conv) {
  for (const ReluSite& site : sites_) SENET_CHECK(site.name_ != name, "two ReLU sites are named '", name, "'");
  SENET_CHECK(std::min({shape[0], shape[1], shape[2]}) > 0, "ReLU site '", name, "' has the empty shape ",
              torch::IntArrayRef(shape), "; the input is too small for this model");
  SENET_CHECK(conv != nullptr, "ReLU site '", name, "' names no convolution that feeds it");
  ReluSite& site = sites_.emplace_back();
  site.name_ = std::move(name);
  site.shape_ = shape;
  site.stage_ = stage;
  site.index_ = static_cast<int>(sites_.size()) - 1;
  site.conv_name_ = std::move(conv_name);
  site.conv_ = std::move(conv);
  set_activation(site, std::make_shared<Relu>(shape));
  return &site;
}

void Network::set_activation(const ReluSite& site, std::shared_ptr<Activation> activation) {
  SENET_CHECK(activation != nullptr, "ReLU site '", site.name_, "' is given no activation");
  ReluSite& own = sites_.at(site.index_);
  SENET_CHECK(&own == &site, "ReLU site '", site.name_, "' belongs to another network");
  // Registered, so that a method's trainable activation is among the network's parameters.
  std::string module_name = "activation_" + own.name_;
  std::replace(module_name.begin(), module_name.end(), '.', '_');
  own.activation_ = activation;
  if (named_children().contains(module_name)) {
    replace_module(module_name, activation);
  } else {
    register_module(module_name, activation);
  }
  activation->train(is_training());
}

void Network::set_masks(const std::vector<torch::Tensor>& masks) {
  SENET_CHECK(masks.size() == sites_.size(), "expected a mask for each of ", sites_.size(), " ReLU sites, found ",
              masks.size());
  for (const ReluSite& site : sites_) {
    const torch::Tensor& mask = masks[site.index_];
    SENET_CHECK(mask.sizes() == torch::IntArrayRef(site.shape_), "the mask of ReLU site '", site.name_, "' is ",
                mask.sizes(), ", expected ", torch::IntArrayRef(site.shape_));
    set_activation(site, activation_from_mask(mask));
  }
}

std::vector<torch::Tensor> Network::masks() const {
  std::vector<torch::Tensor> masks;
  for (const ReluSite& site : sites_) masks.push_back(site.mask());
  return masks;
}

void Network::initialise(uint64_t seed) {
  torch::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  for (const auto& module : modules(/*include_self=*/false)) {
    if (auto* layer = dynamic_cast<Layer*>(module.get())) layer->reset_parameters(generator);
  }
}

void copy_weights(const Network& from, Network& to) {
  const torch::NoGradGuard no_gradient;
  const auto copy = [](const auto& sources, auto targets) {
    for (auto& item : targets) {
      const torch::Tensor* source = sources.find(item.key());
      SENET_CHECK(source && source->sizes() == item.value().sizes(), "'", item.key(),
                  "' cannot be copied: the other network has none of that shape");
      item.value().copy_(*source);
    }
  };
  copy(from.named_parameters(), to.named_parameters());
  copy(from.named_buffers(), to.named_buffers());
}

int64_t NetworkShape::scaled(int64_t layer_channels) const {
  return std::max<int64_t>(1, static_cast<int64_t>(std::floor(scale * static_cast<double>(layer_channels))));
}

NetworkShape NetworkShape::at_scale(double other) const {
  NetworkShape shape = *this;
  shape.scale = other;
  return shape;
}

std::vector<int64_t> NetworkShape::blocks_or(const std::vector<int64_t>& own) const {
  if (blocks.empty()) return own;
  SENET_CHECK(blocks.size() == own.size() && *std::min_element(blocks.begin(), blocks.end()) > 0,
              "a network with blocks ", torch::IntArrayRef(blocks), " was asked for; expected one or more for each of ",
              own.size(), " stages");
  return blocks;
}

int64_t count_relus(const ReluSite& site) {
  const torch::NoGradGuard no_gradient;
  const SiteShape shape = site.shape();
  const torch::Tensor one = torch::ones({1, shape[0], shape[1], shape[2]});
  const torch::Tensor positive = site.activation().forward(one);
  SENET_CHECK(positive.eq(1).all().item<bool>(), "the activation at ReLU site '", site.name(),
              "' does not leave 1 unchanged: it is neither a ReLU nor the identity everywhere");
  const torch::Tensor negative = site.activation().forward(-one);
  const int64_t rectified = negative.eq(0).sum().item<int64_t>();
  SENET_CHECK(rectified + negative.eq(-1).sum().item<int64_t>() == site.relus(), "the activation at ReLU site '",
              site.name(),
              "' maps −1 to something other than 0 or −1: it is neither a ReLU nor the identity everywhere");
  return rectified;
}

NetworkCounts count(Network& network) {
  const NetworkShape& shape = network.shape();
  const torch::NoGradGuard no_gradient;
  const bool training = network.is_training();
  network.eval();
  const auto parameters = network.parameters();
  const torch::Device device = parameters.empty() ? torch::Device(torch::kCPU) : parameters.front().device();
  const torch::Tensor logits = network.forward(torch::zeros({1, shape.channels, shape.height, shape.width}, device)
                                                   .contiguous(torch::MemoryFormat::ChannelsLast));
  network.train(training);
  SENET_CHECK(logits.dim() == 2 && logits.size(0) == 1 && logits.size(1) == shape.classes, "the network gives ",
              logits.sizes(), " logits for one image, expected [1, ", shape.classes, "]");

  NetworkCounts counts{0, 0, 0};
  for (const ReluSite& site : network.sites()) counts.relus += count_relus(site);
  for (const torch::Tensor& parameter : parameters) counts.parameters += parameter.numel();
  for (const auto& module : network.modules(/*include_self=*/false)) {
    if (const auto* layer = dynamic_cast<const Layer*>(module.get())) counts.macs += layer->macs_per_image();
  }
  return counts;
}

}  // namespace senet
