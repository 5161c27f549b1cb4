#pragma once

#include <string>
#include <vector>

#include "results/result.h"

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

// Every cell of an experiment's results against the one called `against`, in the order of labels and budgets. Throws
// (exit code 2) when there is no such cell, or when a pair was made from other data, another model, teacher or
// precision.
std::vector<PairedDifference> paired_differences(const std::vector<Result>& results, const std::string& against);

}  // namespace senet
