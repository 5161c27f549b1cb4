#pragma once

#include "cli/arguments.h"
#include "cli/console.h"

namespace senet {

// The threads of each of so many jobs that share `threads`. Throws (exit code 2) where there are fewer threads than
// jobs and they compute on the CPU.
int threads_of_a_job(int jobs, int threads, bool on_cpu);

// Runs the experiment in `arguments.jobs` processes of this program, each with `threads` threads: they take the phases
// that nobody else runs, as processes that are started by hand would. Their lines are shown with the job's number
// before them. A signal that asks to stop is handed to each, once. Returns when all have ended. Throws where they were
// stopped; what a job could not finish is left to the caller.
void run_in_jobs(const Arguments& arguments, int threads, Console& console);

}  // namespace senet
