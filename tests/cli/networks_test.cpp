// What the program says of networks that compute more than their ReLU sites, before it trains them.

#include "support/program.h"

namespace senet {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::json_of;
using testing::Outcome;
using testing::TemporaryFolder;

const std::string kPlugins = std::string(SENET_TEST_UNSOUND_PLUGINS) + "/operators";

// The tiny experiment with that model, one epoch a phase, and further settings.
Outcome run_with(const std::vector<std::string>& settings, const TemporaryFolder& folder,
                 const std::string& experiment = testing::tiny_experiment()) {
  testing::write_file(folder / "tiny.toml", experiment);
  std::vector<std::string> arguments = {"run",          "tiny.toml", "--threads", "2",
                                        "--plugin-dir", kPlugins,    "--set",     "teacher.epochs=1"};
  for (const std::string& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
  return testing::run_program(arguments, folder.path());
}

bool trained(const TemporaryFolder& folder, const std::string& phase) {
  if (!fs::is_directory(folder / "runs")) return false;
  for (const auto& entry : fs::directory_iterator(folder / "runs")) {
    if (entry.path().filename().string().rfind(phase + "-", 0) == 0) return true;
  }
  return false;
}

// The tiny experiment of the model `besides`.
std::string experiment_with(const std::string& model_options, const std::string& sections) {
  std::string experiment = testing::tiny_experiment_of(sections);
  const size_t begin = experiment.find("[model]"), end = experiment.find("[training]");
  return experiment.replace(begin, end - begin, "[model]\nplugin = \"besides\"\n" + model_options);
}
const std::string kSenet =
    "[sensitivity]\nplugin = \"uniform\"\n[mask]\nepochs = 1\n[finetune]\nepochs = 1\n[[cell]]\nbudgets = [\"20%\"]\n";

TEST(OutsideSites, AReluThatIsNoSiteIsRefusedBeforeAnythingIsTrained) {
  const TemporaryFolder folder;
  const Outcome outcome = run_with({}, folder, experiment_with("computes = \"relu\"\n", kSenet));
  EXPECT_EQ(outcome.code, 2) << outcome.error;
  EXPECT_NE(outcome.error.find("model plugin 'besides': the network computes aten::relu after 'second'"),
            std::string::npos)
      << outcome.error;
  EXPECT_FALSE(trained(folder, "teacher"));
}

TEST(OutsideSites, EveryWidthIsLookedAtBeforeAnythingIsTrained) {
  const TemporaryFolder folder;
  const std::string experiment = experiment_with("computes = \"relu\"\nwhere = \"narrow\"\n", kSenet);
  const Outcome outcome = run_with({"mask.widths=[1.0, 0.5]"}, folder, experiment);
  EXPECT_EQ(outcome.code, 2) << outcome.error;
  EXPECT_NE(outcome.error.find("aten::relu after 'second'"), std::string::npos) << outcome.error;
  EXPECT_FALSE(trained(folder, "teacher"));
}

TEST(OutsideSites, ASmallerNetworkOfABaselineIsLookedAtBeforeItIsTrained) {
  const TemporaryFolder folder;
  const Outcome outcome = run_with(
      {}, folder,
      experiment_with("computes = \"relu\"\nwhere = \"coarse\"\n",
                      "[[cell]]\nmethod = \"deepreduce\"\nbudgets = [\"50%\"]\ndeepreduce.candidates.epochs = 1\n"
                      "deepreduce.order = [1]\ndeepreduce.blocks = []\n"));
  EXPECT_EQ(outcome.code, 2) << outcome.error;
  EXPECT_NE(outcome.error.find("aten::relu after 'second'"), std::string::npos) << outcome.error;
  EXPECT_FALSE(trained(folder, "deepreduce_training"));
}

TEST(OutsideSites, MaxPoolingIsCountedApartAndWhatIsNotCountedIsNamed) {
  const TemporaryFolder folder;
  const Outcome outcome = run_with({}, folder, experiment_with("computes = \"gelu_and_max_pool\"\n", kSenet));
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_NE(outcome.error.find("not counted, in no budget: the model's aten::gelu after 'second'"), std::string::npos)
      << outcome.error;
  const json result = json::parse(testing::slurp(folder / "results/tiny/senet-20pct-s1.json"));
  EXPECT_EQ(result["model"]["relus"], 4 * 8 * 8);
  EXPECT_EQ(result["model"]["max_pool_comparisons"], 3 * 4 * 4 * 4);
  EXPECT_EQ(result["model"]["not_counted"], json({"aten::gelu after 'second'"}));
  EXPECT_EQ(result["result"]["relus"], 4 * 8 * 8 / 5);

  const json inspected = json_of(
      testing::run_program({"inspect", "--model", "besides", "--plugin-dir", kPlugins, "--set",
                            "model.computes=\"gelu_and_max_pool\"", "--input", "2x8x8", "--classes", "4", "--json"},
                           folder.path()));
  for (const char* name : {"max_pool_comparisons", "not_counted"}) EXPECT_EQ(inspected[name], result["model"][name]);
  const json of_run = json_of(testing::run_program({"inspect", "senet-20pct-s1", "--json"}, folder.path()));
  for (const char* name : {"max_pool_comparisons", "not_counted"}) EXPECT_EQ(of_run[name], result["model"][name]);
}

TEST(PruningSensitivity, HiddenLayersOfAClassifierArePrunedToo) {
  const TemporaryFolder folder;
  std::string experiment = testing::replaced(testing::tiny_experiment(), "plugin = \"resnet18\"\nwidth = 2",
                                             "plugin = \"vgg16\"\nwidth = 1\nhidden = 6");
  const Outcome outcome = run_with({"sensitivity.epochs=1", "mask.epochs=1", "finetune.epochs=1"}, folder, experiment);
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  const json result = json::parse(testing::slurp(folder / "results/tiny/senet-20pct-s1.json"));
  const json& sites = result["sites"];
  for (const size_t l : {sites.size() - 2, sites.size() - 1}) {
    EXPECT_EQ(sites[l]["name"].get<std::string>().rfind("classifier.", 0), 0u);
    const double kept = result["series"]["pruning_sensitivity"][l].get<double>();
    EXPECT_GT(kept, 0);
    EXPECT_LT(kept, 1);
    EXPECT_DOUBLE_EQ(sites[l]["sensitivity"].get<double>(), 1 - kept);
  }
}

TEST(PruningSensitivity, ASiteThatNoMatrixFeedsIsRefusedBeforeTheSparseTraining) {
  const TemporaryFolder folder;
  const std::string sections = "[sensitivity]\nepochs = 1\n[[cell]]\nbudgets = [\"20%\"]\n";
  const Outcome outcome = run_with({}, folder, experiment_with("feeds = \"norm\"\n", sections));
  EXPECT_EQ(outcome.code, 2) << outcome.error;
  EXPECT_NE(outcome.error.find("ReLU site 'relu' is fed by 'norm'"), std::string::npos) << outcome.error;
  for (const auto& entry : fs::recursive_directory_iterator(folder / "runs"))
    EXPECT_NE(entry.path().filename(), "sparse.safetensors");
}

}  // namespace
}  // namespace senet
