#include "senet/allocation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "senet/error.h"

namespace senet {

std::vector<int64_t> allocate(int64_t total, const std::vector<double>& weights, const std::vector<int64_t>& caps) {
  const size_t n = weights.size();
  SENET_CHECK(caps.size() == n, "allocation: ", n, " weights but ", caps.size(), " caps");
  for (size_t i = 0; i < n; ++i) {
    SENET_CHECK(std::isfinite(weights[i]) && weights[i] >= 0, "allocation: weight ", i, " is ", weights[i],
                ", expected a finite number of at least 0");
    SENET_CHECK(caps[i] >= 0, "allocation: cap ", i, " is ", caps[i], ", expected at least 0");
  }
  const int64_t room = std::accumulate(caps.begin(), caps.end(), int64_t{0});
  SENET_CHECK(total >= 0 && total <= room, "allocation: ", total, " units asked for, expected between 0 and ", room);

  // Scaled by the largest, so that proportions survive weights near the ends of a double's range.
  std::vector<long double> share(n);
  const double largest = n ? *std::max_element(weights.begin(), weights.end()) : 0;
  for (size_t i = 0; i < n; ++i) share[i] = largest > 0 ? static_cast<long double>(weights[i]) / largest : 0;

  std::vector<long double> exact(n, 0);
  std::vector<bool> capped(n, false);
  int64_t left = total;
  while (left > 0) {
    long double sum = 0;
    for (size_t i = 0; i < n; ++i) {
      if (!capped[i]) sum += share[i];
    }
    if (sum <= 0) {
      for (size_t i = 0; i < n; ++i) {
        if (!capped[i]) share[i] = caps[i];
      }
      continue;
    }
    bool over = false;
    const int64_t to_share = left;
    for (size_t i = 0; i < n; ++i) {
      if (capped[i]) continue;
      exact[i] = static_cast<long double>(to_share) * share[i] / sum;
      if (exact[i] >= caps[i]) {
        exact[i] = caps[i];
        capped[i] = true;
        left -= caps[i];
        over = true;
      }
    }
    if (!over) break;
  }

  std::vector<int64_t> result(n);
  int64_t missing = total;
  for (size_t i = 0; i < n; ++i) {
    result[i] = static_cast<int64_t>(std::floor(exact[i]));
    missing -= result[i];
  }
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return exact[a] - std::floor(exact[a]) > exact[b] - std::floor(exact[b]);
  });
  while (missing > 0) {
    for (const size_t i : order) {
      if (missing > 0 && result[i] < caps[i]) {
        ++result[i];
        --missing;
      }
    }
  }
  return result;
}

double FallingBudget::last() const {
  const auto first = static_cast<double>(begin);
  return first + end * (static_cast<double>(epochs) - first);
}

bool FallingBudget::fallen(int64_t epoch) const {
  const auto now = static_cast<double>(epoch);
  return fall == Fall::at_once || (now >= last() && epoch >= begin);
}

int64_t FallingBudget::at(int64_t epoch) const {
  if (fallen(epoch)) return budget;
  if (epoch <= begin) return all;
  const auto first = static_cast<double>(begin);
  const double p = (static_cast<double>(epoch) - first) / (last() - first);
  const double pi = std::acos(-1.0);
  const double left = fall == Fall::cosine ? 0.5 * (1 + std::cos(pi * std::pow(p, power))) : std::pow(1 - p, power);
  return budget + static_cast<int64_t>(std::floor(static_cast<double>(all - budget) * left));
}

}  // namespace senet
