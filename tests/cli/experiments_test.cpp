#include <set>

#include "support/made_up_data.h"
#include "support/program.h"

namespace senet {
namespace {

using nlohmann::json;
using testing::json_of;
using testing::TemporaryFolder;
using testing::write_file;
namespace fs = std::filesystem;

class Experiments : public ::testing::TestWithParam<fs::path> {};

TEST_P(Experiments, PassTheDryRun) {
  const fs::path file = GetParam();
  const json plan = json_of(testing::run_program({"run", file.string(), "--dry-run", "--json", "--runs", "none",
                                                  "--results", "none", "--set", "dataset.train_limit=0"},
                                                 testing::made_up_data()));
  EXPECT_GT(plan["images"].get<int64_t>(), 0);
  EXPECT_GE(plan["phases"].size(), 4u) << "a teacher and a step, each evaluated";
  if (file.parent_path().filename() != "paper") return;
  EXPECT_EQ(plan["experiment"], file.stem().string()) << "results are found by the file's name";
  const json& settings = plan["cells"][0]["settings"];
  if (settings.contains("deepreduce.candidates.epochs")) {
    EXPECT_EQ(settings["dataset.holdout"]["value"], 0.05) << "candidates are judged by what is held out";
  } else {
    EXPECT_EQ(settings["dataset.holdout"]["value"], 0) << "the paper trains on all images";
  }
  EXPECT_EQ(settings.value("sensitivity.density", json{{"value", 0.1}})["value"], 0.1);
  const std::string text = testing::slurp(file);
  EXPECT_NE(text.find("\nprecision "), std::string::npos) << "the authors compute in float32, the default may not";
  for (const char* said : {"# Published: ", "# Cost: ", "# Time: "}) {
    EXPECT_NE(text.find(said), std::string::npos) << file << " does not say '" << said << "'";
  }
}

std::vector<fs::path> files() {
  std::vector<fs::path> all;
  for (const char* folder : {"experiments/paper", "experiments/small"}) {
    for (const auto& entry : fs::directory_iterator(fs::path(SENET_TEST_SOURCE) / folder)) {
      if (entry.path().extension() == ".toml") all.push_back(entry.path());
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

INSTANTIATE_TEST_SUITE_P(Each, Experiments, ::testing::ValuesIn(files()), [](const auto& test) {
  return test.param.parent_path().filename().string() + "_" + test.param.stem().string();
});

// The settings that the program resolves when a file says no more than the method.
void expect_defaults(const std::string& method, const std::map<std::string, json>& expected) {
  const TemporaryFolder folder;
  write_file(folder / "x.toml",
             "name = \"x\"\n[dataset]\nplugin = \"synthetic\"\ntrain_images = 40\ntest_images = 8\n[model]\nwidth = "
             "2\n[[cell]]\nbudgets = [500]\nmethod = \"" +
                 method + "\"\n");
  const json plan = json_of(testing::run_program({"run", "x.toml", "--dry-run", "--json"}, folder.path()));
  std::map<std::string, json> found;
  for (const auto& [key, setting] : plan["cells"][0]["settings"].items()) found[key] = setting["value"];
  for (const auto& [key, value] : expected) {
    ASSERT_TRUE(found.count(key)) << key;
    EXPECT_EQ(found[key], value) << key;
  }
}

TEST(Defaults, OfSenetAreThePapers) {
  expect_defaults("senet", {
                               {"model.plugin", "resnet18"},
                               {"model.stem", "cifar"},
                               {"model.stem_relu", true},
                               {"model.identity_shortcut", true},
                               {"model.initialisation", "fan_out"},
                               {"teacher.epochs", 240},
                               {"teacher.batch", 128},
                               {"teacher.lr", 0.05},
                               {"teacher.momentum", 0.9},
                               {"teacher.weight_decay", 5e-4},
                               {"teacher.schedule", "step"},
                               {"teacher.lr_drops", {0.625, 0.75, 0.875}},
                               {"teacher.lr_drop_factor", 0.1},
                               {"teacher.crop_padding", 4},
                               {"teacher.flip", true},
                               {"sensitivity.plugin", "pruning"},
                               {"sensitivity.density", 0.1},
                               {"sensitivity.prune_rate", 0.5},
                               {"sensitivity.projection", false},
                               {"mask.epochs", 150},
                               {"mask.lr", 0.05},
                               {"mask.granularity", "pixel"},
                               {"mask.score", "post"},
                               {"mask.score_memory", 0.0},
                               {"mask.update", "epoch"},
                               {"mask.start", "random"},
                               {"mask.ce_weight", 0.5},
                               {"mask.kd_weight", 0.5},
                               {"mask.temperature", 4.0},
                               {"mask.stop_nhd", 0.0},
                               {"mask.widths", {1.0}},
                               {"finetune.epochs", 180},
                               {"finetune.lr", 0.01},
                               {"finetune.kd_weight", 0.9},
                               {"finetune.temperature", 4.0},
                               {"finetune.beta", 1000.0},
                               {"finetune.pram", "attention"},
                               {"finetune.pram_stages", json::array()},
                           });
}

TEST(Defaults, OfReLUPrunerAreItsPublicCodes) {
  expect_defaults("relupruner", {
                                    {"relupruner.score", "code"},
                                    {"relupruner.start", "random"},
                                    {"relupruner.fall", "cosine"},
                                    {"relupruner.fall_power", 1.5},
                                    {"relupruner.fall_begin", 5},
                                    {"relupruner.fall_end", 0.6},
                                    {"relupruner.interval", 100},
                                    {"relupruner.interval_final", 200},
                                    {"relupruner.temperature", 4.0},
                                    {"relupruner.search.epochs", 150},
                                    {"relupruner.search.batch", 128},
                                    {"relupruner.search.lr", 0.05},
                                    {"relupruner.search.momentum", 0.9},
                                    {"relupruner.search.weight_decay", 5e-4},
                                    {"relupruner.search.ce_weight", 0.5},
                                    {"relupruner.search.kd_weight", 0.5},
                                    {"relupruner.finetune.epochs", 240},
                                    {"relupruner.finetune.lr", 0.01},
                                    {"relupruner.finetune.lr_drops", {0.625, 0.75, 0.875}},
                                    {"relupruner.finetune.ce_weight", 0.5},
                                    {"relupruner.finetune.kd_weight", 0.5},
                                    {"relupruner.finetune.beta", 1000.0},
                                    {"relupruner.finetune.pram", "attention"},
                                    {"relupruner.finetune.pram_stages", {2, 3, 4}},
                                });
}

TEST(Defaults, OfSnlAreItsPublicCodes) {
  expect_defaults("snl", {
                             {"snl.search.epochs", 2000},
                             {"snl.search.lr", 1e-3},
                             {"snl.lambda", 1e-5},
                             {"snl.lambda_factor", 1.1},
                             {"snl.patience", 5},
                             {"snl.threshold", 1e-2},
                             {"snl.ce_weight", 1.0},
                             {"snl.kd_weight", 1.0},
                             {"snl.temperature", 4.0},
                             {"snl.fill", false},
                             {"snl.fixed_sum", false},
                             {"snl.finetune.epochs", 100},
                             {"snl.finetune.lr", 1e-3},
                             {"snl.finetune.momentum", 0.9},
                             {"snl.finetune.weight_decay", 5e-4},
                             {"snl.search.optimizer", "adam"},
                             {"snl.search.weight_decay", 0.0},
                             {"snl.search.schedule", "constant"},
                             {"snl.finetune.schedule", "cosine"},
                             {"snl.search.batch", 128},
                             {"snl.finetune.batch", 128},
                         });
}

TEST(Defaults, OfAutoRepAreItsPublicCodes) {
  expect_defaults("autorep", {
                                 {"autorep.degree", 2},
                                 {"autorep.fit", "released"},
                                 {"autorep.scale", 0.1},
                                 {"autorep.lambda", 140.0},
                                 {"autorep.hysteresis", 0.003},
                                 {"autorep.alpha_lr_factor", 1.0},
                                 {"autorep.ce_weight", 1.0},
                                 {"autorep.kd_weight", 1.0},
                                 {"autorep.temperature", 4.0},
                                 {"autorep.search.epochs", 200},
                                 {"autorep.search.batch", 128},
                                 {"autorep.search.optimizer", "adam"},
                                 {"autorep.search.lr", 1e-3},
                                 {"autorep.search.lr_floor", 1e-5},
                                 {"autorep.search.weight_decay", 0.0},
                                 {"autorep.search.schedule", "cosine"},
                             });
}

TEST(Recipes, OfSnlsTeacherIsItsPublicCodes) {
  const json plan = json_of(testing::run_program(
      {"run", std::string(SENET_TEST_SOURCE) + "/experiments/paper/cifar100_snl.toml", "--dry-run", "--json"},
      testing::made_up_data()));
  const json& settings = plan["cells"][0]["settings"];
  const std::map<std::string, json> expected = {
      {"teacher.epochs", 160},
      {"teacher.batch", 256},
      {"teacher.lr", 0.1},
      {"teacher.schedule", "step"},
      {"teacher.lr_drops", {0.5, 0.75}},
      {"teacher.lr_drop_factor", 0.1},
      {"model.stem_relu", false},
      {"model.initialisation", "fan_in"},
  };
  for (const auto& [key, value] : expected) EXPECT_EQ(settings[key]["value"], value) << key;
}

TEST(Defaults, OfDeepReduceAreTheOnesChosen) {
  expect_defaults("deepreduce", {
                                    {"deepreduce.exponent", 0.07},
                                    {"deepreduce.culled", 2},
                                    {"deepreduce.order", json::array()},
                                    {"deepreduce.blocks", {2, 1, 1, 1}},
                                    {"deepreduce.largest", 0},
                                    {"deepreduce.candidates.epochs", 200},
                                    {"deepreduce.criticality.epochs", 200},
                                    {"deepreduce.candidates.lr", 0.1},
                                    {"deepreduce.criticality.lr", 0.1},
                                    {"deepreduce.candidates.momentum", 0.9},
                                    {"deepreduce.candidates.weight_decay", 5e-4},
                                    {"deepreduce.kd_weight", 0.9},
                                    {"deepreduce.temperature", 4.0},
                                    {"deepreduce.candidates.batch", 128},
                                    {"deepreduce.criticality.batch", 128},
                                });
}

}  // namespace
}  // namespace senet
