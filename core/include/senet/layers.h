#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <memory>

namespace senet {

class ParameterCopy;

// The layers that models are built from. Unlike torch::nn's they follow the precision of their input: weights are cast
// to its type without autocast, batch norm keeps float32 parameters, logits leave as float32. They draw their initial
// values from the generator they are given, and each knows the multiply–accumulates of its last forward pass.
//
// Convolutions and fully connected layers keep a copy of their weights in bfloat16 where they compute in it. The
// optimiser writes it along on a GPU; after any other change of the weights by an operator it is written anew before it
// is read. Do not write to a parameter past the operators (through data_ptr() or data()). SENet++'s narrower widths,
// which are views of the full width's weights, cast them in each pass.
class Layer : public torch::nn::Module {
 public:
  Layer();
  virtual torch::Tensor forward(const torch::Tensor& x) = 0;
  virtual void reset_parameters(torch::Generator& generator) = 0;
  int64_t macs_per_image() const { return macs_per_image_; }
  // Takes the first channels of a wider layer's weights in place of its own (SENet++). They are views, through which
  // gradients reach the wider layer; the layer's own weights are no parameters any more. Batch norm keeps its own.
  virtual void tie(const Layer& wider);

  torch::Tensor weight, bias;                                   // undefined where a layer has none
  const std::shared_ptr<ParameterCopy> weight_copy, bias_copy;  // for the core's own use

 protected:
  void tie(const char* name, torch::Tensor& own, const torch::Tensor& wide);

  int64_t macs_per_image_ = 0;
};

struct Conv2dOptions {
  int64_t in_channels;
  int64_t out_channels;
  int64_t kernel;
  int64_t stride = 1;
  int64_t padding = 0;
  bool bias = false;
  bool fan_in = false;  // initial weights are scaled by the input's channels, not by the output's
  int64_t groups = 1;   // input and output channels are cut into so many groups, each convolved by itself
};

// Convolution; weight: out×(in/groups)×k×k. Initial weights: Kaiming normal, N(0, √(2 / (k²·C))), C the output's
// channels of one group, or the input's with `fan_in`. Initial bias: 0. Throws (exit code 2) where the groups do not
// divide the channels of both sides. Of a convolution in groups only a depthwise one (groups = in_channels) has first
// channels to be tied to; tie() throws for another (exit code 2).
class Conv2d final : public Layer {
 public:
  explicit Conv2d(const Conv2dOptions& options);
  torch::Tensor forward(const torch::Tensor& x) override;
  void reset_parameters(torch::Generator& generator) override;
  void tie(const Layer& wider) override;
  int64_t output_size(int64_t input) const;  // height or width

 private:
  Conv2dOptions options_;
};

// Batch norm over N, H, W: momentum 0.1, ε 1e-5; weight 1, bias 0 at the start.
class BatchNorm2d final : public Layer {
 public:
  static constexpr double kMomentum = 0.1, kEpsilon = 1e-5;

  explicit BatchNorm2d(int64_t channels);
  torch::Tensor forward(const torch::Tensor& x) override;
  void reset_parameters(torch::Generator& generator) override;
  void tie(const Layer&) override {}

  torch::Tensor running_mean, running_var, num_batches_tracked;
};

// N×in → N×out, or N×T×in → N×T×out, with bias; weight: out×in. Initial values as PyTorch's, U(−1/√in, 1/√in); with a
// `deviation`, weights are N(0, deviation) and the bias is 0.
class FullyConnected : public Layer {
 public:
  FullyConnected(int64_t in_features, int64_t out_features, double deviation = 0);
  torch::Tensor forward(const torch::Tensor& x) override;
  void reset_parameters(torch::Generator& generator) override;

 private:
  double deviation_;
};

// The last layer: its logits leave as float32.
class Classifier final : public FullyConnected {
 public:
  using FullyConnected::FullyConnected;
  torch::Tensor forward(const torch::Tensor& x) override;
};

// Layer norm over the last dimension, of F features: (x − mean) / √(variance + ε) · weight + bias, computed in float32
// or better. Initial weight 1, bias 0. At a smaller width it takes the first features of the wider layer's parameters.
class LayerNorm final : public Layer {
 public:
  explicit LayerNorm(int64_t features, double epsilon = 1e-5);
  torch::Tensor forward(const torch::Tensor& x) override;
  void reset_parameters(torch::Generator& generator) override;

 private:
  double epsilon_;
};

// A parameter that belongs to no other layer: a class token (1×F), the positions of tokens (T×F), a scale. forward(x)
// gives N×`shape` of x's type, the same numbers for each of the N images in x. Initial weight: N(mean, deviation).
class LearnedTensor final : public Layer {
 public:
  explicit LearnedTensor(torch::IntArrayRef shape, double deviation = 0, double mean = 0);
  torch::Tensor forward(const torch::Tensor& x) override;
  void reset_parameters(torch::Generator& generator) override;

 private:
  double deviation_, mean_;
};

}  // namespace senet
