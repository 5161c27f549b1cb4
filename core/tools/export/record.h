#pragma once

#include "senet/network.h"
#include "tools/export/graph.h"

namespace senet {

// The graph of a network at evaluation, found by running it once and recording the operators that LibTorch executes: a
// model plugin writes nothing for it. A ReLU site becomes a relu node with its mask and polynomial, a batch norm a
// channel_affine node of its running statistics. Throws, naming operator and place, when the graph has no operator for
// what the network computes, and when the graph does not give the network's own logits.
Graph record_graph(Network& network);

// Takes batch norms into the convolutions before them.
Graph fold_batch_norms(Graph graph);

}  // namespace senet
