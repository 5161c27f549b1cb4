#include "support/bits.h"

namespace senet {
namespace {

using nlohmann::json;
using testing::Bits;
using testing::expect_same;
using testing::in_the_middle_of;
using testing::kRun;
using testing::Outcome;
using testing::Process;
using testing::TemporaryFolder;
using testing::uninterrupted;
using testing::write_file;

class KilledIn : public ::testing::TestWithParam<const char*> {};

TEST_P(KilledIn, TheSameCommandGivesTheSameBits) {
  const TemporaryFolder folder;
  ASSERT_NO_FATAL_FAILURE(testing::kill_in(GetParam(), folder.path()));
  testing::expect_goes_on_to_the_same_bits(folder.path());
}

INSTANTIATE_TEST_SUITE_P(EachPhase, KilledIn, ::testing::Values("teacher", "sensitivity", "mask", "finetune"),
                         [](const auto& test) { return test.param; });

// SENet++ with masks that change between steps: what a checkpoint has to hold beyond a plain run's.
class KilledAtSeveralWidthsIn : public ::testing::TestWithParam<const char*> {};

TEST_P(KilledAtSeveralWidthsIn, TheSameCommandGivesTheSameBits) {
  const std::string experiment = testing::tiny_experiment() +
                                 "mask.widths = [0.5, 1.0]\nmask.update = \"steps\"\nmask.update_steps = 2\n"
                                 "mask.score_memory = 0.5\n";
  const TemporaryFolder folder;
  ASSERT_NO_FATAL_FAILURE(testing::kill_in(GetParam(), folder.path(), experiment));
  testing::expect_goes_on_to_the_same_bits(folder.path(), experiment);
}

INSTANTIATE_TEST_SUITE_P(EachPhase, KilledAtSeveralWidthsIn, ::testing::Values("mask", "finetune"),
                         [](const auto& test) { return test.param; });

TEST(KilledAfterFirstMasksByTheTeacher, TheSameCommandGivesTheSameBits) {
  const std::string experiment = testing::tiny_experiment() + "mask.first = \"teacher\"\n";
  const TemporaryFolder folder;
  ASSERT_NO_FATAL_FAILURE(testing::kill_in("mask", folder.path(), experiment));
  testing::expect_goes_on_to_the_same_bits(folder.path(), experiment);
}

// A phase's kind, and the settings of the baseline it is of.
class KilledInABaseline : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(KilledInABaseline, TheSameCommandGivesTheSameBits) {
  const auto [kind, settings] = GetParam();
  const std::string experiment = testing::tiny_experiment_of(settings);
  const TemporaryFolder folder;
  ASSERT_NO_FATAL_FAILURE(testing::kill_in(kind, folder.path(), experiment));
  testing::expect_goes_on_to_the_same_bits(folder.path(), experiment);
}

INSTANTIATE_TEST_SUITE_P(
    Each, KilledInABaseline,
    ::testing::Values(
        std::pair("snl_search",
                  "[snl]\nsearch.epochs = 12\nsearch.lr = 0.02\nlambda = 1e-3\nfinetune.epochs = 3\n"
                  "[[cell]]\nmethod = \"snl\"\nbudgets = [\"20%\"]\n"),
        std::pair("autorep",
                  "[autorep]\nsearch.epochs = 12\nsearch.lr = 0.01\n"
                  "[[cell]]\nmethod = \"autorep\"\nbudgets = [\"20%\"]\n"),
        std::pair("deepreduce_training",
                  "[deepreduce]\ncandidates.epochs = 8\ncriticality.epochs = 8\nlargest = 2\n"
                  "[[cell]]\nmethod = \"deepreduce\"\nbudgets = [\"30%\"]\n"),
        std::pair("coordinate_descent",
                  "[snl]\nsearch.epochs = 2\nlambda = 0.1\nfinetune.epochs = 1\n"
                  "[coordinate_descent]\nset_size = 20\nsets = 2\ntrial_images = 50\n"
                  "total_epochs = 12\nfinetune.epochs = 3\n"
                  "[[cell]]\nmethod = \"snl\"\nbudgets = [\"30%\"]\n[[cell]]\nmethod = "
                  "\"coordinate_descent\"\nbudgets = [\"20%\"]\ncoordinate_descent.from = \"snl\"\n"
                  "coordinate_descent.from_budget = \"30%\"\n"),
        std::pair("relupruner_search",
                  "[relupruner]\nsearch.epochs = 12\ninterval = 3\ninterval_final = 7\nfinetune.epochs = 3\n"
                  "[[cell]]\nmethod = \"relupruner\"\nbudgets = [\"20%\"]\n"),
        std::pair("activation_search",
                  "[activation]\nfall = \"power\"\nsearch.epochs = 12\ninterval = 7\nfinetune.epochs = 3\n"
                  "sensitivity.plugin = \"uniform\"\n"
                  "[[cell]]\nmethod = \"activation\"\nbudgets = [\"20%\"]\n"),
        std::pair("snip_finetune", "[snip]\nfinetune.epochs = 12\n[[cell]]\nmethod = \"snip\"\nbudgets = [\"20%\"]\n")),
    [](const auto& test) { return test.param.first; });

TEST(Interrupted, StopsAfterACheckpointWithItsOwnExitCodeAndGoesOn) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const TemporaryFolder folder;
    write_file(folder / "tiny.toml", testing::tiny_experiment());
    Process process(kRun, folder.path());
    ASSERT_TRUE(in_the_middle_of("mask", folder.path(), process));
    process.signal(signal);
    const Outcome stopped = process.wait();
    EXPECT_EQ(stopped.code, 130) << stopped.error;
    EXPECT_NE(stopped.error.find("stopped after a checkpoint"), std::string::npos) << stopped.error;
    EXPECT_EQ(testing::run_program(kRun, folder.path()).code, 0);
    expect_same(Bits(folder.path()), Bits(uninterrupted().path()));
  }
}

TEST(Seeds, TheSameGivesTheSameBitsAnotherGivesOthers) {
  const TemporaryFolder same, other;
  write_file(same / "tiny.toml", testing::tiny_experiment());
  write_file(other / "tiny.toml", testing::tiny_experiment());
  ASSERT_EQ(testing::run_program(kRun, same.path()).code, 0);
  expect_same(Bits(same.path()), Bits(uninterrupted().path()));
  std::vector<std::string> reseeded = kRun;
  reseeded.insert(reseeded.end(), {"--set", "seeds=[2]"});
  ASSERT_EQ(testing::run_program(reseeded, other.path()).code, 0);
  const json a = Bits(uninterrupted().path()).results.begin()->second, b = Bits(other.path()).results.begin()->second;
  EXPECT_NE(a["result"]["loss"], b["result"]["loss"]);
  EXPECT_NE(a["teacher"]["loss"], b["teacher"]["loss"]);
}

}  // namespace
}  // namespace senet
