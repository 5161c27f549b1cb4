#pragma once

#include "tools/report/figure.h"

namespace senet {

// One file each.
Figure pareto_figure(const Source& source, const Evidence& evidence);
Figure sensitivity_figure(const Source& source, const Evidence& evidence);
Figure budgets_figure(const Source& source, const Evidence& evidence);
Figure settling_figure(const Source& source, const Evidence& evidence);
Figure masks_figure(const Source& source, const Evidence& evidence);
Figure cost_figure(const Source& source, const Evidence& evidence);
Figure measured_figure(const Source& source, const Evidence& evidence);
const std::vector<Kind<Figure>>& figure_kinds();

// Pruning and ReLU sensitivity per layer and the ReLUs kept per layer, of an experiment that has just run.
Figure figure_of_layers(const std::vector<Result>& results, const std::string& name);

}  // namespace senet
