#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/report/cells.h"

namespace senet {

// How much better one cell does than another, over the seeds that both ran with at one budget: a seed's difference is
// between networks with the same teacher and the same data, so that what seeds have in common cancels.
struct PairedDifference {
  std::string label, budget;
  int64_t seeds;          // n
  double accuracy;        // mean over them, in [0, 1]
  double difference;      // mean of accuracy − that of the cell compared with
  double standard_error;  // of it: s/√n, s with n − 1; NaN for one seed
};

// Over the seeds that both cells have; none in common: nothing. Throws (exit code 2) when a pair was made from other
// data, another model, teacher or precision.
std::optional<PairedDifference> paired_difference(const MeasuredCell& cell, const MeasuredCell& against);

// Every cell of some results against the one called `against` at its budget, in the order of labels and budgets. Throws
// (exit code 2) when there is no such cell, and what paired_difference and measured_cells do.
std::vector<PairedDifference> paired_differences(const std::vector<Result>& results, const std::string& against);

}  // namespace senet
