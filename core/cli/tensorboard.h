#pragma once

#include "cli/forecast.h"

namespace senet {

// TensorBoard calls a run by its folder. `<runs>/tensorboard/<experiment>/<cell>-<budget>-s<seed>/<step>` leads to the
// folder of each phase that trains: of those that a forecast knows, and of those that results say were announced. A
// link that cannot be made is left out: it is for reading alone.
void link_for_tensorboard(const std::string& experiment, const Forecast& forecast, const std::vector<Result>& results,
                          const PhaseStore& store, const std::filesystem::path& runs);

// Removes the links under `<runs>/tensorboard` whose phase is no longer there, and the folders that this leaves empty.
// Returns how many links there were.
int64_t remove_dead_links(const std::filesystem::path& runs);

}  // namespace senet
