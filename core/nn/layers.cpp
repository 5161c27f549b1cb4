#include "senet/layers.h"

#include <torch/utils.h>

#include <array>
#include <cmath>

#include "device/world.h"
#include "kernels/joined_norm.h"
#include "kernels/parameter_copy.h"
#include "nn/norm_activation.h"
#include "senet/error.h"

namespace senet {

namespace {

// oneDNN's strided 1×1 convolution writes outside its workspace, and returns wrong weight gradients, when a
// channels-last input has fewer channels than a vector block: 8 with AVX2, 16 with AVX-512 (uxlfoundation/oneDNN#6035).
// The same sum without the stride is safe.
constexpr int64_t kNarrow = 16;

}  // namespace

Layer::Layer() : weight_copy(std::make_shared<ParameterCopy>()), bias_copy(std::make_shared<ParameterCopy>()) {}

void Layer::tie(const Layer& wider) {
  tie("weight", weight, wider.weight);
  if (bias.defined()) tie("bias", bias, wider.bias);
}

void Layer::tie(const char* name, torch::Tensor& own, const torch::Tensor& wide) {
  SENET_CHECK(own.dim() == wide.dim(), "'", name, "' of ", own.dim(), " dimensions cannot be cut out of one of ",
              wide.dim());
  torch::Tensor first = wide;
  for (int64_t d = 0; d < own.dim(); ++d) {
    if (own.size(d) != wide.size(d)) first = first.narrow(d, 0, own.size(d));
  }
  own = first;
  if (parameters_.contains(name)) parameters_.erase(name);
}

Conv2d::Conv2d(const Conv2dOptions& options) : options_(options) {
  const auto [in, out, groups] = std::array<int64_t, 3>{options.in_channels, options.out_channels, options.groups};
  if (groups < 1 || in % groups != 0 || out % groups != 0) {
    fail_usage("a convolution from ", in, " to ", out, " channels has ", groups,
               " groups; expected a number that divides both");
  }
  weight = register_parameter("weight",
                              torch::empty({out, in / groups, options.kernel, options.kernel},
                                           torch::TensorOptions().memory_format(torch::MemoryFormat::ChannelsLast)));
  if (options.bias) bias = register_parameter("bias", torch::empty(out));
}

void Conv2d::tie(const Layer& wider) {
  const auto* wide = dynamic_cast<const Conv2d*>(&wider);
  const auto depthwise = [](const Conv2dOptions& o) { return o.groups == o.in_channels; };
  const bool grouped = options_.groups > 1 || (wide && wide->options_.groups > 1);
  const bool same_size = wide && weight.sizes() == wide->weight.sizes();
  if (grouped && !same_size &&
      !(wide && depthwise(options_) && depthwise(wide->options_) &&
        options_.out_channels * wide->options_.groups == wide->options_.out_channels * options_.groups)) {
    fail_usage("a convolution of ", options_.in_channels, " channels in ", options_.groups,
               " groups cannot be cut out of a wider one: its groups would be other channels; build the model with "
               "depthwise convolutions (groups = in_channels) or without groups, or train one width");
  }
  Layer::tie(wider);
}

int64_t Conv2d::output_size(int64_t input) const {
  return (input + 2 * options_.padding - options_.kernel) / options_.stride + 1;
}

torch::Tensor Conv2d::forward(const torch::Tensor& x) {
  torch::Tensor y;
  const torch::Tensor w = weight_copy->of(weight, x.scalar_type()),
                      b = bias.defined() ? bias_copy->of(bias, x.scalar_type()) : torch::Tensor();
  if (x.is_cpu() && options_.kernel == 1 && options_.stride > 1 && options_.padding == 0 && weight.size(1) < kNarrow) {
    const torch::Tensor kept = x.slice(2, 0, torch::nullopt, options_.stride)
                                   .slice(3, 0, torch::nullopt, options_.stride)
                                   .contiguous(x.suggest_memory_format());
    y = at::conv2d(kept, w, b, 1, torch::IntArrayRef(0), 1, options_.groups);
  } else {
    y = at::conv2d(x, w, b, options_.stride, options_.padding, 1, options_.groups);
  }
  macs_per_image_ = weight.numel() * y.size(2) * y.size(3);
  return y;
}

void Conv2d::reset_parameters(torch::Generator& generator) {
  const torch::NoGradGuard no_gradient;
  const int64_t channels = (options_.fan_in ? options_.in_channels : options_.out_channels) / options_.groups;
  const auto fan = static_cast<double>(options_.kernel * options_.kernel * channels);
  // Drawn in the order of the shape, whatever the memory layout.
  weight.copy_(torch::empty(weight.sizes()).normal_(0, std::sqrt(2 / fan), generator));
  if (bias.defined()) bias.zero_();
}

BatchNorm2d::BatchNorm2d(int64_t channels) {
  weight = register_parameter("weight", torch::ones(channels));
  bias = register_parameter("bias", torch::zeros(channels));
  running_mean = register_buffer("running_mean", torch::zeros(channels));
  running_var = register_buffer("running_var", torch::ones(channels));
  num_batches_tracked = register_buffer("num_batches_tracked", torch::zeros({}, torch::kInt64));
}

torch::Tensor BatchNorm2d::forward(const torch::Tensor& x) {
  if (is_training() && !sharing_world() && x.numel() == x.size(1)) {
    fail_usage("batch norm is to train on ", x.sizes(),
               ", one value a channel, which has no variance: the last batch of "
               "an epoch has one image; take another batch or dataset.train_limit");
  }
  if (is_training()) num_batches_tracked.add_(1);
  if (is_training() && sharing_world()) return joined_batch_norm(norm_of(*this), x);
  return at::batch_norm(x, weight, bias, running_mean, running_var, is_training(), kMomentum, kEpsilon, true);
}

void BatchNorm2d::reset_parameters(torch::Generator&) {
  const torch::NoGradGuard no_gradient;
  weight.fill_(1);
  bias.zero_();
  running_mean.zero_();
  running_var.fill_(1);
  num_batches_tracked.zero_();
}

FullyConnected::FullyConnected(int64_t in_features, int64_t out_features, double deviation) : deviation_(deviation) {
  weight = register_parameter("weight", torch::empty({out_features, in_features}));
  bias = register_parameter("bias", torch::empty(out_features));
}

torch::Tensor FullyConnected::forward(const torch::Tensor& x) {
  macs_per_image_ = weight.numel();
  for (int64_t d = 1; d + 1 < x.dim(); ++d) macs_per_image_ *= x.size(d);  // tokens
  return at::linear(x, weight_copy->of(weight, x.scalar_type()), bias_copy->of(bias, x.scalar_type()));
}

void FullyConnected::reset_parameters(torch::Generator& generator) {
  const torch::NoGradGuard no_gradient;
  if (deviation_ > 0) {
    weight.copy_(torch::empty(weight.sizes()).normal_(0, deviation_, generator));
    bias.zero_();
    return;
  }
  const double bound = 1 / std::sqrt(static_cast<double>(weight.size(1)));
  weight.copy_(torch::empty(weight.sizes()).uniform_(-bound, bound, generator));
  bias.copy_(torch::empty(bias.sizes()).uniform_(-bound, bound, generator));
}

torch::Tensor Classifier::forward(const torch::Tensor& x) { return FullyConnected::forward(x).to(torch::kFloat32); }

LayerNorm::LayerNorm(int64_t features, double epsilon) : epsilon_(epsilon) {
  weight = register_parameter("weight", torch::ones(features));
  bias = register_parameter("bias", torch::zeros(features));
}

torch::Tensor LayerNorm::forward(const torch::Tensor& x) {
  const auto type = x.scalar_type() == torch::kFloat64 ? torch::kFloat64 : torch::kFloat32;
  return at::layer_norm(x.to(type), weight.sizes(), weight.to(type), bias.to(type), epsilon_).to(x.scalar_type());
}

void LayerNorm::reset_parameters(torch::Generator&) {
  const torch::NoGradGuard no_gradient;
  weight.fill_(1);
  bias.zero_();
}

LearnedTensor::LearnedTensor(torch::IntArrayRef shape, double deviation, double mean)
    : deviation_(deviation), mean_(mean) {
  weight = register_parameter("weight", torch::zeros(shape));
}

torch::Tensor LearnedTensor::forward(const torch::Tensor& x) {
  std::vector<int64_t> shape = weight.sizes().vec();
  shape.insert(shape.begin(), x.size(0));
  return weight.to(x.scalar_type()).expand(shape);
}

void LearnedTensor::reset_parameters(torch::Generator& generator) {
  const torch::NoGradGuard no_gradient;
  if (deviation_ == 0) {
    weight.fill_(mean_);
    return;
  }
  weight.copy_(torch::empty(weight.sizes()).normal_(mean_, deviation_, generator));
}

}  // namespace senet
