#pragma once

#include <cstdint>
#include <vector>

namespace senet {

// Shares `total` indivisible units among n takers in proportion to `weights`, none above its cap. What a capped taker
// cannot take is shared again, in proportion, among those below their caps, until none is over; integers by largest
// remainder (ties: the lower index). The result sums to `total` exactly. When all weights that are left are zero, the
// caps stand in for them.
//
// Weights: finite, non-negative. Throws when total < 0 or total > Σ caps.
std::vector<int64_t> allocate(int64_t total, const std::vector<double>& weights, const std::vector<int64_t>& caps);

enum class Fall { at_once, cosine, power };

// How a count of ReLUs falls over the epochs: all N of them up to epoch b, the budget B from b + f·(E − b) on, and
// between B + ⌊(N − B)·s(p)⌋ with p from 0 to 1: s = ½·(1 + cos(π·p^q)) (cosine) or (1 − p)^q (power).
struct FallingBudget {
  Fall fall = Fall::at_once;    // the budget from the first epoch on
  double power = 1;             // q
  int64_t begin = 1;            // b; epochs are counted from where the caller says
  double end = 0.6;             // f
  int64_t epochs = 1;           // E
  int64_t all = 0, budget = 0;  // N, B

  int64_t at(int64_t epoch) const;
  bool fallen(int64_t epoch) const;  // whether it has come down to B

 private:
  double last() const;  // the epoch from which on it has
};

}  // namespace senet
