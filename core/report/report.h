#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "results/result.h"

namespace senet {

// Rows of text as columns of equal width; the first row is the heading.
std::string aligned(const std::vector<std::vector<std::string>>& rows);

// The main table: per result the model variant and its ReLUs, AR accuracy, method, budget, ReLUs counted, test
// accuracy, accuracy per kReLU, communication saving (ratio of the two models' ReLU counts).
std::vector<std::vector<std::string>> main_table(const std::vector<Result>& results);

// Draws pruning and ReLU sensitivity per layer and the ReLUs kept per layer: `<stem>.svg` and `<stem>.png`, beside the
// gnuplot script and data they come from. Files that would not change are left alone. Returns the PNG's path.
std::filesystem::path draw_sensitivity(const std::vector<Result>& results, const std::filesystem::path& stem);

}  // namespace senet
