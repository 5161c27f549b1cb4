#pragma once

#include "results/result.h"

namespace senet {

// The JSON of the parts of a result that other documents have, too.
Json to_json(const NetworkScores& scores);
Json to_json(const ResultModel& model);
Json to_json(const ResultPhase& phase);
Json to_json(const ResultSite& site);
Json to_json(const Change& change);
Json to_json(const std::vector<Setting>& settings);
// Adds "max_pool_comparisons" and "not_counted", each where there is something to say.
void add_to(Json& json, const OutsideSites& outside_sites);
OutsideSites outside_sites_from(const Fields& fields);

// A document of schema 1 as schema 2 has it.
Json from_schema_1(const Json& json);

}  // namespace senet
