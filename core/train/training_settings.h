#pragma once

#include "config/document.h"
#include "senet/training.h"

namespace senet {

// The options that every training has. A phase may declare its own defaults for them: declare(kOwn,
// training_options()).
std::vector<Option> training_options();
// Those of them that say how images are given to it.
std::vector<Option> training_input_options();

// From options that have all of them, or the latter alone.
TrainingSettings training_settings(const Options& options);

}  // namespace senet
