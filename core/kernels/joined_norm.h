#pragma once

#include <torch/types.h>

#include <vector>

#include "kernels/norm.h"

namespace senet {

// Batch norm over a batch that is cut into shards, one a process (device/world.h): each has R_r rows of every channel.
// Outside of a ShardedStep the functions leave what they are given.

// From a shard's means and variances those of the batch, R·μ = Σ R_r·μ_r and R·σ² = Σ R_r·(σ_r² + (μ_r − μ)²), added in
// a balanced tree over the ranks. Returns R; `rows` is R_r.
double join_moments(double rows, std::vector<double>& mean, std::vector<double>& variance);
// Each sum over the batch in place of that over the shard, in a balanced tree over the ranks.
void join_sums(std::vector<double>& first, std::vector<double>& second);

// Of x (N×C×H×W, any layout) with the statistics of the whole batch, on any device; updates the running statistics.
// Within a ShardedStep only.
torch::Tensor joined_batch_norm(const Norm& norm, const torch::Tensor& x);

}  // namespace senet
