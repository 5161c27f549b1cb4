#include "senet/mismatch.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "support/support.h"

namespace senet {
namespace {

using testing::error_of;
using testing::identical;
using testing::random_tensor;

constexpr auto kLast = torch::MemoryFormat::ChannelsLast;

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

TEST(Mismatch, DoesNotDependOnTheNumberOfThreads) {
  const torch::Tensor a = random_tensor({32, 20, 16, 16}, 1, torch::kFloat32).contiguous(kLast),
                      b = random_tensor({32, 20, 16, 16}, 2, torch::kFloat32).contiguous(kLast);
  torch::Tensor one = torch::zeros({16, 16, 20}, torch::kFloat64), two = torch::zeros({16, 16, 20}, torch::kFloat64);
  at::set_num_threads(1);
  add_mismatch(one, a, b);
  at::set_num_threads(2);
  add_mismatch(two, a, b);
  EXPECT_TRUE(identical(one, two));
}

TEST(LargestEntries, AreExactlyRAndTheLargest) {
  for (const int64_t r : {0, 1, 29, 59, 60}) {
    const torch::Tensor scores = random_tensor({3, 4, 5}, 7);
    const torch::Tensor mask = largest_entries(scores, r);
    EXPECT_EQ(mask.sum().item<int64_t>(), r);
    if (r > 0 && r < 60) {
      EXPECT_GT(scores.masked_select(mask.to(torch::kBool)).min().item<double>(),
                scores.masked_select(mask.eq(0)).max().item<double>());
    }
  }
  EXPECT_NE(error_of([] {
              largest_entries(torch::zeros({2, 2, 2}), 9);
            }).find("8 elements cannot have 9"),
            std::string::npos);
  EXPECT_NE(error_of([] { largest_entries(torch::full({1, 1, 2}, NAN), 1); }).find("not finite"), std::string::npos);
}

TEST(LargestEntries, TiesGoToTheLowerIndexInChannelRowColumnOrder) {
  torch::Tensor scores = torch::ones({2, 2, 3});
  scores[1][1][1] = 2;
  // A permuted view has another memory order; the order of ties is that of the shape.
  for (const torch::Tensor& view : {scores, scores.permute({1, 2, 0}).contiguous().permute({2, 0, 1})}) {
    const torch::Tensor mask = largest_entries(view, 4).flatten();
    for (const int64_t i : {0, 1, 2, 10}) EXPECT_EQ(mask[i].item<int64_t>(), 1) << i;
  }
}

TEST(RandomMask, HasExactlyROnesAndFavoursNoPlace) {
  torch::Tensor sum = torch::zeros({3, 4, 5});
  for (int seed = 0; seed < 400; ++seed) {
    const torch::Tensor mask = random_mask({3, 4, 5}, 15, seed);
    ASSERT_EQ(mask.sum().item<int64_t>(), 15);
    sum += mask;
  }
  // Each place is drawn with probability ¼: 100 ± 8.7 of 400.
  EXPECT_GT(sum.min().item<double>(), 100 - 5 * 8.7);
  EXPECT_LT(sum.max().item<double>(), 100 + 5 * 8.7);
  EXPECT_TRUE(identical(random_mask({3, 4, 5}, 15, 1), random_mask({3, 4, 5}, 15, 1)));
}

TEST(Movement, HammingDistanceAndOverlapByHand) {
  const auto mask = [](const std::vector<int64_t>& ones, int64_t size) {
    torch::Tensor m = torch::zeros({1, 1, size}, torch::kUInt8);
    for (const int64_t i : ones) m[0][0][i] = 1;
    return m;
  };
  const std::vector<torch::Tensor> a = {mask({0, 1}, 4), mask({0}, 10)}, b = {mask({1, 2}, 4), mask({0}, 10)},
                                   c = {mask({2, 3}, 4), mask({9}, 10)};
  EXPECT_DOUBLE_EQ(normalised_hamming_distance(a, b), 2.0 / 4);
  EXPECT_DOUBLE_EQ(normalised_hamming_distance(a, a), 0);
  EXPECT_DOUBLE_EQ(normalised_hamming_distance(a, c), 2 * (2.0 / 4 + 1.0 / 10)) << "disjoint masks";
  EXPECT_DOUBLE_EQ(overlap(a, b), 2.0 / 3);
  EXPECT_DOUBLE_EQ(overlap(a, c), 0);
  EXPECT_DOUBLE_EQ(overlap(a, a), 1);
}

}  // namespace
}  // namespace senet
