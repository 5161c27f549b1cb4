// What a method's trainings leave when they are stopped, fail, or are called by a name that they cannot have.

#include "support/bits.h"

namespace senet {
namespace {

using testing::Bits;
using testing::kRun;
using testing::Outcome;
using testing::phase_folder;
using testing::run_program;
using testing::TemporaryFolder;
using testing::write_file;
namespace fs = std::filesystem;

// An experiment whose one cell is a baseline of tests/plugins/unsound/trainings.cpp.
struct Experiment {
  TemporaryFolder folder;
  explicit Experiment(const std::string& baseline, const std::string& settings = "") {
    write_file(folder / "tiny.toml",
               testing::tiny_experiment_of("[" + baseline + "]\n" + settings + "[[cell]]\nmethod = \"" + baseline +
                                           "\"\nbudgets = [\"20%\"]\nteacher.epochs = 1\n"));
  }
  Outcome run(const std::vector<std::string>& environment = {}) const {
    std::vector<std::string> command = kRun;
    command.insert(command.end(), {"--plugin-dir", std::string(SENET_TEST_UNSOUND_PLUGINS) + "/trainings"});
    return run_program(command, folder.path(), environment);
  }
};

TEST(AnActivationOfAMethodsOwn, AtOneSiteLosesNoMaskAtTheOthers) {
  const Experiment whole("own_activation");
  ASSERT_EQ(whole.run().code, 0);
  for (const char* training : {"search", "finetune"}) {
    const Experiment stopped("own_activation");
    ASSERT_EQ(stopped.run({std::string("SENET_TEST_STOP=") + training}).code, 130) << training;
    const Outcome outcome = stopped.run();
    ASSERT_EQ(outcome.code, 0) << outcome.error;
    testing::expect_same(Bits(stopped.folder.path()), Bits(whole.folder.path()));
  }
}

TEST(StateThatNobodyAsksFor, IsAnErrorThatNamesIt) {
  for (const char* training : {"search", "finetune"}) {
    const Experiment experiment("lazy_state");
    ASSERT_EQ(experiment.run({std::string("SENET_TEST_STOP=") + training}).code, 130) << training;
    const Outcome outcome = experiment.run();
    EXPECT_EQ(outcome.code, 1) << outcome.error;
    EXPECT_NE(outcome.error.find("baseline plugin 'lazy_state': the checkpoint holds 'average.bn1.bias' and "),
              std::string::npos)
        << outcome.error;
  }
}

TEST(AMethodThatCatchesEverything, IsNotFinishedByAStop) {
  const Experiment experiment("swallows");
  const Outcome stopped = experiment.run({"SENET_TEST_STOP=network_of_mine"});
  EXPECT_EQ(stopped.code, 130) << stopped.error;
  EXPECT_FALSE(fs::exists(phase_folder(experiment.folder.path(), "swallows") / "record.json"));
}

TEST(AMethodThatCatchesEverything, IsNotFinishedByALossThatIsNotFinite) {
  const Experiment experiment("swallows");
  const Outcome outcome = experiment.run({"SENET_TEST_STEEP=1"});
  EXPECT_EQ(outcome.code, 1) << outcome.error;
  EXPECT_NE(outcome.error.find("baseline plugin 'swallows': the loss is "), std::string::npos) << outcome.error;
  EXPECT_FALSE(fs::exists(phase_folder(experiment.folder.path(), "swallows") / "record.json"));
}

TEST(Names, OfAPluginThatItCannotHaveAreRefusedWhenItIsLoaded) {
  const Experiment experiment("evaluation");
  const Outcome outcome = experiment.run();
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.error.find("brings a baseline called 'evaluation', which is a name of the core's own"),
            std::string::npos)
      << outcome.error;
  EXPECT_NE(outcome.error.find("brings a baseline called '../up'; expected 1 to 100 letters"), std::string::npos)
      << outcome.error;
  EXPECT_FALSE(fs::exists(experiment.folder / "runs"));
}

class ANameThat : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(ANameThat, CannotBeIsRefusedWhenItIsFirstGiven) {
  const auto& [setting, message] = GetParam();
  const Experiment experiment("named", std::string(setting) + "\n");
  const Outcome outcome = experiment.run();
  EXPECT_EQ(outcome.code, 2) << outcome.error;
  EXPECT_NE(outcome.error.find(std::string("baseline plugin 'named': ") + message), std::string::npos) << outcome.error;
  for (const auto& entry : fs::directory_iterator(experiment.folder.path())) {
    EXPECT_NE(entry.path().extension(), ".safetensors") << "outside the store";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Each, ANameThat,
    ::testing::Values(std::pair("trainings = \"mine mine\"", "a training is called 'mine', as another of its phase is"),
                      std::pair("trainings = \"network\"", "a training is called 'network', as another"),
                      std::pair("trainings = \"../../up\"", "a training is called '../../up'; expected 1 to 100"),
                      std::pair("series = \"sensitivity\"", "a series is called 'sensitivity', as another"),
                      std::pair("series = \"mine mine\"", "a series is called 'mine', as another"),
                      std::pair("metric = \"epoch\"", "training 'measured' has a metric called 'epoch'")),
    [](const auto& test) { return "N" + std::to_string(test.index); });

}  // namespace
}  // namespace senet
