#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace senet {

// s·n of a share as it is written in decimals: of 0.55 and 100 it is 55, where the product of the two doubles is more.
inline double share_of(double share, int64_t count) {
  const double product = share * static_cast<double>(count), whole = std::round(product);
  return std::abs(product - whole) < 1e-9 * std::max(1.0, whole) ? whole : product;
}
inline int64_t floor_of_share(double share, int64_t count) {
  return static_cast<int64_t>(std::floor(share_of(share, count)));
}

}  // namespace senet
