#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "tools/export/graph.h"

namespace senet {

// How a layer that keeps some of its ReLUs is written: only the kept elements gathered, rectified and put back, or the
// naive forms, which compare every element and then undo it: select(mask, relu(x), x) and mask·relu(x) + (1 − mask)·x.
// With `gather` a layer that keeps none is no operation at all; one that keeps all is a plain ReLU in every form.
enum class Masking { gather, select, multiply };
Masking masking_of(const std::string& name);  // "gather", "select", "multiply"
const char* name_of(Masking masking);

enum class Owner { client, server, everyone };  // who knows an argument's value
const char* name_of(Owner owner);

struct Argument {
  std::string name;
  Owner owner;
  torch::Tensor value;  // in the program's layout; float32, int32 or bool; undefined: the image
  std::vector<int64_t> shape;
};

// What a layer costs is booked as.
enum class Cost { linear, relu, max_pool };
const char* name_of(Cost cost);

// One node as a StableHLO function.
struct ProgramLayer {
  std::string name;
  Cost cost;
  std::vector<std::string> inputs;  // of arguments, or of earlier layers' outputs
  std::string output;
  std::string text;         // the function's parameters, result and body
  int64_t comparisons = 0;  // that it asks for, for one image
};

// A graph as a StableHLO program (NHWC, HWIO) for one image. Its constants are arguments, which keeps it small.
struct Program {
  std::vector<Argument> arguments;  // the first one is the image
  std::vector<ProgramLayer> layers;

  std::string text() const;                              // a module: @main, which calls a function for each layer
  std::string text_of(const ProgramLayer& layer) const;  // a module: that layer alone, as @main
  int64_t comparisons(Cost cost) const;
};

Program make_program(const Graph& graph, Masking masking = Masking::gather);

}  // namespace senet
