#include "kernels/mismatch.h"

#include <algorithm>
#include <cmath>

#include "support/support.h"
#include "support/threads.h"

namespace senet {
namespace {

using testing::error_of;
using testing::identical;
using testing::kLast;
using testing::random_tensor;

TEST(Mismatch, IsTheSumOfAbsoluteDifferencesOverTheBatch) {
  for (const auto& shape :
       std::vector<std::vector<int64_t>>{{5, 3, 4, 7}, {1, 1, 1, 1}, {9, 64, 5, 5}, {3, 17, 13, 11}}) {
    for (const auto type : {torch::kFloat32, torch::kBFloat16, torch::kFloat64}) {
      for (const auto format : {torch::MemoryFormat::Contiguous, kLast}) {
        const torch::Tensor a = random_tensor(shape, 1, type).contiguous(format),
                            b = random_tensor(shape, 2, type).contiguous(format);
        torch::Tensor D = torch::full({shape[2], shape[3], shape[1]}, 0.5, torch::kFloat64);
        add_mismatch(D, a, b);
        add_mismatch(D, b, a);
        const torch::Tensor expected =
            0.5 + 2 * (a.to(torch::kFloat64) - b.to(torch::kFloat64)).abs().sum(0).permute({1, 2, 0});
        EXPECT_LT(testing::largest_difference(D, expected), type == torch::kBFloat16 && format != kLast ? 0.2 : 1e-5)
            << shape << type;
      }
    }
  }
}

TEST(Gain, IsWhatAReluWouldWinAtEachElement) {
  for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
    for (const auto format : {torch::MemoryFormat::Contiguous, kLast}) {
      const torch::Tensor a = random_tensor({6, 17, 5, 3}, 1, type).contiguous(format),
                          x = random_tensor({6, 17, 5, 3}, 2, type).contiguous(format);
      torch::Tensor D = torch::zeros({5, 3, 17}, torch::kFloat64), behind_a_relu = torch::zeros_like(D);
      add_gain(D, a, x);
      add_gain(behind_a_relu, a.relu(), x);
      double by_hand[5][3][17] = {}, negative[5][3][17] = {};
      for (int64_t n = 0; n < 6; ++n) {
        for (int64_t c = 0; c < 17; ++c) {
          for (int64_t h = 0; h < 5; ++h) {
            for (int64_t w = 0; w < 3; ++w) {
              const double t = a[n][c][h][w].item<double>(), s = x[n][c][h][w].item<double>();
              by_hand[h][w][c] += std::abs(t - s) - std::abs(t - std::max(s, 0.0));
              negative[h][w][c] += std::max(-s, 0.0);
            }
          }
        }
      }
      const auto tensor = [](auto& values) { return torch::from_blob(values, {5, 3, 17}, torch::kFloat64); };
      const double tolerance = type == torch::kBFloat16 && format != kLast ? 0.2 : 1e-5;
      EXPECT_LT(testing::largest_difference(D, tensor(by_hand)), tolerance);
      EXPECT_LT(testing::largest_difference(behind_a_relu, tensor(negative)), tolerance);
    }
  }
}

TEST(Mismatch, RefusesActivationsOfAnotherShape) {
  torch::Tensor D = torch::zeros({4, 5, 3}, torch::kFloat64);
  EXPECT_NE(error_of([&] {
              add_mismatch(D, torch::zeros({2, 3, 4, 5}), torch::zeros({2, 3, 4, 4}));
            }).find("differ"),
            std::string::npos);
  EXPECT_NE(error_of([&] {
              add_gain(D, torch::zeros({2, 3, 5, 4}), torch::zeros({2, 3, 5, 4}));
            }).find("H×W×C"),
            std::string::npos);
}

TEST(Mismatch, DoesNotDependOnTheNumberOfThreads) {
  const torch::Tensor a = random_tensor({32, 20, 16, 16}, 1, torch::kFloat32).contiguous(kLast),
                      b = random_tensor({32, 20, 16, 16}, 2, torch::kFloat32).contiguous(kLast);
  torch::Tensor one = torch::zeros({16, 16, 20}, torch::kFloat64), two = torch::zeros({16, 16, 20}, torch::kFloat64);
  for (const auto& [count, D] : {std::pair(1, &one), std::pair(2, &two)}) {
    const testing::Threads threads(count);
    add_mismatch(*D, a, b);
  }
  EXPECT_TRUE(identical(one, two));
}

}  // namespace
}  // namespace senet
