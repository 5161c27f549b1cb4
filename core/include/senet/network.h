#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "senet/activation.h"
#include "senet/layers.h"
#include "senet/plugin.h"

namespace senet {

class Observer;

// A place in a network where a ReLU stands.
class ReluSite {
 public:
  const std::string& name() const { return name_; }
  SiteShape shape() const { return shape_; }
  int64_t relus() const { return shape_[0] * shape_[1] * shape_[2]; }  // per image, when every element is rectified
  int stage() const { return stage_; }                                 // residual stage, from 1; the stem belongs to 1
  int index() const { return index_; }
  // The convolution that feeds the site; in a classifier with hidden layers, the fully connected layer.
  const std::string& conv_name() const { return conv_name_; }
  const torch::Tensor& conv_weight() const { return conv_->weight; }

  Activation& activation() const { return *activation_; }
  torch::Tensor mask() const { return activation_->mask(); }
  // What the activation is called among the network's modules: its parameters and buffers are `<module_name>.<name>`.
  std::string module_name() const;

  // Applies the site's activation to the pre-activation x (N×C×H×W) and tells the observer. Throws when x has another
  // shape than the site.
  torch::Tensor forward(const torch::Tensor& x, Observer* observer) const;
  // The same for the pre-activation norm(x) + shortcut (`shortcut`: undefined for none). It is faster, since the
  // pre-activation is computed on its own only for an observer that wants it. Hand `x` over (std::move) where it is not
  // needed again: its memory is reused where nobody else holds it.
  torch::Tensor after(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut, Observer* observer) const;

 private:
  friend class Network;
  void check_shape(const torch::Tensor& x) const;

  std::string name_;
  SiteShape shape_{};
  int stage_ = 0;
  int index_ = 0;
  std::string conv_name_;
  std::shared_ptr<Layer> conv_;
  std::shared_ptr<Activation> activation_;
};

// Sees a forward pass as it happens. Keep no more of it than the step needs.
class Observer {
 public:
  virtual ~Observer() = default;
  // pre: the pre-activation; post: what the activation made of it; both N×C×H×W. `pre` may be undefined for an observer
  // that does not want it.
  virtual void at_site(const ReluSite& /*site*/, const torch::Tensor& /*pre*/, const torch::Tensor& /*post*/) {}
  virtual bool wants_pre() const { return true; }
  // output: N×C×H×W, the last activation of a stage. Stages come in ascending order, those alone that PRAM compares.
  virtual void at_stage_end(int /*stage*/, const torch::Tensor& /*output*/) {}
};

// What a network is built for, and how much smaller than the model it is.
struct NetworkShape {
  int64_t channels, height, width;  // of the input
  int64_t classes;
  // Every layer has its first ⌊scale·C⌋ channels (SENet++; DeepReDuce's reshaping by channels). Input and classes are
  // never cut.
  double scale = 1.0;
  int64_t stem_stride = 1;           // multiplies the first convolution's stride (DeepReDuce's reshaping by resolution)
  std::vector<int64_t> blocks = {};  // residual blocks of each stage; empty: the model's own

  int64_t scaled(int64_t layer_channels) const;  // ⌊scale·C⌋, at least 1
  NetworkShape at_scale(double other) const;
  // `blocks`, or `own` where it is empty. Throws where both have not the same number of stages, or a stage has no
  // block.
  std::vector<int64_t> blocks_or(const std::vector<int64_t>& own) const;
};

// A classifier with named ReLU sites in the order of its forward pass. Parameters and buffers have the names of the
// common PyTorch models (`layer1.0.conv1.weight`).
class Network : public torch::nn::Module {
 public:
  explicit Network(NetworkShape shape) : shape_(std::move(shape)) {}
  const NetworkShape& shape() const { return shape_; }

  // images: N×C×H×W, normalised, float32 or bfloat16. Returns logits N×classes, float32. Calls the observer, if there
  // is one, at each site and at each stage's end.
  virtual torch::Tensor forward(const torch::Tensor& images, Observer* observer = nullptr) = 0;

  const std::deque<ReluSite>& sites() const { return sites_; }
  int64_t relus() const;  // Σ C·H·W over the sites
  int64_t kept() const;   // of them, how many the activations compare, as they say (Activation::mask)

  // Puts an activation at a site in place of the one there, on the network's device and in its mode.
  void set_activation(const ReluSite& site, std::shared_ptr<Activation> activation);
  // The same, but where one of the core's of the same kind stands, that one stays and takes the mask over: steps that
  // were recorded with it hold. Not for polynomials. Returns whether the site has another activation now.
  bool replace_activation(const ReluSite& site, std::shared_ptr<Activation> activation);
  // Puts the core activation that each mask describes at its site, by replace_activation(): one C×H×W mask a site, in
  // their order. Returns whether a site has another activation now.
  bool set_masks(const std::vector<torch::Tensor>& masks);
  std::vector<torch::Tensor> masks() const;

  // Draws new weights for every layer from `seed`, and sets buffers to their initial values.
  void initialise(uint64_t seed);

 protected:
  // For model plugins, in the order of the forward pass. `conv_name` is the parameter path of the convolution that
  // feeds the site (in a pre-activation block: the convolution before it).
  const ReluSite* add_site(std::string name, SiteShape shape, int stage, std::string conv_name,
                           std::shared_ptr<Layer> conv);

 private:
  NetworkShape shape_;
  std::deque<ReluSite> sites_;  // a deque: sites keep their addresses
};

// Copies parameters and buffers by name, between networks of one model.
void copy_weights(const Network& from, Network& to);

// Plugin interface: a network for an input shape and class count. The names of its layers and sites do not depend on
// the scale. A model throws an Error for a shape that it cannot have (blocks, where it has no residual stages).
class Model {
 public:
  using Interface = Model;
  static constexpr PluginKind kKind = PluginKind::model;
  virtual ~Model() = default;
  virtual std::shared_ptr<Network> build(const NetworkShape& shape) = 0;
};

// What is counted in a network by running it.
struct NetworkCounts {
  int64_t relus = 0;                     // elements that the activations compare, per image
  Multiplications multiplications = {};  // of the activations, per image
  int64_t parameters = 0;                // elements of all parameters
  int64_t macs = 0;                      // multiply–accumulates of convolutions and fully connected layers, per image
  // Outside the sites, by the operators that LibTorch executes between image and logits:
  int64_t max_pool_comparisons = 0;           // (window − 1) for each output element, per image; in no budget
  std::vector<std::string> not_counted = {};  // what is neither linear nor counted: "aten::gelu after 'conv1'"
};
// The network's weights do not matter. Throws (exit code 2), naming operator and place, where the network compares
// outside its sites (a ReLU of any kind, a clamp, |x|, a maximum), where a pass does not come by each site exactly
// once, and where a parameter belongs to no Layer.
NetworkCounts count(Network& network);

// Elements that the site's activation compares, as it says (Activation::mask()). What it says is checked by evaluating
// it on 0 and on ±10⁻⁶, ±10⁻³, ±1, ±7, ±10³, ±10⁶: throws where an element is not max(x, 0) though its mask is one, and
// where its mask is zero and it is neither x nor the polynomial that the activation says it multiplies for.
int64_t count_relus(const ReluSite& site);

}  // namespace senet
