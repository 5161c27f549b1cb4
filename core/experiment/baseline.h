#pragma once

#include "method/phases.h"
#include "phase/stored_context.h"
#include "plugin/host.h"

namespace senet {

constexpr int kBaselineVersion = 1;  // of what the core does for every baseline, as those of phases.h

// The options that each baseline's section has beside its own: how images are given to its trainings.
std::vector<Option> baseline_options(const std::vector<Option>& plugin_options);

// A baseline's phase is called by its method's name.
PhaseInputs baseline_inputs(const PhaseBase& base, const std::string& method, const std::string& teacher_key,
                            int64_t budget, const Options& options);

// A training that a baseline's budgets share: a phase of its own, a function of all that the baseline's phase is one of
// but the budget. Its kind is the method's with "_training".
PhaseInputs shared_training_inputs(const PhaseInputs& baseline, const std::string& training);

// Has the plugin linearise the teacher, and keeps its network under kNetwork; record["deployed"]: the trainings that
// this network went through, where the plugin trained that very object. Throws when the network has activations
// other than the core's, or more ReLUs than the budget: counted by evaluating each activation.
void run_baseline(StoredContext& context, Network& teacher, const PluginHost& plugins, const std::string& method,
                  int64_t budget, Json& record);

}  // namespace senet
