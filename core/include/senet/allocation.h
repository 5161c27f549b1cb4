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

}  // namespace senet
