#include "senet/network.h"

#include <c10/util/accumulate.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#if __has_include(<ATen/CPUGeneratorImpl.h>)
#include <ATen/CPUGeneratorImpl.h>
#endif

#include "config/share.h"
#include "nn/evaluation_mode.h"
#include "nn/norm_activation.h"
#include "nn/outside_sites.h"
#include "nn/recording.h"
#include "senet/error.h"

namespace senet {

void ReluSite::check_shape(const torch::Tensor& x) const {
  SENET_CHECK(x.dim() == 4 && x.sizes().slice(1) == torch::IntArrayRef(shape_), "ReLU site '", name_,
              "' was declared as ", torch::IntArrayRef(shape_), " but its input is ", x.sizes(),
              " (N×C×H×W); the model plugin has to declare the shape it computes");
}

torch::Tensor ReluSite::forward(const torch::Tensor& x, Observer* observer) const {
  check_shape(x);
  // A recording is told of the site itself.
  std::optional<at::RecordFunctionGuard> unrecorded;
  if (observer && Recording::active()) unrecorded.emplace(false);
  torch::Tensor y = activation_->forward(x);
  unrecorded.reset();
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

std::string ReluSite::module_name() const {
  std::string name = "activation_" + name_;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

int64_t Network::relus() const {
  int64_t total = 0;
  for (const ReluSite& site : sites_) total += site.relus();
  return total;
}

int64_t Network::kept() const {
  int64_t total = 0;
  for (const ReluSite& site : sites_) total += site.mask().sum().item<int64_t>();
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
  if (const auto all = parameters(); !all.empty()) activation->to(all.front().device());
  activation->train(is_training());
  own.activation_ = std::move(activation);
  // Registered, so that a method's trainable activation is among the network's parameters.
  const std::string name = site.module_name();
  if (named_children().contains(name)) {
    replace_module(name, own.activation_);
  } else {
    register_module(name, own.activation_);
  }
}

bool Network::replace_activation(const ReluSite& site, std::shared_ptr<Activation> activation) {
  const auto both = [&](auto* kind) {
    using Kind = std::remove_pointer_t<decltype(kind)>;
    return dynamic_cast<Kind*>(&site.activation()) && dynamic_cast<Kind*>(activation.get());
  };
  if (both(static_cast<Relu*>(nullptr)) || both(static_cast<Linear*>(nullptr))) return false;
  if (both(static_cast<MaskedRelu*>(nullptr))) {
    dynamic_cast<MaskedRelu&>(site.activation()).set_mask(activation->mask());
    return false;
  }
  set_activation(site, std::move(activation));
  return true;
}

bool Network::set_masks(const std::vector<torch::Tensor>& masks) {
  SENET_CHECK(masks.size() == sites_.size(), "expected a mask for each of ", sites_.size(), " ReLU sites, found ",
              masks.size());
  bool replaced = false;
  for (const ReluSite& site : sites_) {
    const torch::Tensor& mask = masks[site.index_];
    SENET_CHECK(mask.sizes() == torch::IntArrayRef(site.shape_), "the mask of ReLU site '", site.name_, "' is ",
                mask.sizes(), ", expected ", torch::IntArrayRef(site.shape_));
    replaced = replace_activation(site, activation_from_mask(mask)) || replaced;
  }
  return replaced;
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
  return std::max<int64_t>(1, floor_of_share(scale, layer_channels));
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

namespace {

// A sign for each element of a shape, mixed so that an element's neighbours have the other one.
torch::Tensor mixed_signs(torch::IntArrayRef shape) {
  const int64_t elements = c10::multiply_integers(shape);
  const torch::Tensor draw = torch::arange(elements, torch::kFloat64).mul(0.7548776662466927).frac();
  return draw.lt(0.5).to(torch::kFloat32).mul(2).sub(1).view(shape);
}

// Inputs of an activation: 0, and magnitudes that no bound of a clamp, a polynomial or a threshold is likely to treat
// alike, each with both signs.
torch::Tensor probes(torch::IntArrayRef shape) {
  const torch::Tensor signs = mixed_signs(shape);
  std::vector<torch::Tensor> all = {torch::zeros(shape)};
  for (const double magnitude : {1e-6, 1e-3, 1.0, 7.0, 1e3, 1e6}) {
    all.push_back(signs * magnitude);
    all.push_back(signs * -magnitude);
  }
  return torch::stack(all);
}

// Where the activation's parameters are; the result is on the CPU, as x is.
torch::Tensor evaluated(Activation& activation, const torch::Tensor& x) {
  const auto parameters = activation.parameters();
  return parameters.empty() ? activation.forward(x) : activation.forward(x.to(parameters.front().device())).cpu();
}

// For each element of a shape, whether the activation gives a polynomial of that degree at most: on evenly spaced
// numbers, whatever their magnitude, its differences of the next order are 0 but for rounding.
torch::Tensor is_polynomial(Activation& activation, torch::IntArrayRef shape, int64_t degree) {
  constexpr double kRounding = 1e-4;
  const torch::Tensor places = mixed_signs(shape) * torch::arange(-3, 4, torch::kFloat32).view({-1, 1, 1, 1});
  torch::Tensor so_far = torch::ones(shape, torch::kBool);
  for (const double spacing : {1e-3, 1.0, 1e2, 1e4}) {
    const torch::Tensor y = evaluated(activation, places * spacing);
    const torch::Tensor differences = y.diff(degree + 1, 0);
    so_far = so_far.logical_and(differences.abs().amax(0) <= kRounding * y.abs().amax(0));
  }
  return so_far;
}

// A Layer's parameters are drawn from the seed, an activation's are its method's.
void check_parameters(const Network& network) {
  std::set<std::string> owners;
  for (const auto& module : network.named_modules("", /*include_self=*/false)) {
    const bool owner = dynamic_cast<const Layer*>(module.value().get()) != nullptr ||
                       dynamic_cast<const Activation*>(module.value().get()) != nullptr;
    if (owner) owners.insert(module.key());
  }
  for (const auto& parameter : network.named_parameters()) {
    const std::string& name = parameter.key();
    bool owned = false;
    for (size_t dot = name.find('.'); dot != std::string::npos && !owned; dot = name.find('.', dot + 1))
      owned = owners.count(name.substr(0, dot)) != 0;
    if (!owned) {
      fail_usage("the network's parameter '", name,
                 "' belongs to no senet::Layer: its first value would not come from the seed; register it in a class "
                 "derived from senet::Layer, whose reset_parameters draws it");
    }
  }
}

}  // namespace

int64_t count_relus(const ReluSite& site) {
  const torch::NoGradGuard no_gradient;
  Activation& activation = site.activation();
  const SiteShape shape = site.shape();
  const torch::Tensor x = probes(shape);
  const torch::Tensor y = evaluated(activation, x);
  const torch::Tensor rectified = y.eq(x.clamp_min(0)).all(0);
  torch::Tensor explained = y.eq(x).all(0).logical_or(rectified);
  if (const Multiplications multiplied = activation.multiplications(); multiplied.any()) {
    explained = explained.logical_or(is_polynomial(activation, shape, multiplied.squares > 0 ? 2 : 1));
  }
  const torch::Tensor neither = explained.logical_not();
  if (neither.any().item<bool>()) {
    const torch::Tensor wrong = y.ne(x).logical_and(y.ne(x.clamp_min(0))).flatten().nonzero();
    const int64_t at = wrong.numel() > 0 ? wrong[0].item<int64_t>() : -1;
    fail("the activation at ReLU site '", site.name(), "' is neither a ReLU nor the identity at ",
         neither.sum().item<int64_t>(), " of its ", site.relus(), " elements",
         at < 0 ? std::string(": at one of them it is one for some numbers and the other for others")
                : text(": it maps ", x.flatten()[at].item<float>(), " to ", y.flatten()[at].item<float>()));
  }
  const auto found = rectified.sum().item<int64_t>(), said = activation.mask().sum().item<int64_t>();
  SENET_CHECK(rectified.eq(activation.mask()).all().item<bool>(), "the activation at ReLU site '", site.name(),
              "' says by its mask that it compares ", said, " of its ", site.relus(),
              " elements; evaluated, it rectifies ", found, found == said ? ", others" : "");
  return found;
}

NetworkCounts count(Network& network) {
  const NetworkShape& shape = network.shape();
  const torch::NoGradGuard no_gradient;
  check_parameters(network);
  const EvaluationMode evaluation(network);
  const auto parameters = network.parameters();
  const torch::Device device = parameters.empty() ? torch::Device(torch::kCPU) : parameters.front().device();
  const torch::Tensor image = torch::zeros({1, shape.channels, shape.height, shape.width}, device)
                                  .contiguous(torch::MemoryFormat::ChannelsLast);
  NetworkCounts counts;
  {
    Recording recording;
    const torch::Tensor logits = network.forward(image, &recording);
    SENET_CHECK(logits.dim() == 2 && logits.size(0) == 1 && logits.size(1) == shape.classes, "the network gives ",
                logits.sizes(), " logits for one image, expected [1, ", shape.classes, "]");
    count_outside_sites(network, recording, image, logits, counts);
  }
  for (const ReluSite& site : network.sites()) {
    counts.relus += count_relus(site);
    const Multiplications multiplied = site.activation().multiplications();
    counts.multiplications.squares += multiplied.squares;
    counts.multiplications.coefficients += multiplied.coefficients;
  }
  for (const torch::Tensor& parameter : parameters) counts.parameters += parameter.numel();
  for (const auto& module : network.modules(/*include_self=*/false)) {
    if (const auto* layer = dynamic_cast<const Layer*>(module.get())) counts.macs += layer->macs_per_image();
  }
  return counts;
}

}  // namespace senet
