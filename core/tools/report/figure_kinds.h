#pragma once

#include "tools/report/figure.h"

namespace senet {

// Accuracy against ReLUs counted, a series a cell.
Figure pareto_figure(const Source& source, const Evidence& evidence);
Figure figure_of_accuracies(const Evidence& evidence);  // the same of all results
// Accuracy against the images that a network has seen, or against its width: a line joins cells.
Figure trend_figure(const Source& source, const Evidence& evidence);
// Pruning and ReLU sensitivity of each layer, criticality of each stage.
Figure sensitivity_figure(const Source& source, const Evidence& evidence);
// Sensitivity of each layer, and the ReLUs that each cell keeps there.
Figure layers_figure(const Source& source, const Evidence& evidence);
// ReLUs allocated to each layer at each budget.
Figure budgets_figure(const Source& source, const Evidence& evidence);
// Movement of the masks over epochs (NHD), a series a cell.
Figure settling_figure(const Source& source, const Evidence& evidence);
// Where each layer keeps its ReLUs.
Figure masks_figure(const Source& source, const Evidence& evidence);
// Latency and communication of private inference against accuracy.
Figure cost_figure(const Source& source, const Evidence& evidence);
// Accuracy against what a two-party engine needed.
Figure measured_figure(const Source& source, const Evidence& evidence);

const std::vector<Kind<Figure>>& figure_kinds();

// The same of an experiment that has just run.
Figure figure_of_layers(const std::vector<Result>& results, const std::string& name);

}  // namespace senet
