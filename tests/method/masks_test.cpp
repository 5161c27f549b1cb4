#include "method/masks.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "senet/error.h"
#include "senet/selection.h"
#include "support/support.h"

namespace senet {
namespace {

using testing::error_of;
using testing::identical;
using testing::random_tensor;

TEST(ChosenMask, AreExactlyRAndTheLargest) {
  for (const int64_t r : {0, 1, 29, 59, 60}) {
    const torch::Tensor scores = random_tensor({3, 4, 5}, 7);
    const torch::Tensor mask = chosen_mask(scores, r);
    EXPECT_EQ(mask.sum().item<int64_t>(), r);
    if (r > 0 && r < 60) {
      EXPECT_GT(scores.masked_select(mask.to(torch::kBool)).min().item<double>(),
                scores.masked_select(mask.eq(0)).max().item<double>());
    }
  }
  EXPECT_NE(error_of([] {
              chosen_mask(torch::zeros({2, 2, 2}), 9);
            }).find("8 elements cannot have 9"),
            std::string::npos);
  EXPECT_NE(error_of([] { chosen_mask(torch::full({1, 1, 2}, NAN), 1); }).find("not finite"), std::string::npos);
}

TEST(ChosenMask, TiesGoToTheLowerIndexInChannelRowColumnOrder) {
  torch::Tensor scores = torch::ones({2, 2, 3});
  scores[1][1][1] = 2;
  // A permuted view has another memory order; the order of ties is that of the shape.
  for (const torch::Tensor& view : {scores, scores.permute({1, 2, 0}).contiguous().permute({2, 0, 1})}) {
    const torch::Tensor mask = chosen_mask(view, 4).flatten();
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

// A channel's score is the mean of its elements, in float64.
std::vector<int64_t> channels_by_mean(const torch::Tensor& scores) {
  std::vector<double> means;
  for (int64_t c = 0; c < scores.size(0); ++c) {
    double sum = 0;
    for (int64_t h = 0; h < scores.size(1); ++h) {
      for (int64_t w = 0; w < scores.size(2); ++w) sum += scores[c][h][w].item<double>();
    }
    means.push_back(sum / static_cast<double>(scores.size(1) * scores.size(2)));
  }
  std::vector<int64_t> order(means.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t i, int64_t j) { return means[i] > means[j]; });
  return order;
}

TEST(ChannelMask, KeepsWholeChannelsByMeanScoreAndGivesTheNextOneTheRest) {
  constexpr int64_t kArea = 3 * 5;
  for (const int64_t r : {0, 1, 14, 15, 16, 44, 45, 46, 104, 105}) {
    const torch::Tensor scores = random_tensor({7, 3, 5}, 40 + r);
    const std::vector<int64_t> order = channels_by_mean(scores);
    const torch::Tensor partial = chosen_mask(scores, r, {Granularity::channel, true}),
                        dropped = chosen_mask(scores, r, {Granularity::channel, false});
    EXPECT_EQ(partial.sum().item<int64_t>(), r);
    EXPECT_EQ(dropped.sum().item<int64_t>(), r / kArea * kArea);
    for (int64_t place = 0; place < 7; ++place) {
      const torch::Tensor channel = partial[order[place]], values = scores[order[place]];
      const int64_t kept = std::clamp<int64_t>(r - place * kArea, 0, kArea);
      ASSERT_EQ(channel.sum().item<int64_t>(), kept) << "r " << r << ", place " << place;
      EXPECT_EQ(dropped[order[place]].sum().item<int64_t>(), kept == kArea ? kArea : 0);
      if (kept > 0 && kept < kArea) {
        EXPECT_GT(values.masked_select(channel.to(torch::kBool)).min().item<double>(),
                  values.masked_select(channel.eq(0)).max().item<double>());
      }
    }
  }
}

TEST(ChannelMask, TiesGoToTheLowerChannel) {
  const torch::Tensor mask = chosen_mask(torch::ones({4, 2, 2}), 6, {Granularity::channel, true}).flatten();
  for (int64_t i = 0; i < 16; ++i) EXPECT_EQ(mask[i].item<int64_t>(), i < 6) << i;
}

TEST(RandomMask, OfChannelsFavoursNoChannelAndNoPlace) {
  torch::Tensor sum = torch::zeros({4, 2, 2});
  int64_t whole = 0;
  for (int seed = 0; seed < 400; ++seed) {
    const torch::Tensor mask = random_mask({4, 2, 2}, 6, seed, {Granularity::channel, true});
    ASSERT_EQ(mask.sum().item<int64_t>(), 6);
    whole += mask.flatten(1).sum(1).eq(4).sum().item<int64_t>();
    sum += mask;
    EXPECT_EQ(random_mask({4, 2, 2}, 6, seed, {Granularity::channel, false}).sum().item<int64_t>(), 4);
  }
  EXPECT_EQ(whole, 400);
  // Each place is kept with probability 6/16: 150 ± 9.7 of 400.
  EXPECT_GT(sum.min().item<double>(), 150 - 5 * 9.7);
  EXPECT_LT(sum.max().item<double>(), 150 + 5 * 9.7);
}

TEST(PackedMasks, ComeBackAsTheyWere) {
  const std::vector<std::vector<int64_t>> shapes = {{3, 4, 5}, {1, 1, 1}, {2, 3, 3}};
  std::vector<torch::Tensor> masks;
  for (const auto& shape : shapes) masks.push_back(random_tensor(shape, masks.size()).gt(0.3).to(torch::kUInt8));
  const torch::Tensor row = packed_masks(masks);
  EXPECT_EQ(row.numel(), (60 + 1 + 18 + 7) / 8);
  const std::vector<torch::Tensor> back = unpacked_masks(row, shapes);
  for (size_t l = 0; l < masks.size(); ++l) EXPECT_TRUE(identical(back[l], masks[l])) << l;
  EXPECT_NE(error_of([&] { unpacked_masks(row, {{3, 4, 5}}); }).find("10 bytes, expected 8"), std::string::npos);
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

TEST(LargestOfAll, AreTheSameAsOfASortOverAllSites) {
  const std::vector<torch::Tensor> scores = {random_tensor({3, 4, 5}, 1), random_tensor({2, 1, 7}, 2).abs(),
                                             random_tensor({1, 1, 1}, 3)};
  std::vector<std::tuple<double, int64_t, int64_t>> all;  // by falling score, site and index
  for (size_t l = 0; l < scores.size(); ++l) {
    for (int64_t i = 0; i < scores[l].numel(); ++i) all.emplace_back(-scores[l].flatten()[i].item<double>(), l, i);
  }
  std::sort(all.begin(), all.end());
  for (const int64_t count : {0, 1, 17, 74, 75}) {
    const std::vector<torch::Tensor> masks = largest_of_all(scores, count);
    for (int64_t rank = 0; rank < static_cast<int64_t>(all.size()); ++rank) {
      const auto& [score, l, i] = all[rank];
      EXPECT_EQ(masks[l].flatten()[i].item<int64_t>(), rank < count) << "rank " << rank << " of " << count;
    }
    EXPECT_EQ(masks[0].sizes(), scores[0].sizes());
  }
  EXPECT_THROW(largest_of_all(scores, 76), Error);
  // Ties: the earlier site, then the lower index; whatever the memory order.
  const torch::Tensor equal = torch::zeros({2, 2, 2}).permute({2, 0, 1});
  const std::vector<torch::Tensor> tied = largest_of_all({equal, equal}, 3);
  EXPECT_TRUE(tied[0].flatten().equal(torch::tensor({1, 1, 1, 0, 0, 0, 0, 0}, torch::kUInt8)));
  EXPECT_EQ(tied[1].sum().item<int64_t>(), 0);
}

TEST(LargestOfAll, AmongTheOnesOfMasksAreThoseOfTheOnesAlone) {
  const std::vector<torch::Tensor> scores = {random_tensor({3, 4, 5}, 1), random_tensor({2, 1, 7}, 2)};
  const std::vector<torch::Tensor> among = {random_tensor({3, 4, 5}, 3).gt(0).to(torch::kUInt8),
                                            random_tensor({2, 1, 7}, 4).gt(0).to(torch::kUInt8)};
  std::vector<std::pair<double, std::pair<int64_t, int64_t>>> all;
  for (size_t l = 0; l < scores.size(); ++l) {
    for (int64_t i = 0; i < scores[l].numel(); ++i) {
      if (among[l].flatten()[i].item<int64_t>() == 1) all.push_back({-scores[l].flatten()[i].item<double>(), {l, i}});
    }
  }
  std::sort(all.begin(), all.end());
  const auto ones = static_cast<int64_t>(all.size());
  for (const int64_t count : {int64_t{0}, int64_t{9}, ones}) {
    const std::vector<torch::Tensor> masks = largest_of_all(scores, count, among);
    EXPECT_EQ(masks[0].sum().item<int64_t>() + masks[1].sum().item<int64_t>(), count);
    for (int64_t rank = 0; rank < count; ++rank) {
      const auto [l, i] = all[rank].second;
      EXPECT_EQ(masks[l].flatten()[i].item<int64_t>(), 1) << "rank " << rank << " of " << count;
    }
  }
  EXPECT_THROW(largest_of_all(scores, ones + 1, among), Error);
}

TEST(RandomOfAll, EachOfTheOnesIsAsLikely) {
  const std::vector<torch::Tensor> among = {torch::tensor({{{1, 0, 1, 1}}}, torch::kUInt8),
                                            torch::tensor({{{1, 1, 0}}}, torch::kUInt8)};
  constexpr int kDraws = 2000;
  std::vector<torch::Tensor> counts = {torch::zeros({1, 1, 4}), torch::zeros({1, 1, 3})};
  for (int seed = 0; seed < kDraws; ++seed) {
    const std::vector<torch::Tensor> drawn = random_of_all(among, 2, seed);
    EXPECT_EQ(drawn[0].sum().item<int64_t>() + drawn[1].sum().item<int64_t>(), 2);
    for (size_t l = 0; l < 2; ++l) counts[l] += drawn[l];
  }
  for (size_t l = 0; l < 2; ++l) {
    // 2 of 5: four standard deviations of a share of 2,000 draws.
    EXPECT_LT(testing::largest_difference(counts[l] / kDraws, among[l] * 0.4), 4 * std::sqrt(0.24 / kDraws));
  }
  EXPECT_TRUE(identical(random_of_all(among, 2, 7)[0], random_of_all(among, 2, 7)[0]));
}

}  // namespace
}  // namespace senet
