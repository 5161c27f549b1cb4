#pragma once

#include "config/document.h"
#include "senet/training.h"

namespace senet {

// The options that every training has, under a prefix where one is given ("finetune.lr"). A phase may declare its own
// defaults for them: declare(kOwn, training_options()).
std::vector<Option> training_options(const std::string& prefix = "");
// The training options that say how images reach the training (batch, augmentation), and how often it is saved.
std::vector<Option> training_input_options();

// The settings of a section (Document::resolve) in which [training] stands in for those that are missing and that every
// training has.
Options resolve_with_training(const Document& document, const std::string& section, const std::vector<Option>& declared,
                              int cell);

// What a baseline's options of the sensitivity measure that it uses begin with.
constexpr const char* kMeasurePrefix = "sensitivity.";
// An option under a prefix ("finetune."); and those of a section that stand under one, without it.
Option with_prefix(Option option, const std::string& prefix);
Options without_prefix(const Options& options, const std::string& prefix);
// Of a step that measures a sensitivity: the measure's own, which a baseline has under the prefix.
Options options_of_measure(const Options& of_step);

// From options that include all training options, or the input options alone.
TrainingSettings training_settings(const Options& options, const std::string& prefix = "");

}  // namespace senet
