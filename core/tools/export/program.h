#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "senet/recorded.h"
#include "tools/export/graph.h"

namespace senet {

// How a layer that keeps some of its ReLUs is written; p(x) is x, or the polynomial that stands there. `gather` gathers
// the kept elements, rectifies them and puts them back; of a polynomial it gathers the other elements, too. The naive
// forms compute both of every element: select(mask, relu(x), p(x)) and mask·relu(x) + (1 − mask)·p(x). With `gather` a
// layer that keeps none is its polynomial alone, without one no operation at all; a layer that keeps all is a plain
// ReLU in every form.
enum class Masking { gather, select, multiply };
Masking masking_of(const std::string& name);  // "gather", "select", "multiply"
const char* name_of(Masking masking);

enum class Owner { client, server, everyone };  // who knows an argument's value
const char* name_of(Owner owner);

enum class ElementType { f32, i32, i1 };
const char* name_of(ElementType element);

// The type of a tensor in the program.
struct TensorType {
  std::vector<int64_t> shape;  // in the program's layout
  ElementType element = ElementType::f32;

  std::string text() const;  // "tensor<1x8x8x4xf32>"
};

struct Argument {
  std::string name;
  Owner owner;
  torch::Tensor value;  // of that type; undefined: the image
  TensorType type;
};

// What a layer's cost is booked as.
enum class Cost { linear, relu, polynomial, max_pool };
constexpr Cost kEveryCost[] = {Cost::linear, Cost::relu, Cost::polynomial, Cost::max_pool};
const char* name_of(Cost cost);

// One node as a StableHLO function. A relu node with a polynomial is two: "<name>" gives max(x, 0) of the elements that
// are compared, "<name>.polynomial" takes that and x.
struct ProgramLayer {
  struct Parameter {
    std::string name;   // in the function
    std::string input;  // the argument, or the earlier layer's output, that is passed
    TensorType type;
  };
  std::string name;
  Cost cost;
  std::vector<Parameter> parameters;
  std::string output;
  TensorType type;                       // of the output
  std::string body;                      // the function's operations, with its return
  int64_t comparisons = 0;               // that it asks for, for one image
  Multiplications multiplications = {};  // of a polynomial, for one image
};

// A graph as a StableHLO program (NHWC, HWIO) for one image. Its constants are arguments, which keeps it small.
struct Program {
  std::vector<Argument> arguments;  // the first one is the image
  std::vector<ProgramLayer> layers;

  std::string text() const;                              // a module: @main, which calls a function for each layer
  std::string text_of(const ProgramLayer& layer) const;  // a module: that layer alone, as @main
  int64_t comparisons(Cost cost) const;
  Multiplications multiplications() const;
};

Program make_program(const Graph& graph, Masking masking = Masking::gather);

}  // namespace senet
