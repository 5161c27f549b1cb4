#include "tools/report/results_list.h"

#include <gtest/gtest.h>

#include "support/results.h"

namespace senet {
namespace {

using testing::made_result;

TEST(ResultsList, HasARowAResultAndAColumnForEachSettingThatDiffers) {
  std::vector<Result> results = {made_result("a", "10%", 1, 0.61234), made_result("b, c", "10%", 2, 0.5)};
  results[0].settings.push_back({"mask.epochs", int64_t{8}});
  results[1].settings = {{"mask.score", std::string("pre")}, {"mask.epochs", int64_t{8}}};
  results.push_back(made_result("d", "10%", 1, 0.5));
  results[0].settings.push_back({"finetune.beta", 0.5});
  results[2].settings.push_back({"finetune.beta", 1.5});
  results[2].settings.push_back({"snl.lambda", 1.0});
  const ResultsList list = results_list(results);
  const size_t numbers = list.columns.size() - 2;
  EXPECT_EQ(std::vector<std::string>(list.columns.begin() + static_cast<std::ptrdiff_t>(numbers), list.columns.end()),
            (std::vector<std::string>{"mask.score", "finetune.beta"}));
  const Json json = to_json(list);
  EXPECT_EQ(json[0]["accuracy %"], 61.234);
  EXPECT_EQ(json[0]["ReLUs"], 100);
  EXPECT_EQ(json[0]["image passes"], 5000) << "without the teacher's";
  EXPECT_EQ(json[0]["training seconds"], 90.0);
  EXPECT_EQ(json[1]["mask.score"], "pre");
  EXPECT_TRUE(json[1]["finetune.beta"].is_null());
  EXPECT_FALSE(json[0].contains("mask.epochs")) << "the same in both that have it";
  const std::string csv = to_csv(list);
  EXPECT_EQ(csv.rfind("experiment,cell,method,budget,budget ReLUs,seed,", 0), 0u) << csv;
  EXPECT_NE(csv.find("\r\nmade,\"b, c\",senet,10%,100,2,cifar10,50000,resnet18,50.0,100,0,"), std::string::npos) << csv;
  EXPECT_NE(csv.find(",pre,\r\n"), std::string::npos) << csv;
}

}  // namespace
}  // namespace senet
