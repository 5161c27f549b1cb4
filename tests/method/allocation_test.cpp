#include "senet/allocation.h"

#include <cmath>
#include <numeric>
#include <random>

#include "method/phases.h"
#include "support/support.h"

namespace senet {
namespace {

using testing::error_of;
using Counts = std::vector<int64_t>;

TEST(Allocate, SharesInProportion) {
  EXPECT_EQ(allocate(100, {1, 2, 7}, {1000, 1000, 1000}), (Counts{10, 20, 70}));
  EXPECT_EQ(allocate(0, {1, 2}, {5, 5}), (Counts{0, 0}));
  EXPECT_EQ(allocate(10, {1e300, 1e300}, {100, 100}), (Counts{5, 5})) << "only proportions matter";
  EXPECT_EQ(allocate(10, {1e-320, 1e-320}, {100, 100}), (Counts{5, 5}));
}

TEST(Allocate, WhatACappedLayerCannotTakeIsSharedAgainInProportion) {
  EXPECT_EQ(allocate(100, {6, 2, 2}, {30, 100, 100}), (Counts{30, 35, 35}));
  // The second round fills another layer, the third shares the rest.
  EXPECT_EQ(allocate(100, {6, 3, 1, 1}, {30, 30, 100, 100}), (Counts{30, 30, 20, 20}));
  EXPECT_EQ(allocate(9, {1, 2}, {3, 6}), (Counts{3, 6})) << "everything, exactly";
}

TEST(Allocate, IntegersByLargestRemainderTiesToTheFirst) {
  EXPECT_EQ(allocate(10, {1, 1, 1}, {100, 100, 100}), (Counts{4, 3, 3}));
  EXPECT_EQ(allocate(7, {0.5, 0.3, 0.2}, {100, 100, 100}), (Counts{4, 2, 1}));  // 3.5 2.1 1.4
}

TEST(Allocate, LayersOfNoWeightGetWhatIsLeftOnlyWhenAllOthersAreFull) {
  EXPECT_EQ(allocate(5, {1, 0}, {5, 10}), (Counts{5, 0}));
  EXPECT_EQ(allocate(8, {1, 0, 0}, {5, 10, 20}), (Counts{5, 1, 2}));
}

TEST(Allocate, RefusesWhatCannotBeShared) {
  EXPECT_NE(error_of([] { allocate(16, {1, 1}, {5, 10}); }).find("between 0 and 15"), std::string::npos);
  EXPECT_NE(error_of([] { allocate(-1, {1}, {5}); }).find("-1"), std::string::npos);
  EXPECT_NE(error_of([] { allocate(1, {NAN}, {5}); }).find("nan"), std::string::npos);
  EXPECT_NE(error_of([] { allocate(1, {INFINITY}, {5}); }).find("inf"), std::string::npos);
  EXPECT_NE(error_of([] { allocate(1, {-1}, {5}); }).find("-1"), std::string::npos);
  EXPECT_NE(error_of([] { allocate(1, {1, 1}, {5}); }).find("1 caps"), std::string::npos);
}

// The rule of the header, by bisection on the common factor: r_l = min(cap_l, t·η_l) with Σ = B.
TEST(Allocate, IsWithinOneUnitOfTheWaterLevelForRandomInputs) {
  std::mt19937_64 engine(1);
  for (int trial = 0; trial < 300; ++trial) {
    const int n = 1 + static_cast<int>(engine() % 20);
    std::vector<double> weights(n);
    Counts caps(n);
    for (int i = 0; i < n; ++i) {
      weights[i] = static_cast<double>(1 + engine() % 1000) / 7;
      caps[i] = static_cast<int64_t>(1 + engine() % 5000);
    }
    const int64_t room = std::accumulate(caps.begin(), caps.end(), int64_t{0});
    const int64_t total = static_cast<int64_t>(engine() % (static_cast<uint64_t>(room) + 1));
    const Counts result = allocate(total, weights, caps);
    EXPECT_EQ(std::accumulate(result.begin(), result.end(), int64_t{0}), total);
    double low = 0, high = 1e9;
    for (int i = 0; i < 200; ++i) {
      const double level = (low + high) / 2;
      double sum = 0;
      for (int l = 0; l < n; ++l) sum += std::min(static_cast<double>(caps[l]), level * weights[l]);
      (sum < static_cast<double>(total) ? low : high) = level;
    }
    for (int l = 0; l < n; ++l) {
      EXPECT_LE(result[l], caps[l]);
      EXPECT_LT(std::abs(static_cast<double>(result[l]) - std::min(static_cast<double>(caps[l]), high * weights[l])),
                1 + 1e-6);
    }
  }
}

// Keep ratios that the SENet authors publish in their training configuration, ResNet18, in the order of the layers.
const std::vector<double> kTinyImagenet150k = {
    0.003270718065256496, 0.010608759498900427, 0.012179842178100765, 0.014342056569150302, 0.015783532827907797,
    0.040609484179082715, 0.05588723586029576,  0.058383739971179016, 0.0637157796338261,   0.15423875017588157,
    0.1863831175927745,   0.18943716640052768,  0.1973712129575226,   0.43073389115378513,  0.45327790020226505,
    0.45713685228594286,  0.4577633491625338};
const std::vector<double> kCifar100_25k = {0.004, 0.01,  0.01,  0.01, 0.011, 0.027, 0.038, 0.04, 0.042,
                                           0.102, 0.124, 0.126, 0.13, 0.28,  0.30,  0.30,  0.30};
const std::vector<double> kCifar10_150k = {0.02, 0.055, 0.062, 0.074, 0.081, 0.2, 0.28, 0.30, 0.32,
                                           0.79, 0.96,  0.97,  1.0,   1.0,   1.0, 1.0,  1.0};

// Of the ReLUs in the authors' list, the share that the rule puts into another layer.
double misplaced(const std::vector<double>& ratios) {
  Counts caps = {65536};
  for (const int64_t size : {65536, 32768, 16384, 8192}) caps.insert(caps.end(), 4, size);
  std::vector<double> weights, authors;
  for (size_t l = 0; l < caps.size(); ++l) {
    weights.push_back(kTinyImagenet150k[l] * 4 * static_cast<double>(caps[l]));  // 64×64 input: four times the count
    authors.push_back(std::round(ratios[l] * static_cast<double>(caps[l])));
  }
  const double total = std::accumulate(authors.begin(), authors.end(), 0.0);
  const Counts ours = allocate(static_cast<int64_t>(total), weights, caps);
  double moved = 0;
  for (size_t l = 0; l < caps.size(); ++l) moved += std::abs(static_cast<double>(ours[l]) - authors[l]) / 2;
  return moved / total;
}

TEST(Allocate, GivesBackTheBudgetsThatTheAuthorsPublished) {
  EXPECT_NEAR(misplaced(kCifar10_150k), 0.0041, 5e-5);
  EXPECT_NEAR(misplaced(kCifar100_25k), 0.0192, 5e-5);
}

TEST(Budget, SharesAreExactAndRoundedDown) {
  EXPECT_EQ(parse_budget("10%", 557056, "x"), 55705);
  EXPECT_EQ(parse_budget("2.5%", 54272, "x"), 1356);
  EXPECT_EQ(parse_budget("100%", 557056, "x"), 557056);
  EXPECT_EQ(parse_budget("0.1%", 1000, "x"), 1) << "0.1 % of 1000 is 1, which a binary fraction would miss";
  EXPECT_EQ(parse_budget("70%", 10, "x"), 7);
  EXPECT_EQ(parse_budget("15000", 557056, "x"), 15000);
}

TEST(Budget, RefusesWhatTheModelDoesNotHaveWithBothNumbers) {
  const auto refusal = [](const std::string& budget) {
    Exit exit = Exit::failure;
    const std::string message = error_of([&] { parse_budget(budget, 1000, "x.toml:3:1"); }, &exit);
    EXPECT_EQ(exit, Exit::usage);
    EXPECT_NE(message.find("x.toml:3:1"), std::string::npos) << message;
    return message;
  };
  for (const char* budget : {"1001", "110%", "100.1%", "999999999999999%"}) {
    EXPECT_NE(refusal(budget).find("1000"), std::string::npos) << budget;
    EXPECT_NE(refusal(budget).find(budget), std::string::npos) << budget;
  }
  for (const char* budget : {"0", "0%", "0.09%"})
    EXPECT_NE(refusal(budget).find("between 1 and 1000"), std::string::npos) << budget;
  for (const char* budget : {"", "%", "-5", "1e3", "ten", "1.5", "1.2.3%", "5 %", ".%"}) {
    EXPECT_NE(refusal(budget).find("neither a count"), std::string::npos) << budget;
  }
}

TEST(CheckSensitivity, WantsOneFiniteNonNegativeNumberASiteAndNotOnlyZeros) {
  EXPECT_NO_THROW(check_sensitivity({0, 1e-9, 3}, 3, "x"));
  EXPECT_NE(error_of([] { check_sensitivity({1, 2}, 3, "plugin"); }).find("plugin gave 2"), std::string::npos);
  EXPECT_NE(error_of([] { check_sensitivity({1, NAN, 2}, 3, "x"); }).find("site 1"), std::string::npos);
  EXPECT_NE(error_of([] { check_sensitivity({1, -1, 2}, 3, "x"); }).find("-1"), std::string::npos);
  EXPECT_NE(error_of([] { check_sensitivity({0, 0}, 2, "x"); }).find("no proportions"), std::string::npos);
}

}  // namespace
}  // namespace senet
