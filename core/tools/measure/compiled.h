#pragma once

#include <cstdint>
#include <string>

#include "senet/recorded.h"

namespace senet {

// Comparisons of secret values that a compiled program (SPU's PPHLO text) executes.
struct Comparisons {
  int64_t elementwise = 0;  // by operations of their own: ReLUs
  int64_t in_windows = 0;   // by reductions over windows: max-pooling
};
Comparisons count_comparisons(const std::string& compiled);

// Products of two secrets, element by element: squares where both are the same value, else by a coefficient. In a
// polynomial's layer that is what they are; batch norms multiply by secrets, too.
Multiplications count_multiplications(const std::string& compiled);

}  // namespace senet
