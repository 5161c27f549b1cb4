#include "tools/export/fixed_point.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>

#include "data/subset.h"

namespace senet {

FixedPointCheck check_fixed_point(const Graph& graph, const BatchLoader& data,
                                  const std::vector<int64_t>& fraction_bits, int64_t limit) {
  const int64_t count = limit > 0 ? std::min(limit, data.count()) : data.count();
  FixedPointCheck check{count, 0, {}};
  for (const int64_t bits : fraction_bits) check.scores.push_back({static_cast<int>(bits), 0, 0, 0});
  const std::vector<int64_t> indices = first_indices(count);
  for (int64_t at = 0; at < count; at += kGraphBatch) {
    const Batch batch = data.load(indices.data() + at, std::min(kGraphBatch, count - at));
    const torch::Tensor images = batch.images.to(torch::kFloat32), labels = batch.labels;
    const torch::Tensor exact = evaluate(graph, images), predicted = exact.argmax(1);
    check.accuracy += static_cast<double>(predicted.eq(labels).sum().item<int64_t>());
    for (FixedPointScore& score : check.scores) {
      const torch::Tensor rounded = evaluate(graph, images, {score.fraction_bits});
      const torch::Tensor chosen = rounded.argmax(1);
      score.accuracy += static_cast<double>(chosen.eq(labels).sum().item<int64_t>());
      score.agreement += static_cast<double>(chosen.eq(predicted).sum().item<int64_t>());
      score.largest_error = std::max(score.largest_error, (rounded - exact).abs().max().item<double>());
    }
  }
  check.accuracy /= static_cast<double>(count);
  for (FixedPointScore& score : check.scores) {
    score.accuracy /= static_cast<double>(count);
    score.agreement /= static_cast<double>(count);
  }
  return check;
}

}  // namespace senet
