#pragma once

#include <cstdint>
#include <string>

namespace senet {

// Comparisons of secret values that a compiled program (SPU's PPHLO text) executes.
struct Comparisons {
  int64_t elementwise = 0;  // by operations of their own: ReLUs
  int64_t in_windows = 0;   // by reductions over windows: max-pooling
};
Comparisons count_comparisons(const std::string& compiled);

}  // namespace senet
