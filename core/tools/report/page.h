#pragma once

#include <string>
#include <vector>

#include "tools/report/figure.h"
#include "tools/report/table.h"

namespace senet {

// One HTML page that needs nothing beside it: the tables, the figures, and for each experiment its settings,
// environment and results.
std::string page(const std::vector<Table>& tables, const std::vector<Figure>& figures, const Evidence& evidence);

}  // namespace senet
