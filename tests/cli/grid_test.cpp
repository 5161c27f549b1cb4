#include "support/bits.h"

namespace senet {
namespace {

using nlohmann::json;
using testing::json_of;
using testing::kRun;
using testing::Outcome;
using testing::run_program;
using testing::TemporaryFolder;
using testing::write_file;
namespace fs = std::filesystem;

// Two sound cells and one whose mask identification goes to infinity, at two budgets with two seeds.
std::string grid() {
  std::string experiment = testing::replaced(testing::tiny_experiment(), "seeds = [1]", "seeds = [1, 2]");
  experiment = testing::replaced(experiment, "[\"20%\"]", "[\"20%\", \"10%\"]");
  return experiment +
         "[[cell]]\nlabel = \"steep\"\nbudgets = [\"20%\", \"10%\"]\nmask.lr = 1e30\n"
         "[[cell]]\nlabel = \"after it\"\nbudgets = [\"20%\"]\nfinetune.epochs = 2\n";
}

TEST(Grid, ACellThatFailsLeavesTheOthersRunningAndIsReportedAtTheEnd) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", grid());
  const Outcome outcome = run_program(kRun, folder.path());
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.error.find("senet: 4 of 10 failed:"), std::string::npos) << outcome.error;
  EXPECT_NE(outcome.error.find("cell steep, budget 10%, seed 2, mask: the loss is"), std::string::npos)
      << outcome.error;
  EXPECT_NE(outcome.out.find("after it"), std::string::npos) << "the table has what was finished";
  EXPECT_NE(outcome.out.find("  seed  ReLUs counted  "), std::string::npos) << outcome.out;
  int results = 0;
  for (const auto& entry : fs::directory_iterator(folder / "results/tiny"))
    results += entry.path().extension() == ".json";
  EXPECT_EQ(results, 6);

  // Two seeds share nothing; budgets share teacher and sensitivity, and "after it" its masks with the first cell.
  const std::multiset<std::string> phases = testing::finished_phases(folder.path());
  EXPECT_EQ(phases.count("teacher"), 2u);
  EXPECT_EQ(phases.count("sensitivity"), 2u);
  EXPECT_EQ(phases.count("mask"), 4u);
  EXPECT_EQ(phases.count("finetune"), 6u);

  const json status = json_of(run_program({"status", "tiny.toml", "--json"}, folder.path()));
  int failed = 0;
  for (const json& row : status["phases"]) {
    if (row["cell"] == "steep" && row["phase"] == "mask") {
      EXPECT_EQ(row["state"], "failed");
      EXPECT_NE(row["why"].get<std::string>().find("the loss is"), std::string::npos);
      ++failed;
    } else if (row["cell"] != "steep") {
      EXPECT_EQ(row["state"], "finished");
    }
  }
  EXPECT_EQ(failed, 4);
  EXPECT_EQ(status["images"], 4 * 152 * (3 + 3)) << "what the failed cell has left";
  const Outcome shown = run_program({"status", "tiny.toml"}, folder.path());
  EXPECT_NE(shown.out.find("failed: mask of steep, budget 20%: the loss is"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("left to train: "), std::string::npos) << shown.out;
}

TEST(Grid, APhaseThatSeveralCellsNeedFailsOnce) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", grid());
  std::vector<std::string> steep = kRun;
  steep.insert(steep.end(), {"--set", "teacher.lr=1e30"});
  const Outcome outcome = run_program(steep, folder.path());
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.error.find("10 of 10 failed"), std::string::npos);
  int begun = 0;
  for (size_t at = outcome.error.find("  teacher\n"); at != std::string::npos;
       at = outcome.error.find("  teacher\n", at + 1)) {
    ++begun;
  }
  EXPECT_EQ(begun, 2) << "one a seed: " << outcome.error;
}

TEST(Grid, WhatFailedRunsAgainWhenAsked) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  // The same phase fails at first, because of what its folder holds, and succeeds when that is gone.
  ASSERT_EQ(run_program(kRun, folder.path()).code, 0);
  fs::path finetune;
  for (const auto& entry : fs::directory_iterator(folder / "runs")) {
    if (entry.path().filename().string().rfind("finetune-", 0) == 0) finetune = entry.path();
  }
  fs::remove(finetune / "record.json");
  for (const char* file : {"network.safetensors", "metrics.jsonl"}) fs::remove(finetune / file);
  fs::create_directories(finetune / "metrics.jsonl" / "in the way");
  const Outcome failed = run_program(kRun, folder.path());
  EXPECT_EQ(failed.code, 1) << failed.error;
  EXPECT_TRUE(fs::exists(finetune / "failure.txt"));
  fs::remove_all(finetune / "metrics.jsonl");
  EXPECT_EQ(run_program(kRun, folder.path()).code, 0);
  EXPECT_FALSE(fs::exists(finetune / "failure.txt"));
}

}  // namespace
}  // namespace senet
