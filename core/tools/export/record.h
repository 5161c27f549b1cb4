#pragma once

#include "senet/network.h"
#include "tools/export/graph.h"

namespace senet {

// The graph of a network at evaluation, found by running it once on random images and recording the operators that
// LibTorch executes: a model plugin writes nothing for it. ReLU sites become their masks, batch norms of their running
// statistics channel_affine nodes. Throws, naming operator and place, when the network computes what the graph has no
// operator for, and when the graph does not give the network's own logits.
Graph record_graph(Network& network);

// Batch norms taken into the convolutions before them.
Graph fold_batch_norms(Graph graph);

}  // namespace senet
