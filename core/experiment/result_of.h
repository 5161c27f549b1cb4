#pragma once

#include <set>
#include <string>
#include <vector>

#include "experiment/plan.h"
#include "results/result.h"

namespace senet {

// One cell, budget and seed, all of whose phases are finished.
struct FinishedCell {
  const std::string& experiment;
  const Cell& cell;
  const std::string& budget_asked;
  int64_t budget;
  int64_t seed;
  const Laboratory& laboratory;
  const PhaseRecord &teacher, &teacher_evaluation;
  const std::vector<PhaseRecord>& method;  // its phases in order, the last with the network
  const PhaseRecord& evaluation;
};

// The result that its phases' records amount to, without a file. network: the finished one, with its masks.
Result result_of(const FinishedCell& finished, Network& network);

// The keys of the phases that a result was made from, shared trainings among them.
std::set<std::string> keys_of(const Result& result);

}  // namespace senet
