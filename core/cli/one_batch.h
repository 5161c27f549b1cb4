#pragma once

#include "cli/arguments.h"
#include "experiment/runner.h"

namespace senet {

// To debug a plugin: every training sees the first batch alone, without augmentation or weight decay and at a learning
// rate of at most 0.01, until it should know it by heart; the held-out images are that batch, too. Each cell keeps its
// first budget and those that others take from it; all run with the first cell's first seed.
void reduce_to_one_batch(Plan& plan);

// What each training made of the one batch it was given. Returns the exit code: 1 where one of the deployed network's
// did not learn it by heart.
int show_one_batch(const std::vector<Result>& results, const RunFolders& folders, const Arguments& arguments);

}  // namespace senet
