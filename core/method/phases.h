#pragma once

#include "phase/phase_base.h"
#include "phase/store.h"
#include "phase/stored_context.h"
#include "plugin/host.h"

namespace senet {

// Of what each of the core's phases computes, by hand: counted up where shipped settings give other numbers. It stands
// in the phase's key.
constexpr int kTeacherVersion = 1;
constexpr int kSensitivityVersion = 1;
constexpr int kMaskVersion = 1;
constexpr int kFinetuneVersion = 1;

// The options of SENet's phases, each with its own training options (defaults: method of the paper).
std::vector<Option> teacher_options();
std::vector<Option> sensitivity_options(const std::vector<Option>& plugin_options);
std::vector<Option> mask_options();
std::vector<Option> finetune_options();

// What each phase is a function of; needs no phase to have run.
PhaseInputs teacher_inputs(const PhaseBase& base, const Options& teacher);
PhaseInputs sensitivity_inputs(const PhaseBase& base, const std::string& teacher_key, const Options& sensitivity);
PhaseInputs mask_inputs(const PhaseBase& base, const std::string& teacher_key, const std::string& sensitivity_key,
                        int64_t budget, const Options& mask);
PhaseInputs finetune_inputs(const PhaseBase& base, const std::string& teacher_key, const std::string& mask_key,
                            const Options& finetune);

// The phases' bodies. Each reads the finished phases it builds on, and leaves its network under kNetwork.
void run_teacher(StoredContext& context);
// record["series"]["sensitivity"]: one number a site.
void run_sensitivity(StoredContext& context, Network& teacher, const PluginHost& plugins, const std::string& plugin);
// record["allocated"]: the count that each site was given, in the sites' order; record["widths"].
void run_mask(StoredContext& context, Network& teacher, const std::vector<int64_t>& relus, Json& record);
// record["widths"]: those that the mask phase trained at, too.
void run_finetune(StoredContext& context, Network& teacher, const PhaseRecord& mask, Json& record);

// Throws (exit code 2) unless there is one finite, non-negative number a site, not all zero.
void check_sensitivity(const std::vector<double>& values, size_t sites, const std::string& where);

// The ReLU budget r_l of each site: `budget` shared in proportion to the sensitivity (SENet, section 3; allocation.h),
// capped by each site's count.
std::vector<int64_t> relu_budgets(const Network& network, const std::vector<double>& sensitivity, int64_t budget);

// "10%" (a share of the model's ReLUs, rounded down) or a count, as a count. Exact; throws (exit code 2) with both
// numbers when it lies outside [1, relus].
int64_t parse_budget(const std::string& budget, int64_t relus, const std::string& origin);

}  // namespace senet
