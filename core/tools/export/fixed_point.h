#pragma once

#include <cstdint>
#include <vector>

#include "data/batches.h"
#include "tools/export/graph.h"

namespace senet {

// What becomes of a network whose numbers have `fraction_bits` fractional bits.
struct FixedPointScore {
  int fraction_bits;
  double accuracy;       // in [0, 1]
  double agreement;      // share of the images whose largest logit is float32's
  double largest_error;  // of a logit, against float32
};

struct FixedPointCheck {
  int64_t images;
  double accuracy;  // in float32
  std::vector<FixedPointScore> scores;
};

// On the first `limit` images (0: all), emulated: no engine is run.
FixedPointCheck check_fixed_point(const Graph& graph, const BatchLoader& data,
                                  const std::vector<int64_t>& fraction_bits, int64_t limit = 0);

}  // namespace senet
