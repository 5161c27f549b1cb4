#pragma once

#include "results/result.h"

namespace senet {

// The parts of a result that other documents have, too.
void form(Form& form, NetworkScores& scores);
void form(Form& form, ResultModel& model);
void form(Form& form, ResultPhase& phase);
void form(Form& form, ResultSite& site);
void form(Form& form, Change& change);
Json to_json(const std::vector<Setting>& settings);

}  // namespace senet
