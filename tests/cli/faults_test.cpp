#include <random>

#include "support/bits.h"

namespace senet {
namespace {

using testing::Bits;
using testing::expect_goes_on_to_the_same_bits;
using testing::expect_same;
using testing::in_the_middle_of;
using testing::kill_in;
using testing::kRun;
using testing::Outcome;
using testing::phase_folder;
using testing::Process;
using testing::run_program;
using testing::run_shell;
using testing::slurp;
using testing::TemporaryFolder;
using testing::uninterrupted;
using testing::write_file;
namespace fs = std::filesystem;

TEST(Killed, AtTwentyRandomMomentsTheSameBits) {
  std::mt19937 engine(20230501);
  std::uniform_int_distribution<int> milliseconds(350, 1500);
  int kills = 0;
  while (kills < 20) {
    const TemporaryFolder folder;
    write_file(folder / "tiny.toml", testing::tiny_experiment());
    for (bool done = false; !done && kills < 20;) {
      Process process(kRun, folder.path());
      std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds(engine)));
      done = !process.running();
      if (done) continue;
      process.signal(SIGKILL);
      process.wait();
      ++kills;
    }
    expect_goes_on_to_the_same_bits(folder.path());
  }
}

TEST(Damage, ACheckpointThatWasCutOrChangedIsSetAsideAndTheTrainingBeginsAnew) {
  const std::vector<std::function<void(std::string&)>> damages = {
      [](std::string& bytes) { bytes.resize(bytes.size() / 2); },
      [](std::string& bytes) { bytes[bytes.size() - 9] ^= 4; },
      [](std::string& bytes) { bytes += "more"; },
      [](std::string& bytes) { bytes.clear(); },
  };
  for (const auto& damage : damages) {
    const TemporaryFolder folder;
    ASSERT_NO_FATAL_FAILURE(kill_in("mask", folder.path()));
    const fs::path checkpoint = phase_folder(folder.path(), "mask") / "network.safetensors";
    std::string bytes = slurp(checkpoint);
    damage(bytes);
    write_file(checkpoint, bytes);
    const Outcome outcome = run_program(kRun, folder.path());
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    EXPECT_NE(outcome.error.find("damaged checkpoint: "), std::string::npos) << outcome.error;
    EXPECT_NE(outcome.error.find("set aside as"), std::string::npos) << outcome.error;
    EXPECT_EQ(slurp(checkpoint.string() + ".damaged-1"), bytes);
    fs::remove(checkpoint.string() + ".damaged-1");
    expect_same(Bits(folder.path()), Bits(uninterrupted().path()));
  }
}

TEST(GarbageCollection, LeavesWhatAnUnfinishedExperimentStandsOn) {
  const TemporaryFolder folder;
  ASSERT_NO_FATAL_FAILURE(kill_in("mask", folder.path()));
  const Outcome outcome = run_program({"gc", "--delete"}, folder.path());
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_TRUE(fs::exists(phase_folder(folder.path(), "teacher") / "record.json"));
  expect_goes_on_to_the_same_bits(folder.path());
}

TEST(Damage, AFinishedPhaseThatChangedIsSetAsideAndRedone) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  ASSERT_EQ(run_program(kRun, folder.path()).code, 0);
  const fs::path weights = phase_folder(folder.path(), "finetune") / "network.safetensors";
  std::string bytes = slurp(weights);
  bytes[bytes.size() - 9] ^= 4;
  write_file(weights, bytes);
  const Outcome outcome = run_program(kRun, folder.path());
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_NE(outcome.error.find("is not the file that the phase wrote"), std::string::npos) << outcome.error;
  const fs::path aside = phase_folder(folder.path(), "finetune").string() + ".damaged-1";
  EXPECT_EQ(slurp(aside / "network.safetensors"), bytes);
  fs::remove_all(aside);
  expect_same(Bits(folder.path()), Bits(uninterrupted().path()));
}

TEST(Damage, AResultIsNeverBelievedAndWrittenAgain) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  ASSERT_EQ(run_program(kRun, folder.path()).code, 0);
  const fs::path result = folder / "results/tiny/senet-20pct-s1.json";
  const std::string sound = slurp(result);
  for (const std::string& damaged :
       {std::string(), sound.substr(0, sound.size() / 2), std::string("[]"), std::string("{\"schema\": 99}")}) {
    write_file(result, damaged);
    const Outcome evaluate = run_program({"evaluate", "senet-20pct"}, folder.path());
    EXPECT_EQ(evaluate.code, 2);
    EXPECT_NE(evaluate.error.find("senet-20pct-s1.json"), std::string::npos) << evaluate.error;
    const Outcome again = run_program(kRun, folder.path());
    EXPECT_EQ(again.code, 0) << again.error;
    EXPECT_NE(again.error.find("replacing a damaged result"), std::string::npos) << again.error;
    EXPECT_EQ(slurp(result), sound);
  }
}

// Brackets enough for whatever recurses to run out of stack.
std::string deeply_nested() {
  constexpr int kLevels = 100000;
  return std::string(kLevels, '[') + std::string(kLevels, ']');
}

TEST(DeepNesting, InAResultIsAnErrorThatNamesTheFile) {
  const TemporaryFolder folder;
  fs::copy(uninterrupted().path(), folder.path(), fs::copy_options::recursive);
  const fs::path result = folder / "results/tiny/senet-20pct-s1.json";
  std::string bytes = slurp(result);
  const std::string sites = "\"sites\": ";
  bytes.insert(bytes.find(sites) + sites.size(), deeply_nested() + ", \"rest\": ");
  write_file(result, bytes);
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"compare", "senet-20pct", "senet-20pct"}, std::vector<std::string>{"gc"}}) {
    const Outcome outcome = run_program(command, folder.path());
    EXPECT_EQ(outcome.code, 2) << outcome.error;
    EXPECT_NE(outcome.error.find("senet-20pct-s1.json: is nested deeper than 64 levels"), std::string::npos)
        << outcome.error;
  }
}

TEST(DeepNesting, InTheRecordsOfAPhaseIsDamage) {
  const TemporaryFolder folder;
  fs::copy(uninterrupted().path(), folder.path(), fs::copy_options::recursive);
  const fs::path record = phase_folder(folder.path(), "mask") / "record.json";
  write_file(record, "{\"deep\": " + deeply_nested() + ", " + slurp(record).substr(1));
  write_file(phase_folder(folder.path(), "finetune") / "inputs.json", deeply_nested());
  EXPECT_EQ(run_program({"status", "tiny.toml"}, folder.path()).code, 0);
  EXPECT_EQ(run_program({"gc"}, folder.path()).code, 0);
  const Outcome again = run_program(kRun, folder.path());
  EXPECT_EQ(again.code, 0) << again.error;
  EXPECT_NE(again.error.find("record.json: is nested deeper than 64 levels; set aside as"), std::string::npos)
      << again.error;
  write_file(folder / "runs/experiments/another.json", deeply_nested());
  const Outcome garbage = run_program({"gc", "--delete"}, folder.path());
  EXPECT_EQ(garbage.code, 2);
  EXPECT_NE(garbage.error.find("another.json: is damaged (another.json: is nested deeper than 64 levels)"),
            std::string::npos)
      << garbage.error;
}

TEST(Disk, NoSpaceLeftSaysSoLeavesNothingHalfWrittenAndGoesOnWhenThereIs) {
  const TemporaryFolder folder;
  if (!testing::can_mount(folder.path())) GTEST_SKIP() << "this machine lets nobody mount a tmpfs";
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  const Outcome outcome = run_shell(
      "mkdir small && exec unshare -rm sh -c '\n"
      "mount -t tmpfs -o size=100k tmpfs small || exit 99\n"
      "\"$SENET\" run tiny.toml --threads 2 --runs small/runs; echo \"full: $?\"\n"
      "find small -name \"*.tmp\"\n"
      "mount -o remount,size=64m small || exit 98\n"
      "\"$SENET\" run tiny.toml --threads 2 --runs small/runs; echo \"free: $?\"\n"
      "cp -r small/runs runs'\n",
      folder.path());
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_NE(outcome.out.find("full: 1"), std::string::npos) << outcome.out << outcome.error;
  EXPECT_NE(outcome.error.find("No space left on device; free some space"), std::string::npos) << outcome.error;
  EXPECT_EQ(outcome.out.find(".tmp"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("free: 0"), std::string::npos) << outcome.out << outcome.error;
  expect_same(Bits(folder.path()), Bits(uninterrupted().path()));
}

TEST(Disk, AReadOnlyStoreSaysSo) {
  const TemporaryFolder folder;
  if (!testing::can_mount(folder.path())) GTEST_SKIP() << "this machine lets nobody mount a tmpfs";
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  const Outcome outcome = run_shell(
      "mkdir store && exec unshare -rm sh -c '\n"
      "mount -t tmpfs -o ro tmpfs store || exit 99\n"
      "\"$SENET\" run tiny.toml --runs store/runs'\n",
      folder.path());
  EXPECT_EQ(outcome.code, 1) << outcome.error;
  EXPECT_NE(outcome.error.find("store/runs"), std::string::npos) << outcome.error;
  EXPECT_NE(outcome.error.find("Read-only file system"), std::string::npos) << outcome.error;
}

TEST(Disk, AStoreThatIsAFileSaysSo) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  write_file(folder / "runs", "a file");
  const Outcome outcome = run_program(kRun, folder.path());
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.error.find("runs/"), std::string::npos) << outcome.error;
  EXPECT_NE(outcome.error.find("cannot make the folder: Not a directory"), std::string::npos) << outcome.error;
  EXPECT_EQ(slurp(folder / "runs"), "a file");
}

TEST(Parallel, TwoProcessesShareTheCellsAndTrainNothingTwice) {
  const TemporaryFolder folder;
  std::string two_budgets = testing::replaced(testing::tiny_experiment(), "[\"20%\"]", "[\"20%\", \"10%\"]");
  write_file(folder / "tiny.toml", two_budgets);
  fs::create_directories(folder / "a");
  fs::create_directories(folder / "b");
  const std::vector<std::string> run = {"run",    "../tiny.toml", "--threads", "2",
                                        "--runs", "../runs",      "--results", "../results"};
  Process first(run, folder / "a");
  ASSERT_TRUE(in_the_middle_of("teacher", folder.path(), first));
  first.signal(SIGSTOP);
  const Outcome status = run_program({"status", "../tiny.toml", "--runs", "../runs", "--json"}, folder / "c");
  EXPECT_NE(status.out.find("\"holder\": \"process "), std::string::npos) << status.out;
  Process waiting(run, folder / "b");
  testing::until_it_waits(waiting, folder / "b");
  first.signal(SIGCONT);
  const Outcome second = waiting.wait();
  EXPECT_EQ(second.code, 0) << second.error;
  EXPECT_NE(second.error.find("waiting: "), std::string::npos) << second.error;
  EXPECT_NE(second.error.find("process "), std::string::npos) << "who holds the lock: " << second.error;
  EXPECT_EQ(first.wait().code, 0);
  int masks = 0;
  for (const auto& entry : fs::directory_iterator(folder / "runs")) {
    if (entry.path().filename().string().rfind("mask-", 0) != 0) continue;
    ++masks;
    const std::string lines = slurp(entry.path() / "metrics.jsonl");
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3) << "three epochs, once";
  }
  EXPECT_EQ(masks, 2);
  EXPECT_TRUE(fs::exists(folder / "results/tiny/senet-20pct-s1.json"));
  EXPECT_TRUE(fs::exists(folder / "results/tiny/senet-10pct-s1.json"));
}

TEST(Parallel, AWaitingProcessStopsWhenAsked) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  fs::create_directories(folder / "b");
  Process first(kRun, folder.path());
  ASSERT_TRUE(in_the_middle_of("teacher", folder.path(), first));
  first.signal(SIGSTOP);
  Process second({"run", "../tiny.toml", "--threads", "2", "--runs", "../runs", "--results", "../results"},
                 folder / "b");
  testing::until_it_waits(second, folder / "b");
  second.signal(SIGTERM);
  EXPECT_EQ(second.wait().code, 130);
  first.signal(SIGCONT);
  EXPECT_EQ(first.wait().code, 0);
}

TEST(Clock, SetBackItChangesNothing) {
  const TemporaryFolder folder;
  ASSERT_NO_FATAL_FAILURE(kill_in("mask", folder.path()));
  const auto future = fs::file_time_type::clock::now() + std::chrono::hours(24 * 365 * 10);
  for (const auto& entry : fs::recursive_directory_iterator(folder / "runs")) fs::last_write_time(entry.path(), future);
  expect_goes_on_to_the_same_bits(folder.path());
}

TEST(NotFinite, ALossStopsTheRunNamesEpochAndStepAndKeepsTheLastCheckpoint) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  std::vector<std::string> steep = kRun;
  steep.insert(steep.end(), {"--set", "teacher.lr=1e30"});
  for (int i = 0; i < 2; ++i) {
    const Outcome outcome = run_program(steep, folder.path());
    EXPECT_EQ(outcome.code, 1);
    EXPECT_NE(outcome.error.find("epoch 0, step 1 "), std::string::npos) << outcome.error;
    EXPECT_NE(outcome.error.find("lr = 1e+30"), std::string::npos) << outcome.error;
    EXPECT_TRUE(fs::exists(phase_folder(folder.path(), "teacher") / "network.safetensors"));
    EXPECT_FALSE(fs::exists(folder / "results"));
  }
}

class UnsoundSensitivity : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(UnsoundSensitivity, StopsTheRunWithThePluginsName) {
  const auto& [plugin, message] = GetParam();
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  const Outcome outcome =
      run_program({"run", "tiny.toml", "--plugin-dir", std::string(SENET_TEST_UNSOUND_PLUGINS) + "/sensitivities",
                   "--set", "sensitivity.plugin=" + std::string(plugin), "--set", "teacher.epochs=1"},
                  folder.path());
  EXPECT_EQ(outcome.code, 2) << outcome.error;
  EXPECT_NE(outcome.error.find(plugin), std::string::npos) << outcome.error;
  EXPECT_NE(outcome.error.find(message), std::string::npos) << outcome.error;
  EXPECT_FALSE(fs::exists(folder / "results"));
}

INSTANTIATE_TEST_SUITE_P(Each, UnsoundSensitivity,
                         ::testing::Values(std::pair{"throws", "something inside the plugin"},
                                           std::pair{"throws_at_once", "not an exception"},
                                           std::pair{"not_a_number", "nan for ReLU site 3"},
                                           std::pair{"too_short", "gave 16 numbers, expected one for each of 17"}),
                         [](const auto& test) { return test.param.first; });

class UnsoundBaseline : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(UnsoundBaseline, IsRefusedByWhatItsNetworkEvaluates) {
  const auto& [plugin, message] = GetParam();
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", testing::tiny_experiment_of(std::string("[[cell]]\nmethod = \"") + plugin +
                                                               "\"\nbudgets = [\"20%\"]\nteacher.epochs = 1\n"));
  const Outcome outcome = run_program(
      {"run", "tiny.toml", "--plugin-dir", std::string(SENET_TEST_UNSOUND_PLUGINS) + "/baselines"}, folder.path());
  EXPECT_EQ(outcome.code, 1) << outcome.error;
  EXPECT_NE(outcome.error.find(std::string("baseline plugin '") + plugin + "'"), std::string::npos) << outcome.error;
  EXPECT_NE(outcome.error.find(message), std::string::npos) << outcome.error;
  EXPECT_FALSE(fs::exists(folder / "results"));
}

INSTANTIATE_TEST_SUITE_P(Each, UnsoundBaseline,
                         ::testing::Values(std::pair{"too_many",
                                                     "1088 ReLUs, counted by evaluating it, for a budget of 217"},
                                           std::pair{"unfrozen", "left an activation of its own at ReLU site 'relu'"},
                                           std::pair{"relu6", "'relu' is neither a ReLU nor the identity"},
                                           std::pair{"overflowing",
                                                     "training 'candidate' of phase 'overflowing': "
                                                     "gives logits that are not finite for 8 of 8 images"},
                                           std::pair{"nothing", "gave no network"}),
                         [](const auto& test) { return test.param.first; });

TEST(UnsoundPlan, IsRefusedBeforeAnythingIsTrainedWithThePluginsName) {
  for (const auto& [mistake, message] :
       {std::pair{"kind", "a step is of the kind 'snl'; expected 'mistaken' or 'mistaken_…'"},
        {"name", "a step is called 'mistaken', as another is"},
        {"body", "the step 'mistaken' has no body"},
        {"none", "gave no steps"},
        {"on", "step 'mistaken' stands on 'mistaken_search', which is no step before it"}}) {
    const TemporaryFolder folder;
    write_file(folder / "tiny.toml",
               testing::tiny_experiment_of("[[cell]]\nmethod = \"mistaken\"\nbudgets = [\"20%\"]\n"));
    const Outcome outcome =
        run_program({"run", "tiny.toml", "--plugin-dir", std::string(SENET_TEST_UNSOUND_PLUGINS) + "/planned", "--set",
                     "mistaken.mistake=" + std::string(mistake)},
                    folder.path());
    EXPECT_EQ(outcome.code, 2) << mistake << outcome.out << outcome.error;
    const std::string said = outcome.out + outcome.error;
    EXPECT_TRUE(testing::mentions(said, "baseline plugin 'mistaken'") && testing::mentions(said, message)) << said;
    EXPECT_EQ(testing::finished_phases(folder.path()).count("teacher"), 0u);
  }
}

TEST(DamagedData, IsNamedBeforeAnythingIsTrained) {
  const auto big_endian = [](uint32_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
    return bytes;
  };
  const auto images = [&](uint32_t count) {
    return big_endian(0x803) + big_endian(count) + big_endian(4) + big_endian(4) + std::string(count * 16, 'p');
  };
  const auto labels = [&](uint32_t count) { return big_endian(0x801) + big_endian(count) + std::string(count, '\1'); };
  const std::string experiment = testing::tiny_experiment_on("plugin = \"fashion_mnist\"\npath = \"data\"\n");

  const std::string name = "train-images-idx3-ubyte";
  for (const auto& [content, message] : std::vector<std::pair<std::string, const char*>>{
           {"", "ends within its header"},
           {images(40).substr(0, 200), "takes 640 bytes, but holds 184"},
           {images(40) + "x", "takes 640 bytes, but holds more"},
           {big_endian(0x803) + std::string(12, '\xff'), "at most 2147483648 bytes"},
           {std::string("\x1f\x8b\x08\0\0\0\0\0\0\3 not deflated", 23), "damaged gzip data"},
       }) {
    const TemporaryFolder folder;
    write_file(folder / "tiny.toml", experiment);
    write_file(folder / "data/train-labels-idx1-ubyte", labels(40));
    write_file(folder / "data/t10k-images-idx3-ubyte", images(8));
    write_file(folder / "data/t10k-labels-idx1-ubyte", labels(8));
    write_file(folder / ("data/" + name), content);
    const Outcome outcome = run_program(kRun, folder.path());
    EXPECT_EQ(outcome.code, 2) << outcome.error;
    EXPECT_NE(outcome.error.find(name), std::string::npos) << outcome.error;
    EXPECT_NE(outcome.error.find(message), std::string::npos) << outcome.error;
    EXPECT_FALSE(fs::exists(folder / "runs"));
    EXPECT_FALSE(fs::exists(folder / "results"));
  }
}

TEST(UnsoundModel, IsRefusedBeforeAnythingIsTrained) {
  for (const auto& [model, message] : {std::pair{"wrong_shape", "ReLU site 'relu'"}, {"wrong_logits", "[1, 3]"}}) {
    const TemporaryFolder folder;
    write_file(folder / "tiny.toml", testing::replaced(testing::tiny_experiment(), "plugin = \"resnet18\"\nwidth = 2",
                                                       "plugin = \"" + std::string(model) + "\""));
    const Outcome outcome = run_program(
        {"run", "tiny.toml", "--plugin-dir", std::string(SENET_TEST_UNSOUND_PLUGINS) + "/models"}, folder.path());
    EXPECT_EQ(outcome.code, 2) << outcome.error;
    EXPECT_NE(outcome.error.find(model), std::string::npos) << outcome.error;
    EXPECT_NE(outcome.error.find(message), std::string::npos) << outcome.error;
    EXPECT_FALSE(fs::exists(folder / "runs"));
  }
}

}  // namespace
}  // namespace senet
