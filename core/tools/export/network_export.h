#pragma once

#include "data/batches.h"
#include "results/result.h"
#include "senet/network.h"
#include "tools/export/fixed_point.h"
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

// What a manifest says of the network: run, model, width, ReLUs, comparisons.
Json describe_export(const Result& result, double width, const NetworkExport& exported);
Json to_json(const FixedPointCheck& check);

}  // namespace senet
