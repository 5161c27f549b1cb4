#pragma once

#include "config/document.h"
#include "senet/experiment.h"

namespace senet {

// The options that every training has. A phase may declare its own defaults for them: declare(kOwn,
// training_options()).
std::vector<Option> training_options();

TrainingSettings training_settings(const Options& options);

}  // namespace senet
