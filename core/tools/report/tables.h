#pragma once

#include "tools/report/evidence.h"
#include "tools/report/table.h"

namespace senet {

const std::vector<Kind<Table>>& table_kinds();

// The main table of an experiment that has just run: per result the model variant and its ReLUs, AR accuracy (the
// teacher's, with all ReLUs), method, budget, ReLUs counted, test accuracy, accuracy per kReLU, communication saving
// (ratio of the two models' ReLU counts: SENet, table 1).
std::vector<std::vector<std::string>> main_table(const std::vector<Result>& results);

// What stands behind a row: files, environments, phases, seeds, deviations from the paper, settings. Throws (exit code
// 2) with the rows there are when none is called `id`, or more than one.
Json explained(const std::vector<Table>& tables, const std::string& id);

}  // namespace senet
