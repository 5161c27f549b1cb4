#include "tools/report/cost.h"

#include <cmath>

#include "support/results.h"
#include "support/support.h"

namespace senet {
namespace {

using testing::error_of;
using testing::made_result;
using testing::TemporaryFolder;
using testing::write_file;

const char* kProfile = R"(source = "made up"
[per_relu]
online_us = 20
offline_us = 30
online_bytes = 3000
offline_bytes = 17000
storage_bytes = 18000
[linear]
model = "resnet18"
input = [3, 32, 32]
macs = 4000
offline_s = [1.5, 0.5]
online_s = 0.4
)";

CostProfile profile_of(const std::string& toml) {
  const TemporaryFolder folder;
  write_file(folder / "made.toml", toml);
  return load_profile(folder / "made.toml");
}

TEST(Cost, OfReLUsIsTheirCountTimesTheProfile) {
  const NetworkCost cost = cost_of(made_result("a", "5%", 1, 0.5), profile_of(kProfile));
  ASSERT_EQ(cost.relu_layers.size(), 2u);
  EXPECT_EQ(cost.relu_layers[1].relus, 3);
  EXPECT_NEAR(cost.relu_layers[1].cost.online_seconds, 60e-6, 1e-15);
  EXPECT_NEAR(cost.relus.online_seconds, 80e-6, 1e-15);
  EXPECT_NEAR(cost.relus.offline_seconds, 120e-6, 1e-15);
  EXPECT_DOUBLE_EQ(cost.relus.online_bytes, 12000);
  EXPECT_DOUBLE_EQ(cost.relus.offline_bytes, 68000);
  EXPECT_DOUBLE_EQ(cost.relus.storage_bytes, 72000);
}

TEST(Cost, OfMultiplicationsIsTheirCount) {
  Result result = made_result("a", "5%", 1, 0.5);
  result.sites[1].multiplications = {40, 80};
  result.network.multiplications = {40, 80};
  const NetworkCost cost = cost_of(result, profile_of(kProfile));
  EXPECT_FALSE(cost.relu_layers[0].multiplications.any());
  EXPECT_EQ(cost.relu_layers[1].multiplications.squares, 40);
  EXPECT_EQ(cost.multiplications.coefficients, 80);
  EXPECT_DOUBLE_EQ(cost.relus.online_seconds,
                   cost_of(made_result("a", "5%", 1, 0.5), profile_of(kProfile)).relus.online_seconds)
      << "a profile has no time of one";
}

TEST(Cost, OfLinearLayersIsMeasuredForTheProfilesNetworkAndScaledForOthers) {
  const CostProfile profile = profile_of(kProfile);
  const NetworkCost measured = cost_of(made_result("a", "5%", 1, 0.5), profile);
  EXPECT_TRUE(measured.linear_measured);
  EXPECT_DOUBLE_EQ(measured.linear.offline_seconds, 2);
  ASSERT_EQ(measured.linear_layers.size(), 2u);
  EXPECT_DOUBLE_EQ(measured.linear_layers[0].cost.offline_seconds, 1.5);
  EXPECT_TRUE(std::isnan(measured.linear.online_bytes)) << "the source does not say";

  Result narrow = made_result("a", "5%", 1, 0.5);
  narrow.model.variant = "resnet18 width=8";
  narrow.model.macs = 1000;
  narrow.model.layers = {{"conv1", 750}, {"linear", 250}};
  const NetworkCost scaled = cost_of(narrow, profile);
  EXPECT_FALSE(scaled.linear_measured);
  EXPECT_DOUBLE_EQ(scaled.linear.offline_seconds, 0.5);
  EXPECT_DOUBLE_EQ(scaled.linear.online_seconds, 0.1);
  ASSERT_EQ(scaled.linear_layers.size(), 2u);
  EXPECT_DOUBLE_EQ(scaled.linear_layers[0].cost.offline_seconds, 0.375);

  Result larger = made_result("a", "5%", 1, 0.5);
  larger.dataset.input = {3, 64, 64};
  EXPECT_FALSE(cost_of(larger, profile).linear_measured);

  Result reshaped = made_result("a", "5%", 1, 0.5);
  reshaped.model.made_smaller = MadeSmaller{0.5, 1, {}};
  EXPECT_FALSE(cost_of(reshaped, profile).linear_measured);
}

TEST(Cost, TheShippedProfileAgreesWithWhatItsSourcesReport) {
  const CostProfile delphi = load_profile(testing::fs::path(SENET_TEST_SOURCE) / "experiments/costs/delphi.toml");
  // SNL reports 1.066 s for 49,900 ReLUs.
  EXPECT_NEAR(49900 * delphi.relu.online_seconds, 1.066, 0.03 * 1.066);
  Result plain = made_result("a", "5%", 1, 0.5);
  const NetworkCost cost = cost_of(plain, delphi);
  EXPECT_TRUE(cost.linear_measured);
  EXPECT_EQ(cost.linear_layers.size(), 18u);
  EXPECT_NEAR(cost.linear.offline_seconds, 286, 1);
}

TEST(Cost, OfAProfileThatLacksSomethingNamesIt) {
  const auto error_with = [](const std::string& old, const std::string& now, Exit* exit = nullptr) {
    return error_of([&] { profile_of(testing::replaced(kProfile, old, now)); }, exit);
  };
  Exit exit{};
  std::string error = error_with("online_us = 20\n", "", &exit);
  EXPECT_NE(error.find("made.toml: has no online_us under [per_relu]"), std::string::npos) << error;
  EXPECT_EQ(exit, Exit::usage);
  error = error_with("source = \"made up\"\n", "");
  EXPECT_NE(error.find("made.toml: has no source at its top"), std::string::npos) << error;
  error = error_with("online_s =", "online_seconds = 1\nonline_s =", &exit);
  EXPECT_NE(error.find("made.toml:13:"), std::string::npos) << error;
  EXPECT_NE(error.find("online_seconds"), std::string::npos) << "a mistyped key is not ignored: " << error;
  EXPECT_EQ(exit, Exit::usage);
  error = error_with("1.5, 0.5", "\"x\", 0.5");
  EXPECT_NE(error.find("made.toml:12:"), std::string::npos) << error;
  EXPECT_NE(error.find("offline_s"), std::string::npos) << error;
  error = error_with("= 30", "= -1");
  EXPECT_NE(error.find("offline_us"), std::string::npos) << error;
  EXPECT_NE(error_of([] { profile_of("x"); }).find("made.toml:1"), std::string::npos);
  EXPECT_NE(error_of([] { load_profile("none.toml"); }).find("none.toml"), std::string::npos);
}

}  // namespace
}  // namespace senet
