#include "tools/export/program.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "senet/choice.h"
#include "senet/error.h"

namespace senet {

namespace {

// Below every value of a network, and far from what overflows an engine's 64-bit numbers.
constexpr const char* kLowest = "-1048576.0";

constexpr Choice<Masking> kMaskings[] = {
    {"gather", Masking::gather}, {"select", Masking::select}, {"multiply", Masking::multiply}};
constexpr Choice<Owner> kOwners[] = {{"client", Owner::client}, {"server", Owner::server}, {"public", Owner::everyone}};
constexpr Choice<Cost> kCosts[] = {
    {"linear", Cost::linear}, {"relu", Cost::relu}, {"polynomial", Cost::polynomial}, {"max_pool", Cost::max_pool}};
constexpr Choice<ElementType> kElements[] = {
    {"f32", ElementType::f32}, {"i32", ElementType::i32}, {"i1", ElementType::i1}};

std::string joined(const std::vector<int64_t>& numbers, const char* separator = ", ") {
  std::string all;
  for (const int64_t number : numbers) all += (all.empty() ? "" : separator) + std::to_string(number);
  return all;
}

// Of a value with shape C×H×W: as it is laid out in the program. Other shapes keep their order.
std::vector<int64_t> laid_out(const std::vector<int64_t>& shape) {
  if (shape.size() == 3) return {1, shape[1], shape[2], shape[0]};
  std::vector<int64_t> with_batch = {1};
  with_batch.insert(with_batch.end(), shape.begin(), shape.end());
  return with_batch;
}

std::string type_of(const std::vector<int64_t>& shape, ElementType element = ElementType::f32) {
  return TensorType{shape, element}.text();
}

ElementType element_of(const torch::Tensor& value) {
  switch (value.scalar_type()) {
    case torch::kFloat32:
      return ElementType::f32;
    case torch::kInt32:
      return ElementType::i32;
    case torch::kBool:
      return ElementType::i1;
    default:
      fail("an exported program has no tensors of ", value.dtype());
  }
}

int64_t count(const std::vector<int64_t>& shape) {
  int64_t product = 1;
  for (const int64_t size : shape) product *= size;
  return product;
}

// A symbol that MLIR takes without quotes.
std::string symbol(const std::string& name) {
  std::string clean;
  for (const char c : name) {
    clean += std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' ? c : '_';
  }
  const bool plain = !clean.empty() && !std::isdigit(static_cast<unsigned char>(clean.front())) && clean != "main";
  return plain ? clean : "_" + clean;
}

// The body of one function, operation by operation.
class Body {
 public:
  // Returns the name of a new value that the operation gives.
  std::string operator()(const std::string& operation) {
    std::string name = "%" + std::to_string(next_++);
    text_ << "    " << name << " = " << operation << "\n";
    return name;
  }
  std::string constant(const std::string& value, const std::vector<int64_t>& shape) {
    return (*this)("stablehlo.constant dense<" + value + "> : " + type_of(shape));
  }
  std::string unary(const char* name, const std::string& x, const std::vector<int64_t>& from,
                    const std::vector<int64_t>& to, const std::string& attributes = "") {
    return (*this)(std::string("stablehlo.") + name + " " + x + attributes + " : (" + type_of(from) + ") -> " +
                   type_of(to));
  }
  std::string binary(const char* name, const std::string& x, const std::string& y, const std::vector<int64_t>& shape) {
    return (*this)(std::string("stablehlo.") + name + " " + x + ", " + y + " : " + type_of(shape));
  }
  std::string reshape(const std::string& x, const std::vector<int64_t>& from, const std::vector<int64_t>& to) {
    return from == to ? x : unary("reshape", x, from, to);
  }
  // A vector's elements at the indices (n×1).
  std::string gather(const std::string& x, const std::string& indices, int64_t from, int64_t n) {
    return (*this)("\"stablehlo.gather\"(" + x + ", " + indices +
                   ") {dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], "
                   "index_vector_dim = 1>, slice_sizes = array<i64: 1>} : (" +
                   type_of({from}) + ", " + type_of({n, 1}, ElementType::i32) + ") -> " + type_of({n}));
  }
  std::string window(const char* reduction, const std::string& x, const std::string& start, const Window& window,
                     const std::vector<int64_t>& from, const std::vector<int64_t>& to) {
    const auto of_image = [](const std::array<int64_t, 2>& pair) { return joined({1, pair[0], pair[1], 1}); };
    return (*this)(
        "\"stablehlo.reduce_window\"(" + x + ", " + start +
        ") ({\n    ^bb0(%a: tensor<f32>, %b: tensor<f32>):\n      %r = stablehlo." + reduction +
        " %a, %b : tensor<f32>\n      stablehlo.return %r : tensor<f32>\n    }) {window_dimensions = array<i64: " +
        of_image(window.size) + ">, window_strides = array<i64: " + of_image(window.stride) +
        ">, padding = dense<[[0, 0], [" + joined({window.padding[0], window.padding[0]}) + "], [" +
        joined({window.padding[1], window.padding[1]}) + "], [0, 0]]> : tensor<4x2xi64>} : (" + type_of(from) +
        ", tensor<f32>) -> " + type_of(to));
  }
  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  int next_ = 0;
};

class ProgramBuilder {
 public:
  ProgramBuilder(const Graph& graph, Masking masking) : graph_(graph), masking_(masking) {
    program_.arguments.push_back({"image", Owner::client, {}, {laid_out(graph.nodes.front().shape)}});
    values_.push_back({"image", laid_out(graph.nodes.front().shape)});
  }

  Program built() && {
    for (size_t i = 1; i < graph_.nodes.size(); ++i) values_.push_back(add(graph_.nodes[i]));
    // The program has to give what a function computes.
    SENET_CHECK(!program_.layers.empty() && values_.back().name == program_.layers.back().output,
                "a network whose last operation is no layer cannot be exported");
    return std::move(program_);
  }

 private:
  struct Value {
    std::string name;
    std::vector<int64_t> shape;  // in the layout
  };

  // What the node gives.
  Value add(const Node& node) {
    if (node.op == Operator::relu) {
      const auto kept = node.mask.sum().item<int64_t>();
      if (node.coefficients.defined() && kept < node.mask.numel()) return add_polynomial(node, kept);
      if (kept == 0 && masking_ == Masking::gather) return values_[node.inputs[0]];
    }
    std::vector<Value> inputs;
    for (const int input : node.inputs) inputs.push_back(values_[input]);
    return add_layer(node.name, Cost::linear, laid_out(node.shape), inputs, [&] { return body_of(node); });
  }

  // A layer that takes these values as %x0, %x1, …; `write` writes its body and says what the body gives.
  template <class Write>
  Value add_layer(const std::string& name, Cost cost, const std::vector<int64_t>& shape,
                  const std::vector<Value>& inputs, const Write& write) {
    ProgramLayer layer;
    layer.name = symbol(name);
    while (!names_.insert(layer.name).second) layer.name += "_";
    layer.cost = cost;
    layer.type = {shape};
    for (size_t i = 0; i < inputs.size(); ++i)
      layer.parameters.push_back({"x" + std::to_string(i), inputs[i].name, {inputs[i].shape}});
    body_ = Body();
    layer_ = &layer;
    const std::string result = write();
    layer.body = body_.text() + "    return " + result + " : " + layer.type.text() + "\n";
    layer.output = "v" + std::to_string(program_.layers.size());
    program_.layers.push_back(std::move(layer));
    return {program_.layers.back().output, shape};
  }

  // What is compared is one layer; the polynomial, and both put together, another.
  Value add_polynomial(const Node& node, int64_t kept) {
    const std::vector<int64_t> shape = laid_out(node.shape);
    const torch::Tensor mask = mask_of(node), places = mask.flatten().nonzero().flatten();
    const Value x = values_[node.inputs[0]];
    if (masking_ != Masking::gather) {
      const Value positive = add_layer(node.name, Cost::relu, shape, {x}, [&] { return rectified("%x0", shape); });
      return add_layer(node.name + ".polynomial", Cost::polynomial, shape, {x, positive}, [&] {
        const std::string all = polynomial(node, "%x0", shape, {});
        return chosen(mask, "%x1", all, shape);
      });
    }
    std::vector<Value> inputs = {x};
    if (kept > 0) {
      inputs.push_back(add_layer(node.name, Cost::relu, {kept}, {x}, [&] {
        return rectified(gathered("%x0", shape, argument("kept", Owner::everyone, indices(places)), kept), {kept});
      }));
    }
    return add_layer(node.name + ".polynomial", Cost::polynomial, shape, inputs, [&] {
      return kept > 0 ? beside(node, mask.flatten(), places, shape) : polynomial(node, "%x0", shape, {});
    });
  }

  std::string argument(const std::string& name, Owner owner, const torch::Tensor& value) {
    Argument argument{layer_->name + "." + name, owner, value.contiguous(), {value.sizes().vec(), element_of(value)}};
    layer_->parameters.push_back({name, argument.name, argument.type});
    program_.arguments.push_back(std::move(argument));
    return "%" + name;
  }

  std::string with_bias(const std::string& x, const Node& node) {
    if (!node.bias.defined()) return x;
    const std::vector<int64_t> shape = laid_out(node.shape);
    const std::string bias = argument("bias", Owner::server, node.bias);
    return body_.binary("add", x, broadcast(bias, node.bias.size(0), shape), shape);
  }
  // A vector along the last dimension.
  std::string broadcast(const std::string& vector, int64_t size, const std::vector<int64_t>& shape) {
    return body_.unary("broadcast_in_dim", vector, {size}, shape,
                       ", dims = [" + std::to_string(shape.size() - 1) + "]");
  }

  std::string body_of(const Node& node) {
    const std::vector<int64_t>&from = values_[node.inputs[0]].shape, to = laid_out(node.shape);
    switch (node.op) {
      case Operator::convolution:
        return convolution(node, from, to);
      case Operator::linear: {
        const std::string weight = argument("weight", Owner::server, node.weight.t());
        const std::string product =
            body_("stablehlo.dot_general %x0, " + weight + ", contracting_dims = [1] x [0] : (" + type_of(from) + ", " +
                  type_of({from[1], to[1]}) + ") -> " + type_of(to));
        return with_bias(product, node);
      }
      case Operator::channel_affine: {
        const std::string weight = argument("weight", Owner::server, node.weight);
        return with_bias(body_.binary("multiply", "%x0", broadcast(weight, to.back(), to), to), node);
      }
      case Operator::add:
        return body_.binary("add", "%x0", "%x1", to);
      case Operator::relu:
        return relu(node, to);
      case Operator::max_pool: {
        layer_->cost = Cost::max_pool;
        layer_->comparisons = (node.window.size[0] * node.window.size[1] - 1) * count(to);
        return body_.window("maximum", "%x0", body_.constant(kLowest, {}), node.window, from, to);
      }
      case Operator::average_pool:
        return average_pool(node, from, to);
      case Operator::reshape:
        return reshape(node, from, to);
      case Operator::slice:
        return slice(node, from, to);
      case Operator::pad:
        return pad(node, from, to);
      case Operator::concatenate: {
        std::string operands, types;
        for (size_t i = 0; i < node.inputs.size(); ++i) {
          operands += (i ? ", %x" : "%x") + std::to_string(i);
          types += (i ? ", " : "") + type_of(values_[node.inputs[i]].shape);
        }
        const char* channels = to.size() == 4 ? "3" : "1";  // N×H×W×C; else as in the network
        return body_("stablehlo.concatenate " + operands + ", dim = " + channels + " : (" + types + ") -> " +
                     type_of(to));
      }
      case Operator::image:
      case Operator::unsupported:
        break;
    }
    fail("the operator '", node.name, "' cannot be exported");
  }

  // Engines' compilers take one group: a convolution in groups is one for each group, over its channels, side by side.
  std::string convolution(const Node& node, const std::vector<int64_t>& from, const std::vector<int64_t>& to) {
    const torch::Tensor weight = node.weight.permute({2, 3, 1, 0});
    const std::string all = argument("weight", Owner::server, weight);
    const std::vector<int64_t> whole = weight.sizes().vec();
    if (node.groups == 1) return with_bias(convolved(node.window, "%x0", all, from, whole, to), node);
    std::vector<int64_t> part_from = from, part = whole, part_to = to;
    part_from.back() /= node.groups;
    part.back() /= node.groups;
    part_to.back() /= node.groups;
    std::string operands, types;
    for (int64_t group = 0; group < node.groups; ++group) {
      const std::string x = part_of("%x0", from, part_from, group), w = part_of(all, whole, part, group);
      operands += (group ? ", " : "") + convolved(node.window, x, w, part_from, part, part_to);
      types += (group ? ", " : "") + type_of(part_to);
    }
    return with_bias(body_("stablehlo.concatenate " + operands + ", dim = 3 : (" + types + ") -> " + type_of(to)),
                     node);
  }

  // The `index`-th of the parts of that shape along the last dimension.
  std::string part_of(const std::string& x, const std::vector<int64_t>& from, const std::vector<int64_t>& part,
                      int64_t index) {
    std::string ranges;
    for (size_t d = 0; d + 1 < from.size(); ++d) ranges += joined({0, from[d], 1}, ":") + ", ";
    ranges += joined({index * part.back(), (index + 1) * part.back(), 1}, ":");
    return body_.unary("slice", x, from, part, " [" + ranges + "]");
  }

  std::string convolved(const Window& window, const std::string& x, const std::string& weight,
                        const std::vector<int64_t>& from, const std::vector<int64_t>& kernel,
                        const std::vector<int64_t>& to) {
    const auto pads = [](int64_t padding) { return "[" + joined({padding, padding}) + "]"; };
    return body_("stablehlo.convolution(" + x + ", " + weight +
                 ") dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [" +
                 joined({window.stride[0], window.stride[1]}) + "], pad = [" + pads(window.padding[0]) + ", " +
                 pads(window.padding[1]) + "]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (" +
                 type_of(from) + ", " + type_of(kernel) + ") -> " + type_of(to));
  }

  std::string average_pool(const Node& node, const std::vector<int64_t>& from, const std::vector<int64_t>& to) {
    const std::string zero = body_.constant("0.0", {});
    const auto [height, width] = node.window.size;
    std::string sum;
    if (height == from[1] && width == from[2]) {
      const std::vector<int64_t> channels = {1, from[3]};
      sum = body_("stablehlo.reduce(%x0 init: " + zero + ") applies stablehlo.add across dimensions = [1, 2] : (" +
                  type_of(from) + ", tensor<f32>) -> " + type_of(channels));
      sum = body_.reshape(sum, channels, to);
    } else {
      sum = body_.window("add", "%x0", zero, node.window, from, to);
    }
    std::ostringstream share;
    share.precision(9);
    share << std::scientific << 1.0 / static_cast<double>(height * width);
    return body_.binary("multiply", sum, body_.constant(share.str(), to), to);
  }

  std::string transposed(const std::string& x, const std::vector<int64_t>& from, const std::vector<int64_t>& order) {
    std::vector<int64_t> to;
    for (const int64_t d : order) to.push_back(from[d]);
    return body_.unary("transpose", x, from, to, ", dims = [" + joined(order) + "]");
  }

  // In C,H,W order, which is not the layout's.
  std::string reshape(const Node& node, const std::vector<int64_t>& from, const std::vector<int64_t>& to) {
    std::string x = "%x0";
    std::vector<int64_t> shape = from;
    if (from.size() == 4 && from[1] * from[2] > 1 && from[3] > 1) {
      x = transposed(x, from, {0, 3, 1, 2});
      shape = {1, from[3], from[1], from[2]};
    }
    if (to.size() == 4 && to[1] * to[2] > 1 && to[3] > 1) {
      x = body_.reshape(x, shape, {1, node.shape[0], node.shape[1], node.shape[2]});
      return transposed(x, {1, node.shape[0], node.shape[1], node.shape[2]}, {0, 2, 3, 1});
    }
    return body_.reshape(x, shape, to);
  }

  // One number a dimension of the value, in the order of the layout; `of_batch` for the first one.
  static std::vector<int64_t> in_layout(const std::vector<int64_t>& numbers, int64_t of_batch) {
    std::vector<int64_t> ordered = laid_out(numbers);
    ordered[0] = of_batch;
    return ordered;
  }

  std::string slice(const Node& node, const std::vector<int64_t>& from, const std::vector<int64_t>& to) {
    const std::vector<int64_t> begin = in_layout(node.begin, 0), step = in_layout(node.step, 1);
    std::string ranges;
    for (size_t d = 0; d < to.size(); ++d) {
      const int64_t end = begin[d] + (to[d] - 1) * step[d] + 1;
      ranges += (d ? ", " : "") + joined({begin[d], end, step[d]}, ":");
    }
    return body_.unary("slice", "%x0", from, to, " [" + ranges + "]");
  }

  std::string pad(const Node& node, const std::vector<int64_t>& from, const std::vector<int64_t>& to) {
    const std::vector<int64_t> before = in_layout(node.before, 0), after = in_layout(node.after, 0);
    return body_("stablehlo.pad %x0, " + body_.constant("0.0", {}) + ", low = [" + joined(before) + "], high = [" +
                 joined(after) + "], interior = [" + joined(std::vector<int64_t>(to.size(), 0)) + "] : (" +
                 type_of(from) + ", tensor<f32>) -> " + type_of(to));
  }

  std::string rectified(const std::string& x, const std::vector<int64_t>& shape) {
    layer_->comparisons += count(shape);
    return body_.binary("maximum", x, body_.constant("0.0", shape), shape);
  }

  // In the layout.
  static torch::Tensor mask_of(const Node& node) { return node.mask.permute({1, 2, 0}).contiguous().unsqueeze(0); }
  static torch::Tensor indices(const torch::Tensor& places) { return places.to(torch::kInt32).unsqueeze(1); }

  std::string relu(const Node& node, const std::vector<int64_t>& shape) {
    layer_->cost = Cost::relu;
    const torch::Tensor mask = mask_of(node);
    const auto kept = mask.sum().item<int64_t>();
    if (kept == count(shape)) return rectified("%x0", shape);
    if (masking_ != Masking::gather) return chosen(mask, rectified("%x0", shape), "%x0", shape);
    const torch::Tensor places = mask.flatten().nonzero().flatten();
    const std::string from = argument("kept", Owner::everyone, indices(places));
    const std::string positive = rectified(gathered("%x0", shape, from, kept), {kept});
    const int64_t all = count(shape);
    torch::Tensor back = torch::arange(all);
    back.index_put_({places}, torch::arange(all, all + kept));
    return put_together(body_.reshape("%x0", shape, {all}), all, positive, kept, back, shape);
  }

  // Each element from `positive` where the mask is one, from `other` where it is zero.
  std::string chosen(const torch::Tensor& mask, const std::string& positive, const std::string& other,
                     const std::vector<int64_t>& shape) {
    if (masking_ == Masking::select) {
      const std::string one = argument("mask", Owner::everyone, mask.to(torch::kBool));
      return body_("stablehlo.select " + one + ", " + positive + ", " + other + " : " +
                   type_of(shape, ElementType::i1) + ", " + type_of(shape));
    }
    const std::string factor = argument("mask", Owner::everyone, mask.to(torch::kFloat32));
    const std::string rest = body_.binary("subtract", body_.constant("1.0", shape), factor, shape);
    const std::string linear = body_.binary("multiply", rest, other, shape);
    return body_.binary("add", body_.binary("multiply", factor, positive, shape), linear, shape);
  }

  // The n elements of x at these indices.
  std::string gathered(const std::string& x, const std::vector<int64_t>& shape, const std::string& at, int64_t n) {
    return body_.gather(body_.reshape(x, shape, {count(shape)}), at, count(shape), n);
  }

  // Each element from the place in both vectors, one after the other, that `back` says.
  std::string put_together(const std::string& first, int64_t of_first, const std::string& second, int64_t of_second,
                           const torch::Tensor& back, const std::vector<int64_t>& shape) {
    const int64_t both = of_first + of_second, all = count(shape);
    const std::string map = argument("back", Owner::everyone, indices(back));
    const std::string joint = body_("stablehlo.concatenate " + first + ", " + second + ", dim = 0 : (" +
                                    type_of({of_first}) + ", " + type_of({of_second}) + ") -> " + type_of({both}));
    return body_.reshape(body_.gather(joint, map, both, all), {all}, shape);
  }

  // The polynomial of the elements that are not kept, and those that are as %x1.
  std::string beside(const Node& node, const torch::Tensor& mask, const torch::Tensor& places,
                     const std::vector<int64_t>& shape) {
    const torch::Tensor rest = mask.eq(0).nonzero().flatten();
    const int64_t n = rest.size(0), kept = places.size(0);
    const std::string x = gathered("%x0", shape, argument("rest", Owner::everyone, indices(rest)), n);
    const std::string y = polynomial(node, x, {n}, rest.remainder(shape.back()));
    torch::Tensor back = torch::empty({n + kept}, torch::kInt64);
    back.index_put_({rest}, torch::arange(n));
    back.index_put_({places}, torch::arange(n, n + kept));
    return put_together(y, n, "%x1", kept, back, shape);
  }

  // c₀ + c₁x + c₂x² of the element's channel: the last dimension, or what `channels` says of each element.
  std::string polynomial(const Node& node, const std::string& x, const std::vector<int64_t>& shape,
                         const torch::Tensor& channels) {
    const int64_t degree = node.coefficients.size(1) - 1, size = node.coefficients.size(0), n = count(shape);
    const std::string at = channels.defined() ? argument("channels", Owner::everyone, indices(channels)) : "";
    const auto coefficient = [&](int64_t power) {
      const std::string c = argument("c" + std::to_string(power), Owner::server, node.coefficients.select(1, power));
      return channels.defined() ? body_.gather(c, at, size, n) : broadcast(c, size, shape);
    };
    layer_->multiplications = {degree > 1 ? n : 0, degree * n};
    const std::string linear = body_.binary("multiply", x, coefficient(1), shape);
    std::string lower = body_.binary("add", linear, coefficient(0), shape);
    if (degree == 1) return lower;
    const std::string square = body_.binary("multiply", x, x, shape);
    return body_.binary("add", lower, body_.binary("multiply", square, coefficient(2), shape), shape);
  }

  const Graph& graph_;
  const Masking masking_;
  Program program_;
  std::vector<Value> values_;  // of each node
  Body body_;
  ProgramLayer* layer_ = nullptr;
  std::set<std::string> names_;
};

// Each item as `write` writes it.
template <class Item, class Write>
std::string listed(const std::vector<Item>& items, const std::string& separator, const Write& write) {
  std::string all;
  for (const Item& item : items) all += (all.empty() ? "" : separator) + write(item);
  return all;
}

// "(%x0: type, …) -> type {…}".
std::string function(const ProgramLayer& layer) {
  const auto declared = [](const ProgramLayer::Parameter& parameter) {
    return "%" + parameter.name + ": " + parameter.type.text();
  };
  return "(" + listed(layer.parameters, ", ", declared) + ") -> " + layer.type.text() + " {\n" + layer.body + "  }\n";
}

std::string call(const ProgramLayer& layer) {
  const auto passed = [](const ProgramLayer::Parameter& parameter) { return "%" + parameter.input; };
  const auto type = [](const ProgramLayer::Parameter& parameter) { return parameter.type.text(); };
  return "    %" + layer.output + " = func.call @" + layer.name + "(" + listed(layer.parameters, ", ", passed) +
         ") : (" + listed(layer.parameters, ", ", type) + ") -> " + layer.type.text() + "\n";
}

}  // namespace

Masking masking_of(const std::string& name) { return value_named(name, kMaskings, "masking"); }
const char* name_of(Masking masking) { return name_of(masking, kMaskings); }
const char* name_of(Owner owner) { return name_of(owner, kOwners); }
const char* name_of(Cost cost) { return name_of(cost, kCosts); }
const char* name_of(ElementType element) { return name_of(element, kElements); }

std::string TensorType::text() const {
  return "tensor<" + joined(shape, "x") + (shape.empty() ? "" : "x") + name_of(element) + ">";
}

int64_t Program::comparisons(Cost cost) const {
  int64_t total = 0;
  for (const ProgramLayer& layer : layers) total += layer.cost == cost ? layer.comparisons : 0;
  return total;
}

Multiplications Program::multiplications() const {
  Multiplications total;
  for (const ProgramLayer& layer : layers) {
    total.squares += layer.multiplications.squares;
    total.coefficients += layer.multiplications.coefficients;
  }
  return total;
}

std::string Program::text() const {
  const auto declared = [](const Argument& argument) { return "%" + argument.name + ": " + argument.type.text(); };
  const ProgramLayer& last = layers.back();
  std::string module = "module @senet {\n  func.func @main(" + listed(arguments, ",\n      ", declared) + ") -> " +
                       last.type.text() + " {\n" + listed(layers, "", call) + "    return %" + last.output + " : " +
                       last.type.text() + "\n  }\n";
  for (const ProgramLayer& layer : layers) module += "  func.func private @" + layer.name + function(layer);
  return module + "}\n";
}

std::string Program::text_of(const ProgramLayer& layer) const {
  return "module @senet {\n  func.func @main" + function(layer) + "}\n";
}

Program make_program(const Graph& graph, Masking masking) { return ProgramBuilder(graph, masking).built(); }

}  // namespace senet
