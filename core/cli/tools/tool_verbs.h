#pragma once

#include "cli/arguments.h"

namespace senet {

// The verbs of finished results, one function each. Each returns an exit code or throws Error.
int make_tables(const Arguments& arguments);
int make_figures(const Arguments& arguments);
int make_report(const Arguments& arguments);
int show_cost(const Arguments& arguments);
int show_differences(const Arguments& arguments);
int list_results(const Arguments& arguments);
int export_run(const Arguments& arguments);
int measure_runs(const Arguments& arguments);

}  // namespace senet
