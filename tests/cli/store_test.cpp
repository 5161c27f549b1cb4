// The store of phases: what is in use, what may go, and files and disks that fail.

#include <fcntl.h>

#include "support/bits.h"

namespace senet {
namespace {

using nlohmann::json;
using testing::Bits;
using testing::expect_same;
using testing::json_of;
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

const std::string kPreload = "LD_PRELOAD=" SENET_TEST_SHIM;

// The tiny experiment, finished, in a folder of its own.
void finish_in(const fs::path& folder) {
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  const Outcome outcome = run_program(kRun, folder);
  ASSERT_EQ(outcome.code, 0) << outcome.error;
}

std::vector<std::string> with_plugin(const std::string& more = "") {
  std::vector<std::string> run = kRun;
  run.insert(run.end(), {"--plugin-dir", std::string(SENET_TEST_UNSOUND_PLUGINS) + "/trainings"});
  if (!more.empty()) run.insert(run.end(), {"--set", more});
  return run;
}
std::string experiment_of(const std::string& baseline) {
  return testing::tiny_experiment_of("[[cell]]\nmethod = \"" + baseline +
                                     "\"\nbudgets = [\"20%\"]\nteacher.epochs = 1\n");
}

TEST(Claims, AreOfAnExperimentAndOfItsResultsFolder) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml",
             testing::tiny_experiment_of("[sensitivity]\nplugin = \"uniform\"\n[mask]\nepochs = 1\n"
                                         "[finetune]\nepochs = 1\n[[cell]]\nbudgets = [\"20%\"]\n"));
  const auto run = [&](const std::string& results, const std::string& seeds) {
    std::vector<std::string> command = kRun;
    command.insert(command.end(), {"--results", results, "--set", "seeds=" + seeds, "--set", "teacher.epochs=1"});
    const Outcome outcome = run_program(command, folder.path());
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    return outcome.error;
  };
  run("first", "[1]");
  run("second", "[2]");
  const json garbage = json_of(run_program({"gc", "--delete", "--results", "second", "--json"}, folder.path()));
  EXPECT_EQ(garbage["may_go"], 0) << garbage.dump(1);
  EXPECT_NE(run("first", "[1]").find("every phase was finished before"), std::string::npos);
}

TEST(Claims, AStartJoinsWhatAnInterruptedRunClaimed) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", experiment_of("shares"));
  ASSERT_EQ(run_program(with_plugin(), folder.path(), {"SENET_TEST_STOP=two"}).code, 130);
  const fs::path one = phase_folder(folder.path(), "shares_training");
  ASSERT_EQ(run_program(with_plugin(), folder.path(), {"SENET_TEST_STOP=at_once"}).code, 9);
  const std::multiset<std::string> before = testing::finished_phases(folder.path());
  ASSERT_EQ(run_program({"gc", "--delete"}, folder.path()).code, 0);
  EXPECT_EQ(testing::finished_phases(folder.path()), before);
  EXPECT_TRUE(fs::exists(one));
  EXPECT_EQ(run_program(with_plugin(), folder.path()).code, 0);
  // What ends with all its results claims no more than they stand on.
  std::string claim;
  for (const auto& entry : fs::directory_iterator(folder / "runs/experiments")) {
    if (entry.path().extension() == ".json") claim = slurp(entry.path());
  }
  EXPECT_EQ(json::parse(claim)["keys"].size(), 7u) << claim;
  EXPECT_EQ(json::parse(claim)["results"], fs::weakly_canonical(folder / "results").string());
}

TEST(GarbageCollection, CountsAsNeededWhatItCannotRead) {
  const TemporaryFolder folder;
  finish_in(folder.path());
  fs::remove_all(folder / "runs/experiments");
  write_file(phase_folder(folder.path(), "teacher") / "inputs.json", "");
  write_file(phase_folder(folder.path(), "mask") / "inputs.json", std::string(200, '\0'));
  const json garbage = json_of(run_program({"gc", "--delete", "--json"}, folder.path()));
  EXPECT_EQ(garbage["may_go"], 0);
  int unreadable = 0;
  for (const json& phase : garbage["phases"]) unreadable += phase["state"] == "unreadable";
  EXPECT_EQ(unreadable, 2);
  EXPECT_EQ(testing::finished_phases(folder.path()).size(), 6u);
}

TEST(GarbageCollection, RemovesOldTemporaryFilesAndIsNotStoppedByThem) {
  const TemporaryFolder folder;
  finish_in(folder.path());
  const std::vector<fs::path> orphans = {folder / "runs/experiments/tiny.json.77.tmp",
                                         phase_folder(folder.path(), "mask") / "network.safetensors.77.tmp",
                                         folder / "results/tiny/senet-20pct-s1.json.77.tmp"};
  const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(48);
  for (const fs::path& orphan : orphans) {
    write_file(orphan, "[");
    fs::last_write_time(orphan, long_ago);
  }
  const json garbage = json_of(run_program({"gc", "--delete", "--json"}, folder.path()));
  EXPECT_EQ(garbage["temporary_files_removed"], 3);
  for (const fs::path& orphan : orphans) EXPECT_FALSE(fs::exists(orphan)) << orphan;
  EXPECT_EQ(testing::finished_phases(folder.path()).size(), 6u);
}

// Those that are there, and how many of them lead to a folder.
std::pair<int, int> links_of_tensorboard(const fs::path& folder) {
  std::pair<int, int> found = {0, 0};
  for (const auto& entry : fs::recursive_directory_iterator(folder / "runs/tensorboard")) {
    found.first += entry.is_symlink();
    found.second += entry.is_symlink() && fs::exists(entry.path());
  }
  return found;
}

TEST(GarbageCollection, RemovesTheLinksOfTensorBoardToWhatIsGone) {
  const TemporaryFolder folder;
  finish_in(folder.path());
  const auto all = links_of_tensorboard(folder.path());
  ASSERT_GT(all.first, 1);
  fs::remove_all(phase_folder(folder.path(), "mask"));
  write_file(folder / "runs/tensorboard/of_somebody.txt", "kept");
  ASSERT_EQ(run_program({"gc"}, folder.path()).code, 0);
  EXPECT_EQ(links_of_tensorboard(folder.path()), std::pair(all.first, all.second - 1)) << "without --delete";
  EXPECT_EQ(json_of(run_program({"gc", "--delete", "--json"}, folder.path()))["links_removed"], 1);
  EXPECT_EQ(links_of_tensorboard(folder.path()), std::pair(all.first - 1, all.second - 1));
  fs::remove_all(folder / "runs/experiments");
  fs::remove_all(folder / "results");
  ASSERT_EQ(run_program({"gc", "--delete"}, folder.path()).code, 0);
  EXPECT_FALSE(fs::exists(folder / "runs/tensorboard/tiny")) << "what is empty goes, too";
  EXPECT_TRUE(fs::exists(folder / "runs/tensorboard/of_somebody.txt"));
}

TEST(GarbageCollection, LeavesAPhaseThatSomebodyHasLocked) {
  const TemporaryFolder folder;
  finish_in(folder.path());
  fs::remove_all(folder / "runs/experiments");
  fs::remove_all(folder / "results");
  const fs::path teacher = phase_folder(folder.path(), "teacher");
  const int lock = open((teacher / "lock").c_str(), O_RDWR);
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  ASSERT_EQ(fcntl(lock, F_OFD_SETLK, &range), 0);
  EXPECT_EQ(run_program({"gc", "--delete"}, folder.path()).code, 0);
  EXPECT_TRUE(fs::exists(teacher / "record.json"));
  EXPECT_EQ(testing::finished_phases(folder.path()).size(), 1u) << "nothing needs the others";
  close(lock);
  EXPECT_EQ(run_program({"gc", "--delete"}, folder.path()).code, 0);
  EXPECT_EQ(testing::finished_phases(folder.path()).size(), 0u);
}

TEST(Locks, AFileSystemWithoutThemIsSaid) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  const Outcome outcome = run_program(kRun, folder.path(), {kPreload, "SENET_TEST_LOCK=" + std::to_string(ENOLCK)});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.error.find("cannot be locked: No locks available"), std::string::npos) << outcome.error;
  EXPECT_EQ(outcome.error.find("waiting"), std::string::npos) << outcome.error;
}

TEST(Reading, ThatFailsIsNoDamage) {
  const TemporaryFolder folder;
  finish_in(folder.path());
  const std::string teacher = phase_folder(folder.path(), "teacher").filename().string() + "/";
  for (const auto& [fault, said] : std::vector<std::pair<std::string, std::string>>{
           {text("SENET_TEST_OPEN=", EACCES, " ", teacher, "network.safetensors"), "Permission denied"},
           {text("SENET_TEST_READ=", EIO, " ", teacher, "network.safetensors"), "Input/output error"},
           {text("SENET_TEST_OPEN=", ESTALE, " ", teacher, "record.json"), "Stale file handle"}}) {
    const Outcome outcome = run_program(kRun, folder.path(), {kPreload, fault});
    EXPECT_EQ(outcome.code, 1) << outcome.error;
    EXPECT_NE(outcome.error.find(teacher), std::string::npos) << outcome.error;
    EXPECT_NE(outcome.error.find(said), std::string::npos) << outcome.error;
    EXPECT_EQ(outcome.error.find("set aside"), std::string::npos) << outcome.error;
  }
  const Outcome again = run_program(kRun, folder.path());
  EXPECT_NE(again.error.find("every phase was finished before"), std::string::npos) << again.error;
}

TEST(Reading, OfACheckpointThatFailsIsNoDamage) {
  const TemporaryFolder folder;
  ASSERT_NO_FATAL_FAILURE(testing::kill_in("mask", folder.path()));
  const fs::path mask = phase_folder(folder.path(), "mask");
  const std::string bytes = slurp(mask / "network.safetensors");
  const Outcome outcome =
      run_program(kRun, folder.path(),
                  {kPreload, text("SENET_TEST_READ=", EIO, " ", mask.filename().string(), "/network.safetensors")});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.error.find("network.safetensors: cannot read: Input/output error"), std::string::npos)
      << outcome.error;
  EXPECT_EQ(slurp(mask / "network.safetensors"), bytes);
  testing::expect_goes_on_to_the_same_bits(folder.path());
}

TEST(Log, ThatIsLostLeavesAGapAndNothingIsTrainedAgain) {
  const TemporaryFolder whole, stopped;
  const std::string experiment = experiment_of("swallows");
  write_file(whole / "tiny.toml", experiment);
  ASSERT_EQ(run_program(with_plugin(), whole.path()).code, 0);
  write_file(stopped / "tiny.toml", experiment);
  ASSERT_EQ(run_program(with_plugin(), stopped.path(), {"SENET_TEST_STOP=network_of_mine"}).code, 130);
  const Bits expected(whole.path());
  const json& sound = expected.results.begin()->second;
  for (const bool zeros : {false, true}) {
    const TemporaryFolder folder;
    fs::copy(stopped.path(), folder.path(), fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    const fs::path phase = phase_folder(folder.path(), "swallows");
    const std::string lines = slurp(phase / "metrics.jsonl");
    ASSERT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
    for (const char* log : {"metrics.jsonl", "events.out.tfevents.0.senet"}) {
      write_file(phase / log, zeros ? std::string(slurp(phase / log).size(), '\0') : "");
    }
    const Outcome outcome = run_program(with_plugin(), folder.path());
    ASSERT_EQ(outcome.code, 0) << outcome.error;
    EXPECT_EQ(outcome.error.find("damaged"), std::string::npos) << outcome.error;
    const Bits found(folder.path());
    const json& result = found.results.begin()->second;
    EXPECT_EQ(found.networks.size(), expected.networks.size());
    EXPECT_EQ(result["result"], sound["result"]);
    for (size_t i = 0; i < sound["phases"].size(); ++i) {
      EXPECT_EQ(result["phases"][i]["image_passes"], sound["phases"][i]["image_passes"]);
    }
    EXPECT_EQ(result["remarks"].back(),
              "swallows: the log lost 2 of the 4 epochs of training 'network_of_mine'; its curves lack them");
    const json curve = result["curves"]["network_of_mine"]["loss"];
    EXPECT_EQ(curve.size(), 4u);
    EXPECT_TRUE(curve[0].is_null() && curve[1].is_null());
    EXPECT_EQ(curve[3], sound["curves"]["network_of_mine"]["loss"][3]);
  }
}

TEST(Log, IsOnTheDiskBeforeTheCheckpointThatCountsIt) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", experiment_of("swallows"));
  ASSERT_EQ(run_program(with_plugin(), folder.path(), {kPreload, "SENET_TEST_FLUSHED=flushed"}).code, 0);
  std::istringstream paths(slurp(folder / "flushed"));
  int logs = 0, checkpoints_before_any = 0;
  for (std::string path; std::getline(paths, path);) {
    if (path.find("/swallows-") == std::string::npos) continue;
    if (path.find("metrics.jsonl") != std::string::npos) ++logs;
    if (path.find("network_of_mine.safetensors") != std::string::npos && logs == 0) ++checkpoints_before_any;
  }
  EXPECT_EQ(logs, 4) << "once an epoch";
  EXPECT_EQ(checkpoints_before_any, 4) << "those of the first epoch's five steps but the last";
}

TEST(Damage, OfOneTrainingOfTwoCountsNoEpochTwice) {
  const TemporaryFolder whole, folder;
  const std::string experiment = experiment_of("own_activation");
  write_file(whole / "tiny.toml", experiment);
  ASSERT_EQ(run_program(with_plugin(), whole.path()).code, 0);
  write_file(folder / "tiny.toml", experiment);
  ASSERT_EQ(run_program(with_plugin(), folder.path(), {"SENET_TEST_STOP=finetune"}).code, 130);
  const fs::path phase = phase_folder(folder.path(), "own_activation"), search = phase / "search.safetensors";
  std::string bytes = slurp(search);
  bytes[bytes.size() - 9] ^= 4;
  write_file(search, bytes);
  const Outcome outcome = run_program(with_plugin(), folder.path());
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_NE(outcome.error.find("damaged checkpoint: "), std::string::npos) << outcome.error;
  fs::remove(search.string() + ".damaged-1");
  expect_same(Bits(folder.path()), Bits(whole.path()));
  const std::string lines = slurp(phase / "metrics.jsonl");
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 8);
}

TEST(BeforeTraining, NamesAndFoldersThatCannotBeWrittenAreRefused) {
  const auto refused = [](const std::string& experiment, const std::string& results, const char* message) {
    const TemporaryFolder folder;
    write_file(folder / "tiny.toml", experiment);
    write_file(folder / "a_file", "x");
    std::vector<std::string> run = kRun;
    run.insert(run.end(), {"--results", results});
    const Outcome outcome = run_program(run, folder.path());
    EXPECT_EQ(outcome.code, 2) << outcome.error;
    EXPECT_NE(outcome.error.find(message), std::string::npos) << outcome.error;
    EXPECT_FALSE(fs::exists(folder / "runs")) << "nothing was trained";
  };
  refused(testing::tiny_experiment() + "label = \"" + std::string(236, 'l') + "\"\n", "results",
          "is too long for a file; give the cell a shorter label of its own");
  refused(testing::tiny_experiment(), "a_file", "a_file: is where results are to be written, and is no folder");
  std::string without =
      testing::replaced(testing::tiny_experiment_of("[[cell]]\nmethod = \"deepreduce\"\nbudgets = [\"30%\"]\n"),
                        "test_images", "holdout = 0\ntest_images");
  refused(without, "results", "none are held out; set dataset.holdout");
}

TEST(BeforeTraining, AReadOnlyResultsFolderIsRefused) {
  const TemporaryFolder folder;
  if (!testing::can_mount(folder.path())) GTEST_SKIP() << "this machine lets nobody mount a tmpfs";
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  const Outcome outcome = run_shell(
      "mkdir store && exec unshare -rm sh -c '\n"
      "mount -t tmpfs -o ro tmpfs store || exit 99\n"
      "\"$SENET\" run tiny.toml --results store/results'\n",
      folder.path());
  EXPECT_EQ(outcome.code, 2) << outcome.error;
  EXPECT_NE(outcome.error.find("store: results cannot be written there: Read-only file system"), std::string::npos)
      << outcome.error;
  EXPECT_FALSE(fs::exists(folder / "runs"));
}

int64_t bytes_read_by(const Process& process) {
  std::istringstream io(slurp(text("/proc/", process.pid(), "/io")));
  std::string name;
  int64_t count = 0;
  io >> name >> count;
  EXPECT_EQ(name, "rchar:");
  return count;
}

TEST(Waiting, ReadsNoFinishedPhaseAgainAndAsksNoMethodAgain) {
  const TemporaryFolder folder;
  std::string two_budgets = testing::replaced(experiment_of("swallows"), "[\"20%\"]", "[\"20%\", \"10%\"]");
  write_file(folder / "tiny.toml", two_budgets);
  const auto start = [&](const char* name) {
    fs::create_directories(folder / name);
    std::vector<std::string> run = with_plugin("swallows.shared=true");
    run[1] = "../tiny.toml";
    run.insert(run.end(), {"--runs", "../runs", "--results", "../results"});
    return Process(run, folder / name, {"SENET_TEST_CALLS=calls"});
  };
  Process first = start("first");
  ASSERT_TRUE(testing::in_the_middle_of("swallows_training", folder.path(), first));
  first.signal(SIGSTOP);
  Process second = start("second");
  testing::until_it_waits(second, folder / "second");
  const int64_t before = bytes_read_by(second);
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  EXPECT_LT(bytes_read_by(second) - before, 4096);
  first.signal(SIGCONT);
  const Outcome waited = second.wait();
  EXPECT_EQ(waited.code, 0) << waited.error;
  EXPECT_EQ(first.wait().code, 0);
  const std::string calls = slurp(folder / "second/calls");
  EXPECT_EQ(std::count(calls.begin(), calls.end(), '\n'), 2) << "once for each budget";
  EXPECT_EQ(Bits(folder.path()).results.size(), 2u);
}

}  // namespace
}  // namespace senet
