#include <cmath>
#include <numeric>
#include <sstream>

#include "storage/safetensors.h"
#include "support/bits.h"

namespace senet {
namespace {

using nlohmann::json;
using testing::json_of;
using testing::Outcome;
using testing::TemporaryFolder;
using testing::write_file;
namespace fs = std::filesystem;

TEST(MaskOptions, HaveTheirEffectFromAnExperiment) {
  const TemporaryFolder folder;
  const auto cell = [](const std::string& label, const std::string& options) {
    return "[[cell]]\nbudgets = [\"60%\"]\nlabel = \"" + label + "\"\n" + options;
  };
  const std::string vector = "finetune.pram = \"vector\"\n";
  write_file(
      folder / "tiny.toml",
      testing::tiny_experiment_of(
          "[sensitivity]\nplugin = \"uniform\"\n[mask]\nepochs = 2\n[finetune]\nepochs = 1\n" + cell("plain", "") +
          cell("channels", "mask.granularity = \"channel\"\nmask.last_channel = \"drop\"\n") +
          cell("falling", "mask.falling = 1\n") + cell("settled", "mask.stop_nhd = 100\nmask.stop_updates = 1\n") +
          cell("vector", vector) + cell("heavier", vector + "finetune.vector_beta = 1e5\n")));
  const Outcome outcome = testing::run_program({"run", "tiny.toml", "--threads", "1"}, folder.path());
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  const auto result = [&](const std::string& label) {
    return json::parse(testing::slurp(folder / ("results/tiny/" + label + "-60pct-s1.json")));
  };
  int64_t kept = 0;
  const json channels = result("channels");
  for (const json& site : channels["sites"]) {
    const int64_t counted = site["counted"],
                  channel = site["shape"][1].get<int64_t>() * site["shape"][2].get<int64_t>();
    EXPECT_EQ(counted % channel, 0) << site["name"];
    kept += counted;
  }
  EXPECT_GT(kept, 0);
  const auto overlap = [&](const std::string& label) {
    return result(label)["curves"]["mask"]["overlap_1"][0].get<double>();
  };
  EXPECT_EQ(overlap("falling"), 1) << "what it keeps first was kept before: everything was";
  EXPECT_LT(overlap("plain"), 1);
  const auto mask_passes = [&](const std::string& label) {
    const json found = result(label);
    for (const json& phase : found["phases"]) {
      if (phase["kind"] == "mask") return phase["image_passes"].get<int64_t>();
    }
    return int64_t{0};
  };
  EXPECT_EQ(mask_passes("settled"), 152);
  EXPECT_EQ(mask_passes("plain"), 2 * 152);
  EXPECT_GT(result("heavier")["curves"]["finetune"]["loss"][0].get<double>(),
            result("vector")["curves"]["finetune"]["loss"][0].get<double>());
}

// SENet++ at two widths.
const TemporaryFolder& at_two_widths() {
  return testing::uninterrupted(testing::tiny_experiment() + "mask.widths = [0.5, 1.0]\n");
}

TEST(SenetPlusPlus, EachWidthIsEvaluatedCountedAndExportedAsThePlainNetworkItIs) {
  const fs::path folder = at_two_widths().path();
  std::string file;
  for (const auto& entry : fs::directory_iterator(folder / "results/tiny")) {
    if (entry.path().extension() == ".json") file = entry.path().string();
  }
  const json result = json::parse(testing::slurp(file));
  ASSERT_EQ(result["widths"].size(), 2u);
  for (const json& at : result["widths"]) {
    const double width = at["width"];
    const std::string shown = json(width).dump();
    const Outcome exported =
        testing::run_program({"export", "tiny", "--width", shown, "--out", "cut.safetensors", "--json"}, folder);
    const json summary = json_of(exported);
    const TensorMap tensors = load_safetensors(folder / "cut.safetensors").tensors;
    EXPECT_EQ(tensors.at("conv1.weight").size(0), width == 1 ? 2 : 1);
    int64_t ones = 0, parameters = 0;
    for (const auto& [name, tensor] : tensors) {
      if (name.rfind("mask.", 0) == 0) ones += tensor.sum().item<int64_t>();
      if (name.find("weight") != std::string::npos || name.find("bias") != std::string::npos)
        parameters += tensor.numel();
    }
    EXPECT_EQ(at["relus"], ones) << "width " << width;
    EXPECT_EQ(at["parameters"], parameters);
    EXPECT_EQ(summary["relus"], at["relus"]);
    EXPECT_EQ(summary["macs"], at["macs"]);
    EXPECT_EQ(summary["parameters"], at["parameters"]);
    EXPECT_NEAR(at["relu_saving"].get<double>(), result["model"]["relus"].get<double>() / static_cast<double>(ones),
                1e-12);
    const json evaluated =
        json_of(testing::run_program({"evaluate", "tiny", "--width", shown, "--threads", "2", "--json"}, folder));
    EXPECT_EQ(evaluated["accuracy"], at["accuracy"]);
    EXPECT_EQ(evaluated["relus"], at["relus"]);
  }
  EXPECT_EQ(result["widths"][1]["accuracy"], result["result"]["accuracy"]) << "width 1 is the result itself";
  EXPECT_EQ(result["widths"][1]["relus"], result["result"]["relus"]);
  EXPECT_LT(result["widths"][0]["macs"], result["widths"][1]["macs"]);
}

TEST(SenetPlusPlus, WrongWidthsAreRefusedBeforeAnythingRuns) {
  const auto refused = [](const std::string& settings, const char* message) {
    const TemporaryFolder folder;
    write_file(folder / "tiny.toml", testing::tiny_experiment() + settings);
    const Outcome outcome = testing::run_program({"run", "tiny.toml"}, folder.path());
    EXPECT_EQ(outcome.code, 2);
    EXPECT_NE(outcome.error.find(message), std::string::npos) << outcome.error;
    EXPECT_FALSE(fs::exists(folder / "runs"));
  };
  refused("mask.widths = [0.5]\n", "expected the full width 1.0");
  refused("mask.widths = [1.0, 1.5]\n", "mask.widths");
  refused("mask.widths = [0.5, 1.0]\nfinetune.pram = \"vector\"\n", "finetune.pram = \"vector\"");
  refused("mask.widths = [0.5, 1.0]\nfinetune.pram = \"none\"\nmask.pram = \"vector\"\n", "mask.pram = \"vector\"");
  const Outcome untrained =
      testing::run_program({"export", "tiny", "--width", "0.25", "--out", "cut.safetensors"}, at_two_widths().path());
  EXPECT_EQ(untrained.code, 2);
  EXPECT_NE(untrained.error.find("not trained at width 0.25"), std::string::npos) << untrained.error;
}

TEST(Settings, ThatContradictEachOtherAreRefusedBeforeAnythingRuns) {
  const auto refused = [](const std::string& cell, const char* message) {
    const TemporaryFolder folder;
    write_file(folder / "tiny.toml", testing::tiny_experiment_of("[[cell]]\nbudgets = [\"20%\"]\n" + cell));
    const Outcome outcome = testing::run_program({"run", "tiny.toml"}, folder.path());
    EXPECT_EQ(outcome.code, 2);
    EXPECT_NE(outcome.error.find(message), std::string::npos) << outcome.error;
    if (!fs::exists(folder / "runs")) return;
    for (const auto& entry : fs::directory_iterator(folder / "runs"))
      EXPECT_NE(entry.path().filename().string().rfind("teacher-", 0), 0u) << "no teacher was trained";
  };
  refused("mask.update = \"never\"\nmask.falling = 0.5\n", "mask.falling has no part in masks");
  refused("training.score = \"pre\"\n", "unknown key 'training.score'");
  refused("training.temperature = 2\n", "unknown key 'training.temperature'");
  refused("method = \"snip\"\nsnip.fall = \"cosine\"\nsnip.fall_begin = 4\nsnip.search.epochs = 3\n",
          "fall_begin = 4, after the 3 epochs of the search");
}

TEST(Pruning, AProjectionStandsForItsBlocksSecondReluWhenAsked) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", testing::tiny_experiment() + "sensitivity.projection = true\n");
  ASSERT_EQ(testing::run_program({"run", "tiny.toml", "--threads", "2"}, folder.path()).code, 0);
  // The densities of the last epoch, in the network's order: the stem, then each block's two convolutions and, where
  // the shape changes, its shortcut's.
  json last;
  for (const auto& entry : fs::directory_iterator(folder / "runs")) {
    if (entry.path().filename().string().rfind("sensitivity-", 0) != 0) continue;
    std::istringstream lines(testing::slurp(entry.path() / "metrics.jsonl"));
    for (std::string line; std::getline(lines, line);) last = json::parse(line);
  }
  const std::vector<double> density = last["density"];
  std::vector<double> expected = {density.at(0)};
  size_t at = 1;
  for (int block = 0; block < 8; ++block) {
    const bool projection = block > 0 && block % 2 == 0;
    expected.push_back(density.at(at));
    expected.push_back(density.at(at + (projection ? 2 : 1)));
    at += projection ? 3 : 2;
  }
  EXPECT_EQ(at, density.size());
  json result;
  for (const auto& entry : fs::directory_iterator(folder / "results/tiny")) {
    if (entry.path().extension() == ".json") result = json::parse(testing::slurp(entry.path()));
  }
  for (size_t l = 0; l < expected.size(); ++l) {
    EXPECT_DOUBLE_EQ(result["series"]["pruning_sensitivity"][l].get<double>(), expected[l]) << l;
    EXPECT_DOUBLE_EQ(result["sites"][l]["sensitivity"].get<double>(), 1 - expected[l]) << l;
  }
}

TEST(Listed, GivesEachLayerItsPartOfTheBudget) {
  const TemporaryFolder folder;
  const auto run = [&](const std::string& values, const std::string& per) {
    write_file(folder / "tiny.toml", testing::tiny_experiment_of(
                                         "[mask]\nepochs = 1\n[finetune]\nepochs = 1\n[[cell]]\nlabel = \"" + per +
                                         "\"\nbudgets = [230]\nsensitivity.plugin = \"listed\"\nsensitivity.per = \"" +
                                         per + "\"\nsensitivity.values = [" + values + "]\n"));
    return testing::run_program({"run", "tiny.toml", "--threads", "2", "--set", "teacher.epochs=1"}, folder.path());
  };
  const auto kept = [&](const std::string& per) {
    std::vector<int64_t> counts;
    const json result = json::parse(testing::slurp(folder / ("results/tiny/" + per + "-230-s1.json")));
    for (const json& site : result["sites"]) counts.push_back(site["counted"].get<int64_t>());
    return counts;
  };
  // Sites of 128 ReLUs five times, then of 64, 32 and 16 four times each.
  const auto repeated = [](const std::vector<int64_t>& of_stages) {
    std::vector<int64_t> all = {of_stages[0]};
    for (const int64_t of_stage : of_stages) all.insert(all.end(), 4, of_stage);
    return all;
  };
  // 5 · 10 + 4 · 20 + 4 · 20 + 4 · 5
  const Outcome per_layer = run("1, 1,1,1,1, 2,2,2,2, 2,2,2,2, 0.5,0.5,0.5,0.5", "layer");
  ASSERT_EQ(per_layer.code, 0) << per_layer.error;
  EXPECT_EQ(kept("layer"), repeated({10, 20, 20, 5}));
  // An eighth of the first five, none of the next, three eighths and all of the last: 16, 0, 12, 16. That is 192 in
  // all; the last are full, so the first and third share what 230 leaves, 166, as 16 : 12.
  const Outcome per_relu = run("0.125, 0.125,0.125,0.125,0.125, 0,0,0,0, 0.375,0.375,0.375,0.375, 1,1,1,1", "relu");
  ASSERT_EQ(per_relu.code, 0) << per_relu.error;
  const std::vector<int64_t> counts = kept("relu");
  ASSERT_EQ(counts.size(), 17u);
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), int64_t{0}), 230);
  for (size_t l = 0; l < 17; ++l) {
    const double exact = l < 5 ? 166.0 * 16 / 128 : l < 9 ? 0 : l < 13 ? 166.0 * 12 / 128 : 16;
    EXPECT_LT(std::abs(static_cast<double>(counts[l]) - exact), 1) << "layer " << l;
  }
  const Outcome short_of_one = run("1, 1", "layer");
  EXPECT_NE(short_of_one.code, 0);
  EXPECT_NE(short_of_one.error.find("2 numbers, the model 17 layers"), std::string::npos) << short_of_one.error;
}

}  // namespace
}  // namespace senet
