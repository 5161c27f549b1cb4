#include "tools/report/paired_differences.h"

#include <cmath>

#include "support/results.h"
#include "support/support.h"

namespace senet {
namespace {

using testing::error_of;

Result result(const std::string& label, const std::string& budget, int seed, double accuracy,
              const std::string& data = "d") {
  Result made = testing::made_result(label, budget, seed, accuracy);
  made.dataset.fingerprint = data;
  return made;
}

TEST(PairedDifferences, AreMeansOverTheSeedsThatBothHaveWithTheirStandardError) {
  const std::vector<Result> results = {
      result("post", "5%", 1, 0.40), result("post", "5%", 2, 0.50), result("post", "5%", 3, 0.60),
      result("pre", "5%", 1, 0.46),  result("pre", "5%", 2, 0.52),  result("pre", "5%", 3, 0.67),
      result("pre", "5%", 4, 0.99),  // post never ran with this seed
      result("pre", "2%", 1, 0.30),  // nor at this budget
      result("gain", "5%", 2, 0.49),
  };
  const auto found = paired_differences(results, "post");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].label, "gain");
  EXPECT_EQ(found[0].seeds, 1);
  EXPECT_NEAR(found[0].difference, -0.01, 1e-12);
  EXPECT_TRUE(std::isnan(found[0].standard_error)) << "one seed says nothing of the spread";
  // 6, 2 and 7 points: mean 5, s² = (1 + 9 + 4)/2 = 7.
  EXPECT_EQ(found[1].label, "pre");
  EXPECT_EQ(found[1].seeds, 3);
  EXPECT_NEAR(found[1].difference, 0.05, 1e-12);
  EXPECT_NEAR(found[1].standard_error, std::sqrt(7.0 / 3) / 100, 1e-12);
  EXPECT_NEAR(found[1].accuracy, (0.46 + 0.52 + 0.67) / 3, 1e-12);
}

TEST(PairedDifferences, RefuseWhatIsNoPair) {
  Exit exit{};
  EXPECT_NE(error_of([] { paired_differences({result("a", "5%", 1, 0.4)}, "b"); }, &exit).find("there are:\n  a"),
            std::string::npos);
  EXPECT_EQ(exit, Exit::usage);
  EXPECT_NE(error_of([] {
              paired_differences({result("a", "5%", 1, 0.4), result("b", "5%", 1, 0.4, "other")}, "a");
            }).find("dataset.fingerprint is"),
            std::string::npos);
  EXPECT_NE(error_of([] { paired_differences({}, "a"); }).find("no results"), std::string::npos);
  Result copy = result("b", "5%", 1, 0.5);
  copy.file = "results/made/copy.json";
  EXPECT_NE(error_of([&] {
              paired_differences({result("a", "5%", 1, 0.4), result("b", "5%", 1, 0.5), copy}, "a");
            }).find("copy.json"),
            std::string::npos)
      << "a pair would be counted twice";
}

}  // namespace
}  // namespace senet
