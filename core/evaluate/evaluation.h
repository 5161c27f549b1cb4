#pragma once

#include "phase/phase_base.h"
#include "phase/stored_context.h"

namespace senet {

constexpr int kEvaluationVersion = 1;  // as those of the method's phases

// The evaluation of a finished network: accuracy on the test and held-out images, and what is counted in it.
PhaseInputs evaluation_inputs(const PhaseBase& base, const std::string& network_key);

// record: "test" and "held_out" {accuracy, loss, images}, "relus", "parameters", "macs" and "sites" {name, shape,
// relus, stage, conv, kept}, each site's `kept` counted by evaluating its activation. Of a network trained at several
// widths the same, but "sites", for each width under "widths" {width, …}: each cut out and evaluated on its own.
// `weights_file`: the file that the network was imported from, for errors; empty where it was trained.
void run_evaluation(StoredContext& context, const Laboratory& laboratory, const PhaseRecord& network_phase,
                    const std::string& weights_file, Json& record);

// "max_pool_comparisons" and "not_counted", each where there is something to say.
void describe_outside_sites(const NetworkCounts& counts, Json& into);

// One row a site, as `senet inspect` and results show it; with `kept` when asked for.
Json describe_sites(const Network& network, bool with_kept);

// {"layer": multiply–accumulates for one image} of every convolution and fully connected layer.
Json describe_layers(Network& network);

nlohmann::ordered_json to_json(const Score& score);

}  // namespace senet
