#include "baselines/coordinate_descent/descent.h"

#include <cmath>

#include "support/support.h"
#include "support/tiny_network.h"

namespace senet {
namespace {

using testing::TinyNetwork;

// The tiny network, 3·6·6 + 4·3·3 = 144 ReLUs, with an accuracy that the test makes up of its masks.
struct Descending {
  TinyNetwork teacher{2, 3, 6, 5}, student{2, 3, 6, 5};
  std::vector<std::vector<torch::Tensor>> tried;
  std::function<double()> accuracy;
  std::unique_ptr<Descent> descent;

  Descending(DescentSettings settings, std::function<double(const std::vector<torch::Tensor>&)> judge) {
    teacher.initialise(1);
    student.initialise(2);
    accuracy = [this, judge] {
      tried.push_back(student.masks());
      return judge(tried.back());
    };
    descent = std::make_unique<Descent>(teacher, student, settings, accuracy, 7);
  }
  Metrics end_of(int64_t epoch) {
    EpochSums sums(torch::kCPU);
    Metrics metrics;
    const Parameters none;
    EpochEnd end{epoch, 100, sums, none, metrics};
    descent->epoch_end(end);
    return metrics;
  }
};

int64_t ones(const std::vector<torch::Tensor>& masks) {
  int64_t count = 0;
  for (const torch::Tensor& mask : masks) count += mask.sum().item<int64_t>();
  return count;
}

// Only ReLUs of the second site cost anything.
double by_second_site(const std::vector<torch::Tensor>& masks) { return masks[1].sum().item<double>() / 36; }

DescentSettings settings_of(int64_t budget, int64_t set_size, int64_t sets, double tolerance) {
  DescentSettings settings;
  settings.budget = budget;
  settings.set_size = set_size;
  settings.sets = sets;
  settings.tolerance = tolerance;
  settings.period = 2;
  return settings;
}

TEST(Descent, TakesTheFirstSetThatCostsLessThanTheTolerance) {
  // A set of one costs 1/36 or nothing: it goes on until it draws one of the first site.
  Descending run(settings_of(134, 1, 100, 0.01), by_second_site);
  run.descent->begin();
  EXPECT_EQ(run.descent->count(), 134);
  EXPECT_EQ(by_second_site(run.student.masks()), 1);
  EXPECT_EQ(run.descent->trials(), static_cast<int64_t>(run.tried.size()) - 1) << "the first asks how it is before";
  EXPECT_GT(run.descent->trials(), 10) << "a quarter of the ReLUs are the second site's";
  for (size_t i = 1; i + 1 < run.tried.size(); ++i) {
    if (by_second_site(run.tried[i]) < 1) continue;
    EXPECT_EQ(ones(run.tried[i + 1]), ones(run.tried[i]) - 1) << "it was taken at once";
  }
}

TEST(Descent, ElseTakesTheSetThatCostsLeastOfThoseItTries) {
  Descending run(settings_of(120, 24, 10, 0), by_second_site);
  run.descent->begin();
  ASSERT_EQ(run.tried.size(), 11u);
  double best = 0;
  for (size_t i = 1; i < run.tried.size(); ++i) {
    EXPECT_EQ(ones(run.tried[i]), 120);
    best = std::max(best, by_second_site(run.tried[i]));
  }
  EXPECT_EQ(by_second_site(run.student.masks()), best);
  EXPECT_EQ(run.descent->count(), 120);
}

TEST(Descent, OfSetsThatCostTheSameTakesTheFirst) {
  Descending run(settings_of(120, 24, 10, 0), [](const auto&) { return 0.5; });
  run.descent->begin();
  ASSERT_EQ(run.tried.size(), 11u) << "none costs less than the tolerance of 0";
  for (size_t l = 0; l < 2; ++l) EXPECT_TRUE(testing::identical(run.student.masks()[l], run.tried[1][l]));
}

TEST(Descent, NeverBringsAReluBackAndEndsExactlyAtTheBudget) {
  Descending run(settings_of(41, 10, 3, 1), [](const auto&) { return 0.5; });  // 103 = 10·10 + 3
  run.descent->begin();
  EXPECT_EQ(run.descent->count(), 41);
  EXPECT_TRUE(run.descent->may_be_kept());
  for (size_t i = 1; i < run.tried.size(); ++i) {
    for (size_t l = 0; l < 2; ++l) EXPECT_EQ((run.tried[i][l] > run.tried[i - 1][l]).sum().item<int64_t>(), 0);
  }
}

TEST(Descent, FineTunesOnceAccuracyHasFallenAndEndsAfterAFineTuningAtTheBudget) {
  // Every set costs: one round, then two epochs, and so on.
  Descending run(settings_of(144 - 9, 3, 2, 0),
                 [](const std::vector<torch::Tensor>& masks) { return ones(masks) / 144.0; });
  run.descent->begin();
  const std::vector<int64_t> counts = {141, 138, 138, 135, 135, 135};
  for (int64_t epoch = 0; epoch < 6; ++epoch) {
    EXPECT_FALSE(run.descent->finished()) << epoch;
    EXPECT_EQ(run.descent->may_be_kept(), epoch >= 4) << epoch;
    run.end_of(epoch);
    EXPECT_EQ(run.descent->count(), counts[epoch]) << epoch;
  }
  EXPECT_TRUE(run.descent->finished());
}

TEST(Descent, SharesItsRoundsAmongAGivenNumberOfFineTunings) {
  DescentSettings settings = settings_of(144 - 9, 1, 1, 0);
  settings.periods = 3;
  Descending run(settings, by_second_site);
  run.descent->begin();
  EXPECT_EQ(run.descent->count(), 141);
  run.end_of(0);
  EXPECT_EQ(run.descent->count(), 141) << "within a fine-tuning";
  run.end_of(1);
  EXPECT_EQ(run.descent->count(), 138);
  run.end_of(3);
  EXPECT_EQ(run.descent->count(), 135);
  EXPECT_FALSE(run.descent->finished());
  run.end_of(5);
  EXPECT_TRUE(run.descent->finished());
}

TEST(Descent, ARoundTakesTheSameShareOfEveryNetwork) {
  EXPECT_EQ(proportional_set_size(491520), 100);
  EXPECT_EQ(proportional_set_size(557056), 113) << "with the stem: 113.3";
  EXPECT_EQ(proportional_set_size(69632), 14) << "at width 8: 14.2";
  EXPECT_EQ(proportional_set_size(7372), 1) << "1.4998";
  EXPECT_EQ(proportional_set_size(7373), 2) << "1.5000";
  EXPECT_EQ(proportional_set_size(144), 1) << "0.03, and a round has to take one";
}

}  // namespace
}  // namespace senet
