#pragma once

#include "tools/report/figure.h"

namespace senet {

// What figure_kinds() draws, one file each.
Figure pareto(const Source& source, const Evidence& evidence);
Figure sensitivity(const Source& source, const Evidence& evidence);
Figure budgets(const Source& source, const Evidence& evidence);
Figure settling(const Source& source, const Evidence& evidence);
Figure masks(const Source& source, const Evidence& evidence);
Figure cost(const Source& source, const Evidence& evidence);
Figure measured(const Source& source, const Evidence& evidence);

// Pruning and ReLU sensitivity per layer and the ReLUs kept per layer, of an experiment that has just run.
Figure layers_of(const std::vector<Result>& results, const std::string& name);

}  // namespace senet
