#include "tools/report/cells.h"

#include <cmath>
#include <functional>

#include "support/results.h"
#include "support/support.h"

namespace senet {
namespace {

using testing::error_of;
using testing::made_result;

TEST(Summary, HasTheSampleDeviation) {
  // Mean 5, (1 + 1 + 4) / 2 = 3.
  const Summary three = summary({4, 4, 7});
  EXPECT_DOUBLE_EQ(three.mean, 5);
  EXPECT_DOUBLE_EQ(three.deviation, std::sqrt(3.0));
  EXPECT_TRUE(std::isnan(summary({4}).deviation));
}

TEST(MeasuredSensitivity, IsWhatASettingDoesNotListAndLayersOrReLUsDoNotShare) {
  Result result = made_result("a", "5%", 1, 0.3);
  const auto with = [&](double a, double b) {
    result.sites[0].sensitivity = a;
    result.sites[1].sensitivity = b;
    return measured_sensitivity(result);
  };
  EXPECT_EQ(measured_sensitivity(result), std::vector<double>()) << "a method without sensitivities";
  for (ResultPhase& phase : result.phases) phase.training_seconds = 0;
  EXPECT_EQ(with(0.5, 0.25), (std::vector<double>{0.5, 0.25})) << "a measure need not train to measure";
  EXPECT_EQ(with(1, 1), std::vector<double>()) << "every layer alike";
  result.sites[1].relus = 8;
  EXPECT_EQ(with(4, 8), std::vector<double>()) << "every ReLU alike";
  result.settings.push_back({"sensitivity.values", std::vector<double>{0.5, 0.25}});
  EXPECT_EQ(with(0.5, 0.25), std::vector<double>()) << "listed";
  EXPECT_EQ(with(2, 2), std::vector<double>()) << "listed, of each ReLU";
  EXPECT_EQ(with(0.5, 0.5).size(), 2u);
}

TEST(MeasuredCells, GatherSeedsAndOrderBudgets) {
  const std::vector<Result> results = {made_result("a", "15%", 1, 0.5, 150), made_result("a", "5%", 2, 0.4, 50),
                                       made_result("a", "5%", 1, 0.3, 50), made_result("b", "5%", 1, 0.2, 50)};
  const auto cells = measured_cells(results);
  ASSERT_EQ(cells.size(), 3u);
  EXPECT_EQ(cells[0].id(), "a-5pct");
  EXPECT_EQ(cells[1].id(), "a-15pct");
  EXPECT_EQ(cells[2].id(), "b-5pct");
  EXPECT_EQ(cells[0].results[0]->seed, 1);
  EXPECT_NEAR(cells[0].accuracy().mean, 35, 1e-12);
  const auto some = chosen(cells, {"b", "none", "a"});
  ASSERT_EQ(some.size(), 3u);
  EXPECT_EQ(some[0].label(), "b");
}

TEST(MeasuredCells, RefuseTheSameSeedTwiceAndSeedsThatDifferInMoreThanTheSeed) {
  Result copy = made_result("a", "5%", 1, 0.3);
  copy.file = copy.file.parent_path() / "copy.json";
  Exit exit{};
  const std::string twice = error_of([&] { measured_cells({made_result("a", "5%", 1, 0.3), copy}); }, &exit);
  EXPECT_NE(twice.find("a-5pct-s1.json and results/made/copy.json are the same cell, budget and seed twice"),
            std::string::npos)
      << twice;
  EXPECT_EQ(exit, Exit::usage);
  copy.file = "results/kept/a-5pct-s1.json";
  EXPECT_EQ(measured_cells({made_result("a", "5%", 1, 0.3), copy}).size(), 2u) << "another folder, another experiment";
  const auto error_with = [](const std::function<void(Result&)>& change) {
    Result other = made_result("a", "5%", 2, 0.3);
    change(other);
    return error_of([&] { measured_cells({made_result("a", "5%", 1, 0.3), other}); });
  };
  const auto expect_named = [](const std::string& message, const std::string& what) {
    EXPECT_NE(message.find("differ in " + what), std::string::npos) << message;
  };
  expect_named(error_with([](Result& other) { other.dataset.fingerprint = "other"; }), "dataset.fingerprint");
  expect_named(error_with([](Result& other) { other.dataset.train = 7; }), "dataset.train");
  expect_named(error_with([](Result& other) { other.model.variant = "other"; }), "model.variant");
  expect_named(error_with([](Result& other) { other.settings[0].value = std::string("pre"); }), "mask.score");
  expect_named(error_with([](Result& other) {
                 other.changes.push_back({"mask", "epochs", int64_t{8}, int64_t{150}, OptionKind::epochs});
               }),
               "changes");
}

TEST(MeasuredCells, TakeSeedsOfVersionsThatDeclareAnOptionInOtherWays) {
  Result before = made_result("a", "5%", 1, 0.3), after = made_result("a", "5%", 2, 0.3);
  before.changes.push_back({"descent", "total_epochs", int64_t{14}, int64_t{0}, OptionKind::method});
  after.changes.push_back({"descent", "total_epochs", int64_t{14}, int64_t{0}, OptionKind::epochs});
  EXPECT_EQ(measured_cells({before, after}).size(), 1u);
}

}  // namespace
}  // namespace senet
