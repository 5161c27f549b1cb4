#include "tools/export/record.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "nn/evaluation_mode.h"
#include "nn/recording.h"
#include "senet/error.h"

namespace senet {

namespace {

std::vector<int64_t> shape_of_image(const torch::Tensor& batch) { return batch.sizes().slice(1).vec(); }

std::array<int64_t, 2> pair_of(const c10::IValue& value) {
  if (value.isInt()) return {value.toInt(), value.toInt()};
  const std::vector<int64_t> list = value.toIntVector();
  return {list.front(), list.back()};
}

bool all_equal(const c10::IValue& value, int64_t expected) {
  const auto [first, second] = pair_of(value);
  return first == expected && second == expected;
}

torch::Tensor kept(const torch::Tensor& tensor) { return tensor.detach().to(torch::kFloat32).contiguous().clone(); }

torch::Tensor optional_tensor(const c10::IValue& value) {
  return value.isTensor() && value.toTensor().defined() ? kept(value.toTensor()) : torch::Tensor();
}

constexpr const char* kExported =
    "known are convolutions, fully connected layers, batch norms, additions, ReLU sites, max- and average-pooling, "
    "reshapes, slices, zero padding and concatenation of channels";

class GraphBuilder {
 public:
  GraphBuilder(const Network& network, const torch::Tensor& images) {
    for (const auto& parameter : network.named_parameters()) {
      const std::string& name = parameter.key();
      const size_t dot = name.rfind('.');
      layers_[parameter.value().unsafeGetTensorImpl()] = name.substr(0, dot == std::string::npos ? name.size() : dot);
    }
    Node image;
    image.op = Operator::image;
    image.name = "image";
    image.shape = shape_of_image(images);
    batch_ = images.size(0);
    graph_.nodes.push_back(std::move(image));
    values_[images.unsafeGetTensorImpl()] = 0;
  }

  void add(const std::vector<Call>& calls) {
    for (const Call& call : calls) add(call);
  }

  Graph finished(const torch::Tensor& logits) {
    const auto value = values_.find(logits.unsafeGetTensorImpl());
    SENET_CHECK(value != values_.end(), "the network's logits do not come from its input: it cannot be exported");
    graph_.nodes.resize(static_cast<size_t>(value->second) + 1);
    Graph graph = without_dead_nodes(std::move(graph_));
    for (size_t i = 1; i < graph.nodes.size(); ++i) {
      const Node& node = graph.nodes[i];
      // Of an operator that can be exported, the name says what of this use cannot.
      const bool has_reason = node.name.find(' ') != std::string::npos;
      SENET_CHECK(node.op != Operator::unsupported, "the network's operator ", node.name, " (after '",
                  graph.nodes[i - 1].name, "') cannot be exported; ", has_reason ? "without that it can" : kExported);
    }
    return graph;
  }

 private:
  bool known(const torch::Tensor& tensor) const { return values_.count(tensor.unsafeGetTensorImpl()) != 0; }
  int value_of(const c10::IValue& value) const { return values_.at(value.toTensor().unsafeGetTensorImpl()); }
  bool is_value(const c10::IValue& value) const {
    return value.isTensor() && value.toTensor().defined() && known(value.toTensor());
  }

  int push(Node node, const torch::Tensor& output) {
    node.shape = shape_of_image(output);
    graph_.nodes.push_back(std::move(node));
    return values_[output.unsafeGetTensorImpl()] = static_cast<int>(graph_.nodes.size()) - 1;
  }

  std::string layer_name(const c10::IValue& weight, const char* otherwise) const {
    const auto found = layers_.find(weight.toTensor().unsafeGetTensorImpl());
    return found == layers_.end() ? otherwise : found->second;
  }

  void add(const Call& call) {
    if (call.site) return add_site(call);
    bool of_image = false;
    for (const c10::IValue& input : call.inputs) {
      for (const torch::Tensor& tensor : tensors_in(input)) of_image = of_image || known(tensor);
    }
    // What depends on weights alone is a constant; its value is in the tensor.
    if (!of_image || call.outputs.empty()) return;
    if (add_node(call) || passes_on(call)) return;
    const bool outermost = written_.empty();
    if (outermost) written_ = call.name + reason_;
    add(call.parts);
    add_unsupported(call);
    if (outermost) written_.clear();
  }

  // For what of an operator's results neither it nor its parts account for.
  void add_unsupported(const Call& call) {
    for (const c10::IValue& output : call.outputs) {
      for (const torch::Tensor& tensor : tensors_in(output)) {
        const bool written_over = call.parts.empty() && call.name.back() == '_';
        if ((known(tensor) && !written_over) || tensor.dim() == 0) continue;
        Node node;
        node.name = written_;
        for (const c10::IValue& input : call.inputs) {
          if (is_value(input)) node.inputs.push_back(value_of(input));
        }
        push(std::move(node), tensor);
      }
    }
  }

  void add_site(const Call& call) {
    const torch::Tensor& pre = call.inputs[0].toTensor();
    SENET_CHECK(known(pre), "what ReLU site '", call.site->name(),
                "' is given does not come from the network's input by recorded operators");
    Node node;
    node.op = Operator::relu;
    node.name = call.site->name();
    node.inputs = {value_of(call.inputs[0])};
    node.mask = call.site->mask();
    if (call.site->activation().multiplications().any()) {
      const TensorMap tensors = call.site->activation().tensors();
      const auto coefficients = tensors.find("coefficients");
      SENET_CHECK(coefficients != tensors.end(), "ReLU site '", node.name,
                  "' holds an activation that multiplies and has no coefficients: it cannot be exported");
      node.coefficients = kept(coefficients->second);
    }
    push(std::move(node), call.outputs[0].toTensor());
  }

  // Operators that only hand on their input.
  bool passes_on(const Call& call) {
    static const char* const names[] = {"aten::contiguous", "aten::clone",           "aten::to",
                                        "aten::_to_copy",   "aten::detach",          "aten::alias",
                                        "aten::dropout",    "aten::feature_dropout", "aten::type_as"};
    if (!is_value(call.inputs[0]) || !call.outputs[0].isTensor()) return false;
    const torch::Tensor& output = call.outputs[0].toTensor();
    const bool same = output.unsafeGetTensorImpl() == call.inputs[0].toTensor().unsafeGetTensorImpl();
    const bool in_place = call.name.back() == '_';
    const bool copy =
        std::any_of(std::begin(names), std::end(names), [&](const char* name) { return call.name == name; });
    if (!(copy || (same && !in_place)) || output.sizes() != call.inputs[0].toTensor().sizes()) return false;
    values_[output.unsafeGetTensorImpl()] = value_of(call.inputs[0]);
    return true;
  }

  // False where the operator, or this use of it, is not one of the graph's.
  bool add_node(const Call& call) {
    using Make = bool (GraphBuilder::*)(const std::vector<c10::IValue>&, const torch::Tensor&, Node&);
    static const std::map<std::string, Make> makers = {
        {"aten::conv2d", &GraphBuilder::convolution},
        {"aten::linear", &GraphBuilder::linear},
        {"aten::batch_norm", &GraphBuilder::batch_norm},
        {"aten::add", &GraphBuilder::sum},
        {"aten::add_", &GraphBuilder::sum},
        {"aten::max_pool2d", &GraphBuilder::max_pool},
        {"aten::avg_pool2d", &GraphBuilder::average_pool},
        {"aten::adaptive_avg_pool2d", &GraphBuilder::adaptive_average_pool},
        {"aten::mean", &GraphBuilder::mean},
        {"aten::flatten", &GraphBuilder::reshape},
        {"aten::reshape", &GraphBuilder::reshape},
        {"aten::view", &GraphBuilder::reshape},
        {"aten::unsqueeze", &GraphBuilder::reshape},
        {"aten::squeeze", &GraphBuilder::reshape},
        {"aten::slice", &GraphBuilder::slice},
        {"aten::constant_pad_nd", &GraphBuilder::pad},
        {"aten::cat", &GraphBuilder::concatenate},
    };
    reason_.clear();
    const auto maker = makers.find(call.name);
    if (maker == makers.end() || call.outputs.size() != 1 || !call.outputs[0].isTensor()) return false;
    const torch::Tensor& output = call.outputs[0].toTensor();
    if (output.dim() < 2 || output.size(0) != batch_) return false;
    Node node;
    node.name = call.name.substr(call.name.rfind(':') + 1);
    if (is_value(call.inputs[0])) node.inputs = {value_of(call.inputs[0])};
    if (!(this->*maker->second)(call.inputs, output, node)) return false;
    push(std::move(node), output);
    return true;
  }

  // What of an operator's use keeps it out of the graph, behind its name.
  bool refuse(std::string reason) {
    reason_ = std::move(reason);
    return false;
  }

  bool convolution(const std::vector<c10::IValue>& in, const torch::Tensor& output, Node& node) {
    if (!is_value(in[0]) || is_value(in[1]) || output.dim() != 4) return false;
    if (!in[4].isIntList()) return refuse(" with padding given as a word");
    if (!all_equal(in[5], 1)) return refuse(text(" with a dilation of ", torch::IntArrayRef(pair_of(in[5]))));
    node.op = Operator::convolution;
    node.name = layer_name(in[1], "convolution");
    node.weight = kept(in[1].toTensor());
    node.bias = optional_tensor(in[2]);
    node.groups = in[6].toInt();
    node.window = {{node.weight.size(2), node.weight.size(3)}, pair_of(in[3]), pair_of(in[4])};
    return true;
  }

  bool linear(const std::vector<c10::IValue>& in, const torch::Tensor& output, Node& node) {
    if (!is_value(in[0]) || is_value(in[1]) || output.dim() != 2) return false;
    node.op = Operator::linear;
    node.name = layer_name(in[1], "linear");
    node.weight = kept(in[1].toTensor());
    node.bias = optional_tensor(in[2]);
    return true;
  }

  bool batch_norm(const std::vector<c10::IValue>& in, const torch::Tensor& output, Node& node) {
    if (!is_value(in[0]) || in[5].toBool() || output.dim() != 4 || !in[3].isTensor() || !in[4].isTensor()) return false;
    node.op = Operator::channel_affine;
    node.name = in[1].isTensor() ? layer_name(in[1], "batch_norm") : "batch_norm";
    const torch::Tensor mean = in[3].toTensor().to(torch::kFloat64), variance = in[4].toTensor().to(torch::kFloat64);
    torch::Tensor scale = (variance + in[7].toDouble()).rsqrt();
    if (const torch::Tensor weight = optional_tensor(in[1]); weight.defined()) scale = scale * weight;
    torch::Tensor offset = -mean * scale;
    if (const torch::Tensor bias = optional_tensor(in[2]); bias.defined()) offset = offset + bias;
    node.weight = kept(scale);
    node.bias = kept(offset);
    return true;
  }

  bool sum(const std::vector<c10::IValue>& in, const torch::Tensor&, Node& node) {
    if (!is_value(in[0]) || !is_value(in[1]) || in[2].toScalar().toDouble() != 1 ||
        in[0].toTensor().sizes() != in[1].toTensor().sizes()) {
      return false;
    }
    node.op = Operator::add;
    node.inputs = {value_of(in[0]), value_of(in[1])};
    return true;
  }

  static std::array<int64_t, 2> stride_of(const c10::IValue& value, const std::array<int64_t, 2>& size) {
    return value.isIntList() && value.toIntVector().empty() ? size : pair_of(value);
  }

  bool max_pool(const std::vector<c10::IValue>& in, const torch::Tensor& output, Node& node) {
    if (!is_value(in[0]) || output.dim() != 4) return false;
    if (!all_equal(in[4], 1)) return refuse(text(" with a dilation of ", torch::IntArrayRef(pair_of(in[4]))));
    if (in[5].toBool()) return refuse(" with ceil_mode");
    node.op = Operator::max_pool;
    node.window.size = pair_of(in[1]);
    node.window.stride = stride_of(in[2], node.window.size);
    node.window.padding = pair_of(in[3]);
    return true;
  }

  bool average_pool(const std::vector<c10::IValue>& in, const torch::Tensor& output, Node& node) {
    if (!is_value(in[0]) || output.dim() != 4) return false;
    if (!all_equal(in[3], 0)) return refuse(" with padding, which its averages may count");
    if (in[4].toBool()) return refuse(" with ceil_mode");
    if (!in[6].isNone()) return refuse(" with a divisor of its own");
    node.op = Operator::average_pool;
    node.window.size = pair_of(in[1]);
    node.window.stride = stride_of(in[2], node.window.size);
    return true;
  }

  bool adaptive_average_pool(const std::vector<c10::IValue>& in, const torch::Tensor& output, Node& node) {
    if (!is_value(in[0]) || output.dim() != 4) return false;
    const torch::Tensor& x = in[0].toTensor();
    for (const int64_t d : {0, 1}) {
      if (x.size(2 + d) % output.size(2 + d) != 0) return false;
      node.window.size[d] = node.window.stride[d] = x.size(2 + d) / output.size(2 + d);
    }
    node.op = Operator::average_pool;
    return true;
  }

  // Over all positions of each channel.
  bool mean(const std::vector<c10::IValue>& in, const torch::Tensor& output, Node& node) {
    if (!is_value(in[0]) || in.size() != 4 || !in[1].isIntList()) return false;
    const torch::Tensor& x = in[0].toTensor();
    std::vector<int64_t> dimensions = in[1].toIntVector();
    for (int64_t& d : dimensions) d = d < 0 ? d + x.dim() : d;
    std::sort(dimensions.begin(), dimensions.end());
    if (x.dim() != 4 || dimensions != std::vector<int64_t>{2, 3}) return false;
    node.op = Operator::average_pool;
    node.window.size = node.window.stride = {x.size(2), x.size(3)};
    if (output.dim() == 4) return true;
    node.shape = {x.size(1), 1, 1};
    graph_.nodes.push_back(node);
    node = {};
    node.op = Operator::reshape;
    node.name = "reshape";
    node.inputs = {static_cast<int>(graph_.nodes.size()) - 1};
    return true;
  }

  bool reshape(const std::vector<c10::IValue>& in, const torch::Tensor&, Node& node) {
    if (!is_value(in[0]) || in[0].toTensor().size(0) != batch_) return false;
    node.op = Operator::reshape;
    // What is reshaped twice is reshaped once.
    if (const Node& before = graph_.nodes[node.inputs[0]]; before.op == Operator::reshape) node.inputs = before.inputs;
    return true;
  }

  bool slice(const std::vector<c10::IValue>& in, const torch::Tensor& output, Node& node) {
    if (!is_value(in[0])) return false;
    const torch::Tensor& x = in[0].toTensor();
    const int64_t d = in[1].toInt() < 0 ? in[1].toInt() + x.dim() : in[1].toInt();
    if (d == 0) return false;
    node.op = Operator::slice;
    node.begin.assign(output.dim() - 1, 0);
    node.step.assign(output.dim() - 1, 1);
    int64_t begin = in[2].isNone() ? 0 : in[2].toInt();
    if (begin < 0) begin += x.size(d);
    node.begin[d - 1] = std::max<int64_t>(0, begin);
    node.step[d - 1] = in[4].toInt();
    return true;
  }

  bool pad(const std::vector<c10::IValue>& in, const torch::Tensor& output, Node& node) {
    if (!is_value(in[0]) || in[2].toScalar().toDouble() != 0) return false;
    const std::vector<int64_t> amounts = in[1].toIntVector();  // from the last dimension on
    const size_t rank = static_cast<size_t>(output.dim()) - 1;
    if (amounts.size() > 2 * rank || *std::min_element(amounts.begin(), amounts.end()) < 0) return false;
    node.op = Operator::pad;
    node.before.assign(rank, 0);
    node.after.assign(rank, 0);
    for (size_t i = 0; i < amounts.size() / 2; ++i) {
      node.before[rank - 1 - i] = amounts[2 * i];
      node.after[rank - 1 - i] = amounts[2 * i + 1];
    }
    return true;
  }

  bool concatenate(const std::vector<c10::IValue>& in, const torch::Tensor& output, Node& node) {
    const int64_t d = in[1].toInt() < 0 ? in[1].toInt() + output.dim() : in[1].toInt();
    if (d != 1) return false;
    node.op = Operator::concatenate;
    for (const torch::Tensor& tensor : in[0].toTensorVector()) {
      if (!known(tensor)) return false;
      node.inputs.push_back(values_.at(tensor.unsafeGetTensorImpl()));
    }
    return true;
  }

  Graph graph_;
  int64_t batch_ = 0;
  std::string written_;  // the operator that the network called, while its parts are looked at
  std::string reason_;   // why the last operator is none of the graph's
  std::unordered_map<const c10::TensorImpl*, int> values_;  // the node that each tensor is the value of
  std::unordered_map<const c10::TensorImpl*, std::string> layers_;
};

constexpr double kTolerance = 1e-3;  // of the largest logit: sums in another order

void check_equal(const Graph& graph, const torch::Tensor& images, const torch::Tensor& logits) {
  const double error = (evaluate(graph, images) - logits).abs().max().item<double>();
  const double largest = std::max(1.0, logits.abs().max().item<double>());
  SENET_CHECK(error <= kTolerance * largest,
              "the recorded graph does not compute what the network does: its logits are ", error, " off, up to ",
              kTolerance * largest,
              " were expected; does the network work on tensors other than by LibTorch's operators?");
}

}  // namespace

Graph record_graph(Network& network) {
  const NetworkShape& shape = network.shape();
  const EvaluationMode evaluation(network);
  // Two images, so that a reshape across images shows.
  const torch::NoGradGuard no_gradient;
  const torch::Tensor images = torch::arange(2 * shape.channels * shape.height * shape.width, torch::kFloat32)
                                   .sin()
                                   .view({2, shape.channels, shape.height, shape.width});
  torch::Tensor logits;
  std::vector<Call> calls;
  {
    Recording recording;
    logits = network.forward(images, &recording);
    calls = std::move(recording.calls);
  }
  GraphBuilder builder(network, images);
  builder.add(calls);
  Graph graph = builder.finished(logits);
  check_equal(graph, images, logits.detach());
  return graph;
}

Graph fold_batch_norms(Graph graph) {
  const std::vector<int> uses = graph.uses();
  for (Node& node : graph.nodes) {
    if (node.op != Operator::channel_affine) continue;
    const Node& before = graph.nodes[node.inputs[0]];
    if (before.op != Operator::convolution || uses[node.inputs[0]] != 1) continue;
    const torch::Tensor scale = node.weight.to(torch::kFloat64);
    torch::Tensor bias = node.bias.to(torch::kFloat64);
    if (before.bias.defined()) bias = bias + before.bias.to(torch::kFloat64) * scale;
    Node folded = before;
    folded.weight = kept(before.weight.to(torch::kFloat64) * scale.view({-1, 1, 1, 1}));
    folded.bias = kept(bias);
    node = std::move(folded);
  }
  return without_dead_nodes(std::move(graph));
}

}  // namespace senet
