#pragma once

#include <torch/types.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "senet/activation.h"
#include "senet/recorded.h"

namespace senet {

constexpr int64_t kGraphBatch = 64;  // images that a graph is evaluated on at once

enum class Operator {
  image,           // the network's input
  convolution,     // weight O×(I/groups)×k×k, bias O (undefined: none), window, groups
  linear,          // weight O×I, bias O (undefined: none)
  channel_affine,  // x·weight + bias, one value of each a channel: a batch norm that no convolution takes in
  add,             // of two values of one shape
  relu,            // where the mask is one; elsewhere the polynomial of its channel, without coefficients the identity
  max_pool,        // window; padded by less than any value
  average_pool,    // window, not padded
  reshape,         // to `shape`, in C,H,W order
  slice,           // from `begin`, every `step`-th, as many as `shape` says
  pad,             // by zeros, `before` and `after` in each dimension
  concatenate,     // along the channels
  unsupported,     // `name` is the operator's
};

struct Window {
  std::array<int64_t, 2> size{1, 1}, stride{1, 1}, padding{0, 0};  // height, width
};

// One operation of a network for one image; shapes are C×H×W, or F of a vector.
struct Node {
  Operator op = Operator::unsupported;
  std::string name;
  std::vector<int> inputs;  // of earlier nodes
  std::vector<int64_t> shape;
  torch::Tensor weight, bias;  // float32, on the CPU
  Window window;
  int64_t groups = 1;                  // convolution
  std::vector<int64_t> begin, step;    // slice: one a dimension
  std::vector<int64_t> before, after;  // pad: one a dimension
  torch::Tensor mask;                  // relu: C×H×W, uint8
  torch::Tensor coefficients;          // relu: C×(degree + 1), c₀ first, float32, on the CPU; undefined: none
};

// A network at evaluation as plain data: nodes in an order in which each follows its inputs. Node 0 is the image, the
// last one gives the logits. Names are unique.
struct Graph {
  std::vector<Node> nodes;

  int64_t relus() const;                    // elements that a mask keeps, over all nodes
  Multiplications multiplications() const;  // of the polynomials, over all nodes, for one image
  std::vector<int> uses() const;            // of each node's value by other nodes
};

// Leaves out the nodes that the logits do not depend on, and gives every node a name of its own.
Graph without_dead_nodes(Graph graph);

// How numbers are held: as float32, or with `fraction_bits` fractional bits, as an engine for private inference holds
// them. Inputs, weights and constants are truncated towards zero then, and products are rounded (SPU rounds them at
// random, without a bias).
struct Arithmetic {
  std::optional<int> fraction_bits;
};

// Logits N×classes (float32) of images N×C×H×W.
torch::Tensor evaluate(const Graph& graph, const torch::Tensor& images, const Arithmetic& arithmetic = {});

}  // namespace senet
