#pragma once

#include "tools/report/evidence.h"
#include "tools/report/table.h"

namespace senet {

// What stands first on the page, of all results.
// Of each data set and model, those with most results first: a row a method, a column a budget; the most accurate of
// its cells, whose label stands beside it.
std::vector<Table> best_of_methods(const Evidence& evidence);
// A row an experiment: how many results, where, how long.
Table where_it_ran(const Evidence& evidence);

}  // namespace senet
