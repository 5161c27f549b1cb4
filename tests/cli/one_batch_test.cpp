// senet run --overfit-one-batch
#include "support/program.h"

namespace senet {
namespace {

using nlohmann::json;
using testing::json_of;
using testing::Outcome;
using testing::TemporaryFolder;
using testing::tiny_experiment_of;
using testing::write_file;

Outcome on_one_batch(const std::string& experiment, const TemporaryFolder& folder,
                     const std::vector<std::string>& more = {}) {
  write_file(folder / "tiny.toml", experiment);
  std::vector<std::string> words = {"run", "tiny.toml", "--overfit-one-batch", "--threads", "1"};
  words.insert(words.end(), more.begin(), more.end());
  return testing::run_program(words, folder.path());
}

// By phase and training.
std::map<std::string, json> by_name(const json& report) {
  std::map<std::string, json> trainings;
  for (const json& training : report["trainings"])
    trainings[training["phase"].get<std::string>() + "/" + training["training"].get<std::string>()] = training;
  return trainings;
}

TEST(OneBatch, EveryPhaseTrainsOnItAloneAndNoResultIsWritten) {
  const TemporaryFolder folder;
  const json report = json_of(on_one_batch(testing::tiny_experiment(), folder, {"--json"}));
  ASSERT_EQ(report["trainings"].size(), 4u);
  EXPECT_EQ(report["trainings"][0]["phase"], "teacher");
  EXPECT_TRUE(report["trainings"][0]["learned"]) << report["trainings"][0];
  for (const json& training : report["trainings"]) EXPECT_EQ(training["steps"], 100) << training;
  EXPECT_FALSE(std::filesystem::exists(folder / "results"));
  EXPECT_FALSE(by_name(report).at("sensitivity/sparse")["deployed"]);

  const Outcome stuck = on_one_batch(testing::tiny_experiment(), folder, {"--set", "teacher.lr=0"});
  EXPECT_EQ(stuck.code, 1);
  EXPECT_NE(stuck.error.find("did not learn one batch"), std::string::npos) << stuck.error;
  const Outcome unlearned = on_one_batch(testing::tiny_experiment(), folder, {"--set", "mask.lr=0"});
  EXPECT_EQ(unlearned.code, 1) << unlearned.out;
  EXPECT_NE(unlearned.error.find("senet: mask, training network"), std::string::npos) << unlearned.error;
}

TEST(OneBatch, EveryOptionThatCountsEpochsIsSet) {
  const TemporaryFolder folder;
  const json report = json_of(
      on_one_batch(tiny_experiment_of("[[cell]]\nmethod = \"snl\"\nbudgets = [\"20%\"]\n"), folder, {"--json"}));
  const auto trainings = by_name(report);
  for (const char* name : {"snl_search/search", "snl_finetune/finetune"}) {
    EXPECT_LE(trainings.at(name)["steps"], 100) << "its default is 2,000";
    EXPECT_TRUE(trainings.at(name)["deployed"]);
  }
  EXPECT_EQ(trainings.at("snl_finetune/finetune")["steps"], 100);
}

TEST(OneBatch, IsWhatAMethodJudgesByToo) {
  const TemporaryFolder folder;
  const json report =
      json_of(on_one_batch(tiny_experiment_of("[deepreduce]\nlargest = 2\norder = [2, 3, 1]\n"
                                              "[[cell]]\nmethod = \"deepreduce\"\nbudgets = [\"30%\"]\n"),
                           folder, {"--json"}));
  int deployed = 0, candidates = 0;
  for (const json& training : report["trainings"]) {
    if (training["phase"] != "deepreduce_training") continue;
    ++candidates;
    deployed += training["deployed"].get<bool>();
  }
  EXPECT_EQ(candidates, 2);
  EXPECT_EQ(deployed, 1) << "the candidate that was chosen";
}

TEST(OneBatch, CellsWithOtherSeedsRunWithTheFirstCellsFirst) {
  const TemporaryFolder folder;
  const json report =
      json_of(on_one_batch(tiny_experiment_of("[[cell]]\nmethod = \"snl\"\nbudgets = [\"20%\"]\nseeds = [1, 2]\n"
                                              "[[cell]]\nlabel = \"taken\"\nbudgets = [\"20%\"]\nseeds = [2]\n"
                                              "mask.from = \"snl\"\n"),
                           folder, {"--json"}));
  EXPECT_TRUE(by_name(report).count("finetune/network")) << report;
}

TEST(OneBatch, ANetworkToBeginWithKeepsItsBudget) {
  const TemporaryFolder folder;
  const json report = json_of(on_one_batch(
      tiny_experiment_of("[[cell]]\nmethod = \"snl\"\nbudgets = [\"20%\", \"25%\", \"30%\"]\n"
                         "[[cell]]\nlabel = \"descent\"\nmethod = \"coordinate_descent\"\nbudgets = [\"28%\"]\n"
                         "coordinate_descent.from = \"snl\"\ncoordinate_descent.from_budget = \"30%\"\n"
                         "coordinate_descent.sets = 1\ncoordinate_descent.set_size = 30\n"
                         "coordinate_descent.total_epochs = 6\ncoordinate_descent.finetune.epochs = 3\n"),
      folder, {"--json"}));
  const auto trainings = by_name(report);
  EXPECT_EQ(trainings.at("coordinate_descent/descent")["steps"], 100) << report;
  std::multiset<std::string> names;
  for (const json& training : report["trainings"]) names.insert(training["phase"]);
  EXPECT_EQ(names.count("snl_finetune"), 2u) << "at 20 % and 30 %: " << report;
}

}  // namespace
}  // namespace senet
