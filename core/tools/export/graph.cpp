#include "tools/export/graph.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <set>

#include "senet/error.h"

namespace senet {

int64_t Graph::relus() const {
  int64_t total = 0;
  for (const Node& node : nodes) {
    if (node.op == Operator::relu) total += node.mask.sum().item<int64_t>();
  }
  return total;
}

Multiplications Graph::multiplications() const {
  Multiplications total;
  for (const Node& node : nodes) {
    if (node.op != Operator::relu || !node.coefficients.defined()) continue;
    const auto elements = node.mask.eq(0).sum().item<int64_t>(), degree = node.coefficients.size(1) - 1;
    total.squares += degree > 1 ? elements : 0;
    total.coefficients += degree * elements;
  }
  return total;
}

std::vector<int> Graph::uses() const {
  std::vector<int> uses(nodes.size(), 0);
  for (const Node& node : nodes) {
    for (const int input : node.inputs) ++uses[input];
  }
  return uses;
}

Graph without_dead_nodes(Graph graph) {
  std::vector<bool> live(graph.nodes.size(), false);
  live.front() = live.back() = true;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    if (!live[i]) continue;
    for (const int input : graph.nodes[i].inputs) live[input] = true;
  }
  Graph kept;
  std::vector<int> place(graph.nodes.size(), -1);
  std::set<std::string> names;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!live[i]) continue;
    Node node = std::move(graph.nodes[i]);
    for (int& input : node.inputs) input = place[input];
    const std::string name = node.name;
    for (int count = 2; !names.insert(node.name).second; ++count) node.name = name + "_" + std::to_string(count);
    place[i] = static_cast<int>(kept.nodes.size());
    kept.nodes.push_back(std::move(node));
  }
  return kept;
}

namespace {

// float64 holds fixed-point numbers and the sums of their products exactly, as long as those are below 2^(53 − 2k).
class Numbers {
 public:
  explicit Numbers(const Arithmetic& arithmetic) {
    if (arithmetic.fraction_bits) unit_ = std::ldexp(1.0, -*arithmetic.fraction_bits);
  }
  torch::Tensor encoded(const torch::Tensor& x) const {
    return unit_ == 0 ? x.to(torch::kFloat32) : x.to(torch::kFloat64).div(unit_).trunc().mul(unit_);
  }
  torch::Tensor rescaled(const torch::Tensor& product) const {
    return unit_ == 0 ? product : product.div(unit_).round().mul(unit_);
  }
  double encoded(double x) const { return unit_ == 0 ? x : std::trunc(x / unit_) * unit_; }

 private:
  double unit_ = 0;
};

torch::Tensor of_channels(const torch::Tensor& values) { return values.view({1, -1, 1, 1}); }

torch::Tensor with_bias(const torch::Tensor& x, const Node& node, const Numbers& numbers) {
  if (!node.bias.defined()) return x;
  const torch::Tensor bias = numbers.encoded(node.bias);
  return x + (x.dim() == 4 ? of_channels(bias) : bias);
}

torch::Tensor pooled_average(const torch::Tensor& x, const Node& node, const Numbers& numbers) {
  const auto [height, width] = node.window.size;
  const torch::Tensor sum = at::avg_pool2d(x, {height, width}, {node.window.stride[0], node.window.stride[1]}, {0, 0},
                                           false, true, /*divisor_override=*/1);
  return numbers.rescaled(sum * numbers.encoded(1.0 / static_cast<double>(height * width)));
}

torch::Tensor sliced(torch::Tensor x, const Node& node) {
  for (size_t d = 0; d < node.shape.size(); ++d) {
    const int64_t end = node.begin[d] + (node.shape[d] - 1) * node.step[d] + 1;
    x = x.slice(static_cast<int64_t>(d) + 1, node.begin[d], end, node.step[d]);
  }
  return x;
}

torch::Tensor padded(const torch::Tensor& x, const Node& node) {
  std::vector<int64_t> amounts;  // from the last dimension on
  for (size_t d = node.before.size(); d-- > 0;) {
    amounts.push_back(node.before[d]);
    amounts.push_back(node.after[d]);
  }
  return at::constant_pad_nd(x, amounts, 0);
}

// What a relu node gives where its mask is zero. As a program computes it, each coefficient has a product of its own.
torch::Tensor beside_relu(const torch::Tensor& x, const Node& node, const Numbers& numbers) {
  if (!node.coefficients.defined()) return x;
  const auto coefficient = [&](int64_t power) {
    return of_channels(numbers.encoded(node.coefficients.select(1, power)));
  };
  torch::Tensor y = numbers.rescaled(coefficient(1) * x) + coefficient(0);
  if (node.coefficients.size(1) > 2) y = y + numbers.rescaled(coefficient(2) * numbers.rescaled(x.square()));
  return y;
}

torch::Tensor apply(const Node& node, const std::vector<torch::Tensor>& x, const Numbers& numbers) {
  const Window& window = node.window;
  switch (node.op) {
    case Operator::convolution:
      return with_bias(
          numbers.rescaled(at::conv2d(x[0], numbers.encoded(node.weight), {}, {window.stride[0], window.stride[1]},
                                      {window.padding[0], window.padding[1]}, 1, node.groups)),
          node, numbers);
    case Operator::linear:
      return with_bias(numbers.rescaled(at::matmul(x[0], numbers.encoded(node.weight).t())), node, numbers);
    case Operator::channel_affine:
      return with_bias(numbers.rescaled(x[0] * of_channels(numbers.encoded(node.weight))), node, numbers);
    case Operator::add:
      return x[0] + x[1];
    case Operator::relu:
      return torch::where(node.mask.to(torch::kBool), torch::relu(x[0]), beside_relu(x[0], node, numbers));
    case Operator::max_pool:
      return at::max_pool2d(x[0], {window.size[0], window.size[1]}, {window.stride[0], window.stride[1]},
                            {window.padding[0], window.padding[1]});
    case Operator::average_pool:
      return pooled_average(x[0], node, numbers);
    case Operator::reshape: {
      std::vector<int64_t> shape = {x[0].size(0)};
      shape.insert(shape.end(), node.shape.begin(), node.shape.end());
      return x[0].reshape(shape);
    }
    case Operator::slice:
      return sliced(x[0], node);
    case Operator::pad:
      return padded(x[0], node);
    case Operator::concatenate:
      return torch::cat(x, 1);
    case Operator::image:
    case Operator::unsupported:
      break;
  }
  fail("the operator '", node.name, "' cannot be evaluated");
}

torch::Tensor evaluate_batch(const Graph& graph, const torch::Tensor& images, const Numbers& numbers) {
  std::vector<int> left = graph.uses();
  std::vector<torch::Tensor> values(graph.nodes.size());
  values[0] = numbers.encoded(images.contiguous());
  for (size_t i = 1; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    std::vector<torch::Tensor> inputs;
    for (const int input : node.inputs) inputs.push_back(values[input]);
    values[i] = apply(node, inputs, numbers);
    for (const int input : node.inputs) {
      if (--left[input] == 0) values[input] = torch::Tensor();
    }
  }
  return values.back().to(torch::kFloat32);
}

}  // namespace

torch::Tensor evaluate(const Graph& graph, const torch::Tensor& images, const Arithmetic& arithmetic) {
  const torch::NoGradGuard no_gradient;
  const Numbers numbers(arithmetic);
  std::vector<torch::Tensor> logits;
  for (const torch::Tensor& batch : images.split(kGraphBatch)) logits.push_back(evaluate_batch(graph, batch, numbers));
  return torch::cat(logits);
}

}  // namespace senet
