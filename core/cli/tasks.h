#pragma once

#include "cli/arguments.h"
#include "experiment/runner.h"

namespace senet {

// "Not done, held elsewhere" (sysexits: EX_TEMPFAIL): the exit code of a run that did not wait.
constexpr int kHeldElsewhere = 75;

// Whether the command line chooses some of the tasks.
bool chooses_tasks(const Arguments& arguments);
// What the command line chooses of a plan. Throws (exit code 2) where no task is as it says.
RunChoice choice_of(const Plan& plan, Runner& runner, const Arguments& arguments);

// One line a task: the options that choose it, a tab, its cell's label.
int list_tasks(const Plan& plan, const Arguments& arguments);

}  // namespace senet
