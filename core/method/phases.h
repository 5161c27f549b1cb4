#pragma once

#include "phase/phase_base.h"
#include "phase/store.h"
#include "phase/stored_context.h"
#include "plugin/host.h"

namespace senet {

// Of what the teacher's phase computes, by hand, as those of SENet's steps.
constexpr int kTeacherVersion = 1;

// The options of the teacher and of SENet's steps, each with its own training options (defaults: method of the paper).
std::vector<Option> teacher_options();
std::vector<Option> sensitivity_options(const std::vector<Option>& plugin_options);
std::vector<Option> mask_options();
std::vector<Option> finetune_options();

// What the teacher's phase is a function of; needs no phase to have run.
PhaseInputs teacher_inputs(const PhaseBase& base, const Options& teacher);
// Its body. It leaves its network under kNetwork.
void run_teacher(StoredContext& context);

// Throws (exit code 2) where one of the options is not its default, though it has no part `where`.
void refuse_without_part(const Options& options, const std::string& section, const std::vector<const char*>& names,
                         const std::string& where);

// Throws (exit code 2) unless there is one finite, non-negative number a site, not all zero.
void check_sensitivity(const std::vector<double>& values, size_t sites, const std::string& where);

// What a sensitivity plugin measures with the step's options, checked so.
std::vector<double> checked_sensitivity(StepContext& context, const std::string& measure);

// The ReLU budget r_l of each site: `budget` shared in proportion to the sensitivity (SENet, section 3; allocation.h),
// capped by each site's count.
std::vector<int64_t> relu_budgets(const Network& network, const std::vector<double>& sensitivity, int64_t budget);

// "10%" (a share of the model's ReLUs, rounded down) or a count, as a count. Exact; throws (exit code 2) with both
// numbers when it lies outside [1, relus].
int64_t parse_budget(const std::string& budget, int64_t relus, const std::string& origin);

}  // namespace senet
