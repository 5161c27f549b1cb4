#pragma once

#include "phase/phase_base.h"
#include "phase/stored_context.h"

namespace senet {

constexpr int kEvaluationVersion = 1;  // as those of the method's phases

// The evaluation of a finished network: accuracy on the test and held-out images, and what is counted in it.
PhaseInputs evaluation_inputs(const PhaseBase& base, const std::string& network_key);

// `weights_file`: the file that the network was imported from, for errors; empty where it was trained. `before`: the
// phase that left the network which the last step began from; null where there is none.
EvaluationRecord run_evaluation(StoredContext& context, const Laboratory& laboratory, const PhaseRecord& network_phase,
                                const std::string& weights_file, const PhaseRecord* before = nullptr);

// Of a method's phases, the one before the last whose network the last one trained on. Null where there is none.
const PhaseRecord* phase_before_finetuning(const std::vector<PhaseRecord>& method);

// What a site is, and the ReLUs that evaluating its activation counts.
SiteRecord describe(const ReluSite& site);

// The multiply–accumulates for one image of every convolution and fully connected layer, by the layer's name.
std::vector<std::pair<std::string, int64_t>> macs_of_layers(Network& network);

}  // namespace senet
