#pragma once

#include "cli/forecast.h"

namespace senet {

// What a run is, before it begins, a line each: cells and results, what differs from the defaults by section (first of
// all cells, then of each), device, threads and precision, the phases found and to do with their time, and the folders.
std::vector<std::string> summary_of(const Plan& plan, const Forecast& forecast, Runner& runner,
                                    const RunFolders& folders, const torch::Device& device);

}  // namespace senet
