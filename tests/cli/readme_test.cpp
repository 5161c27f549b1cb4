// What the READMEs tell a reader to type.
#include "support/readme.h"

#include "support/made_up_data.h"

namespace senet {
namespace {

using testing::commands_of;
using testing::Outcome;
using testing::TemporaryFolder;
using testing::write_file;

namespace fs = std::filesystem;

const fs::path kSource = SENET_TEST_SOURCE;

// The quickstart's cells and name, on made-up images, one epoch of each training.
constexpr const char* kQuickstart = R"(name = "quickstart"
[dataset]
plugin = "cifar10"
holdout = 0.1
[model]
plugin = "resnet18"
width = 8
[training]
batch = 32
precision = "float32"
[teacher]
epochs = 1
[sensitivity]
epochs = 1
[mask]
epochs = 1
[finetune]
epochs = 1
[[cell]]
budgets = ["10%", "2.5%"]
[[cell]]
budgets = ["10%", "2.5%"]
sensitivity.plugin = "uniform"
)";

Outcome typed(const std::string& command, const fs::path& folder) {
  return testing::run_shell("senet() { \"$SENET\" \"$@\"; }\n" + command + "\n", folder);
}

// A checkout with data sets, a finished quickstart and the weights of its teacher, where a reader has them.
const fs::path& checkout() {
  static const TemporaryFolder folder;
  static const bool made = [] {
    for (const char* part : {"experiments", "results", "paper_figures"})
      fs::copy(kSource / part, folder / part, fs::copy_options::recursive);
    fs::create_directories(folder / "build/gpu");
    fs::create_directory_symlink(testing::made_up_data() / "data", folder / "data");
    fs::remove_all(folder / "results/quickstart");
    write_file(folder / "experiments/quickstart.toml", kQuickstart);
    const Outcome outcome = typed("senet run experiments/quickstart.toml", folder.path());
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    for (const auto& entry : fs::directory_iterator(folder / "runs")) {
      if (entry.path().filename().string().rfind("teacher-", 0) == 0)
        fs::copy(entry.path() / "network.safetensors", folder / "teacher.safetensors");
    }
    return true;
  }();
  EXPECT_TRUE(made);
  return folder.path();
}

// Commands that another test runs, with what they need.
bool runs_elsewhere(const std::string& command) {
  return command.rfind("senet measure", 0) == 0 ||                    // measure_test: the engine
         command.find("--overfit-one-batch") != std::string::npos ||  // one_batch_test: images that can be learnt
         command.find("my_method/") != std::string::npos ||           // sdk_test: the plugin's build, and what it gave
         command.find("my_dataset/") != std::string::npos;
}

class Readme : public ::testing::TestWithParam<const char*> {};

TEST_P(Readme, ItsCommandsWork) {
  fs::remove_all(checkout() / "my_method");  // which several begin with
  for (const std::string& command : commands_of(kSource / GetParam())) {
    if (runs_elsewhere(command)) continue;
    // The experiments of the paper and the studies take days.
    const bool is_long =
        command.rfind("senet run experiments/", 0) == 0 && command.find("quickstart") == std::string::npos;
    const Outcome outcome = typed(command + (is_long ? " --dry-run" : ""), checkout());
    EXPECT_EQ(outcome.code, 0) << command << "\n" << outcome.error;
  }
}

INSTANTIATE_TEST_SUITE_P(Each, Readme,
                         ::testing::Values("README.md", "core/README.md", "core/tools/measure/README.md",
                                           "experiments/README.md", "paper_figures/README.md", "plugins/README.md",
                                           "results/README.md", "scripts/README.md", "tests/README.md"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace_if(
                               name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
                           return name;
                         });

TEST(Readmes, HaveCommands) {
  EXPECT_GE(commands_of(kSource / "experiments/README.md").size(), 10u);
  EXPECT_GE(commands_of(kSource / "results/README.md").size(), 10u);
}

}  // namespace
}  // namespace senet
