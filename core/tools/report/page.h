#pragma once

#include <string>
#include <vector>

#include "tools/report/figure.h"
#include "tools/report/table.h"

namespace senet {

// One HTML page that needs nothing beside it and asks for nothing: a summary of all results, the tables, the figures,
// and for each cell its settings, phases and environment. Tables fold and are sorted; a point of a figure says which
// runs it stands for. Of the figures, those that sum up stand in the summary; where there is none, one of all
// accuracies does.
std::string page(const std::vector<Table>& tables, const std::vector<Figure>& figures, const Evidence& evidence);

}  // namespace senet
