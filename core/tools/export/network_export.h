#pragma once

#include "data/batches.h"
#include "results/result.h"
#include "senet/network.h"
#include "tools/export/package.h"

namespace senet {

// A finished network (core activations only) as a graph with its batch norms folded, and as a program.
struct NetworkExport {
  NetworkExport(Network& network, Masking masking);

  Graph graph;
  Masking masking;
  Program program;
};

// The first images (N at most) with the network's own logits.
Golden golden_images(Network& network, const BatchLoader& data, int64_t count);

// What a manifest says of the network: run, model, width, ReLUs, comparisons, multiplications of secrets.
Json describe_export(const Result& result, double width, const NetworkExport& exported);
// What becomes of a network whose numbers have `fraction_bits` fractional bits.
struct FixedPointScore {
  int fraction_bits;
  double accuracy;       // in [0, 1]
  double agreement;      // share of the images whose largest logit is float32's
  double largest_error;  // of a logit, against float32
};

struct FixedPointCheck {
  int64_t images;
  double accuracy;  // in float32
  std::vector<FixedPointScore> scores;
};

// On the first `limit` images (0: all), emulated: no engine is run.
FixedPointCheck check_fixed_point(const Graph& graph, const BatchLoader& data,
                                  const std::vector<int64_t>& fraction_bits, int64_t limit = 0);
Json to_json(const FixedPointCheck& check);

}  // namespace senet
