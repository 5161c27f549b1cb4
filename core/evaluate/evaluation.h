#pragma once

#include "phase/phase_base.h"
#include "phase/stored_context.h"

namespace senet {

constexpr int kEvaluationVersion = 1;  // as those of the method's phases

// The evaluation of a finished network: accuracy on the test and held-out images, and what is counted in it.
PhaseInputs evaluation_inputs(const PhaseBase& base, const std::string& network_key);

// record: "test" and "held_out" {accuracy, loss, images}, "relus", "parameters", "macs" and "sites" {name, shape,
// relus, stage, conv, counted}, each site's `counted` found by evaluating its activation. Of a network trained at
// several widths the same, but "sites", for each width under "widths" {width, …}: each cut out and evaluated on its
// own. `weights_file`: the file that the network was imported from, for errors; empty where it was trained.
void run_evaluation(StoredContext& context, const Laboratory& laboratory, const PhaseRecord& network_phase,
                    const std::string& weights_file, Json& record);

// name, shape, relus, stage and conv of a site.
nlohmann::ordered_json describe(const ReluSite& site);

// "max_pool_comparisons" and "not_counted", each where there is something to say.
void describe_outside_sites(const NetworkCounts& counts, Json& into);

// The multiply–accumulates for one image of every convolution and fully connected layer, by the layer's name.
std::vector<std::pair<std::string, int64_t>> macs_of_layers(Network& network);

nlohmann::ordered_json to_json(const Score& score);

}  // namespace senet
