#include <netinet/in.h>
#include <sys/socket.h>

#include <random>

#include "support/bits.h"

namespace senet::shards {
namespace {

using testing::Bits;
using testing::expect_same;
using testing::Outcome;
using testing::Process;
using testing::run_program;
using testing::TemporaryFolder;
using testing::tiny_experiment_of;
using testing::write_file;
namespace fs = std::filesystem;

const std::string kCells = R"([sensitivity]
epochs = 2
[mask]
epochs = 2
[finetune]
epochs = 2
[[cell]]
label = "senet"
budgets = ["10%"]
mask.update = "steps"
mask.update_steps = 2
[[cell]]
label = "two widths"
budgets = ["10%"]
mask.widths = [0.5, 1.0]
[[cell]]
label = "snl"
method = "snl"
budgets = ["10%"]
snl.lambda = 0.1
snl.search.epochs = 2
snl.finetune.epochs = 1
[[cell]]
label = "deepreduce"
method = "deepreduce"
budgets = ["10%"]
deepreduce.largest = 1
deepreduce.criticality.epochs = 1
deepreduce.candidates.epochs = 1
[[cell]]
label = "relupruner"
method = "relupruner"
budgets = ["10%"]
relupruner.search.epochs = 2
relupruner.fall_begin = 0
relupruner.interval = 2
relupruner.finetune.epochs = 1
[[cell]]
label = "snip"
method = "snip"
budgets = ["10%"]
snip.fall = "cosine"
snip.interval = 3
snip.search.epochs = 2
snip.finetune.epochs = 1
[[cell]]
label = "autorep"
method = "autorep"
budgets = ["10%"]
autorep.search.epochs = 2
[[cell]]
label = "coordinate descent"
method = "coordinate_descent"
budgets = ["5%"]
coordinate_descent.from = "snl"
coordinate_descent.from_budget = "10%"
coordinate_descent.set_size = 10
coordinate_descent.sets = 3
coordinate_descent.total_epochs = 2
coordinate_descent.finetune.epochs = 1
)";

std::string experiment(const std::string& training = "shards = 4\n") {
  std::string all = testing::replaced(tiny_experiment_of(kCells), "epochs = 8", "epochs = 2");
  all = testing::replaced(all, "checkpoint_seconds = 0", "checkpoint_seconds = 0.3");
  all.insert(all.find("[teacher]"), training);
  return all;
}

int free_port() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  socklen_t length = sizeof address;
  EXPECT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), length), 0);
  EXPECT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length), 0);
  ::close(listener);
  return ntohs(address.sin_port);
}

// The processes of one run, as torchrun or a shell starts them.
std::vector<std::unique_ptr<Process>> started(int processes, const fs::path& folder,
                                              const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"run", "tiny.toml"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  static std::vector<std::string> kept;  // putenv() keeps no copy
  std::vector<std::unique_ptr<Process>> all;
  const std::string port = "MASTER_PORT=" + std::to_string(free_port());
  for (int rank = 0; rank < processes; ++rank) {
    const fs::path output = folder / ("rank" + std::to_string(rank));
    fs::create_directories(output);
    std::vector<std::string> environment;
    if (processes > 1) {
      environment = {"RANK=" + std::to_string(rank), "WORLD_SIZE=" + std::to_string(processes), "MASTER_ADDR=127.0.0.1",
                     port};
    }
    std::vector<std::string> of_rank = arguments;
    for (const char* option : {"--runs", "--results"}) {
      of_rank.push_back(option);
      of_rank.push_back((folder / (option + 2)).string());
    }
    of_rank[1] = (folder / "tiny.toml").string();
    all.push_back(std::make_unique<Process>(of_rank, output, environment));
  }
  return all;
}

std::vector<Outcome> finished(const std::vector<std::unique_ptr<Process>>& processes) {
  std::vector<Outcome> outcomes;
  for (const auto& process : processes) outcomes.push_back(process->wait());
  return outcomes;
}

const TemporaryFolder& by_one_process() {
  static const TemporaryFolder folder;
  static const bool made = [] {
    write_file(folder / "tiny.toml", experiment());
    const Outcome outcome = finished(started(1, folder.path()))[0];
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    EXPECT_NE(outcome.error.find("4 shards of 1 thread, a process each: all started here"), std::string::npos)
        << outcome.error;
    return true;
  }();
  EXPECT_TRUE(made);
  return folder;
}

class Shards : public ::testing::TestWithParam<int> {};

TEST_P(Shards, GiveTheSameBitsByAnyNumberOfProcesses) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", experiment());
  for (const Outcome& outcome : finished(started(GetParam(), folder.path())))
    EXPECT_EQ(outcome.code, 0) << outcome.error;
  expect_same(Bits(folder.path()), Bits(by_one_process().path()));
}
INSTANTIATE_TEST_SUITE_P(ByProcesses, Shards, ::testing::Values(2, 4));

TEST(Shards, TrainWhatAWholeBatchTrains) {
  // One epoch of the teacher: the same sums in another order.
  const TemporaryFolder whole, cut;
  const std::string cells = "[[cell]]\nmethod = \"snip\"\nbudgets = [\"50%\"]\nsnip.finetune.epochs = 1\n";
  std::map<std::string, TensorMap> networks[2];
  for (const bool in_shards : {false, true}) {
    const fs::path& folder = (in_shards ? cut : whole).path();
    std::string all = testing::replaced(tiny_experiment_of(cells), "epochs = 8", "epochs = 1");
    if (in_shards) all.insert(all.find("[teacher]"), "shards = 4\n");
    write_file(folder / "tiny.toml", all);
    const Outcome outcome = finished(started(1, folder))[0];
    ASSERT_EQ(outcome.code, 0) << outcome.error;
    for (const auto& [file, tensors] : Bits(folder).networks)
      if (file.find("runs/teacher-") == 0) networks[in_shards]["teacher"] = tensors;
  }
  ASSERT_EQ(networks[0].size(), 1u);
  for (const auto& [name, tensor] : networks[0].at("teacher")) {
    const torch::Tensor& other = networks[1].at("teacher").at(name);
    EXPECT_TRUE(torch::allclose(tensor.to(torch::kFloat64), other.to(torch::kFloat64), 1e-2, 1e-4)) << name;
  }
}

TEST(Shards, GoOnAfterAKillWithAnotherNumberOfProcesses) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", experiment());
  std::mt19937 random(7);
  for (const int processes : {2, 4, 1, 4}) {
    auto running = started(processes, folder.path());
    while (running[0]->running() && testing::slurp(folder / "rank0/stderr").find("    epoch ") == std::string::npos) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 2000));
    running[random() % processes]->signal(SIGKILL);
    const auto begun = std::chrono::steady_clock::now();
    for (const Outcome& outcome : finished(running)) EXPECT_NE(outcome.code, 2) << outcome.error;
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(60)) << "the others end";
  }
  for (const Outcome& outcome : finished(started(2, folder.path()))) EXPECT_EQ(outcome.code, 0) << outcome.error;
  expect_same(Bits(folder.path()), Bits(by_one_process().path()));
}

TEST(Shards, FollowTheTeacherOfASourceThatStandsBehindItsUser) {
  const TemporaryFolder folder;
  std::string all = testing::replaced(
      tiny_experiment_of("[sensitivity]\nplugin = \"uniform\"\n[mask]\nepochs = 1\n[finetune]\nepochs = 1\n"
                         "[[cell]]\nlabel = \"takes\"\nbudgets = [\"20%\"]\nmask.from = \"gives\"\n"
                         "mask.pixels = \"random\"\n"
                         "[[cell]]\nlabel = \"gives\"\nbudgets = [\"20%\"]\nteacher.epochs = 2\n"),
      "epochs = 8", "epochs = 1");
  all.insert(all.find("[teacher]"), "shards = 2\n");
  write_file(folder / "tiny.toml", all);
  const Outcome outcome = finished(started(1, folder.path()))[0];
  EXPECT_EQ(outcome.code, 0) << outcome.error;
}

TEST(Shards, StopTogetherWhenOneIsAsked) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", experiment());
  auto running = started(2, folder.path());
  EXPECT_TRUE(testing::in_the_middle_of("teacher", folder.path(), *running[0]));
  running[1]->signal(SIGTERM);
  const std::vector<Outcome> outcomes = finished(running);
  EXPECT_EQ(outcomes[0].code, 130) << outcomes[0].error;
  EXPECT_NE(outcomes[0].error.find("stopped after a checkpoint"), std::string::npos) << outcomes[0].error;
}

TEST(Shards, ThatCannotBeAreRefusedBeforeAnythingIsWritten) {
  const auto refused = [](const std::string& text, const std::vector<std::string>& more, const std::string& word,
                          int processes = 1) {
    const TemporaryFolder folder;
    write_file(folder / "tiny.toml", text);
    for (const Outcome& outcome : finished(started(processes, folder.path(), more))) {
      EXPECT_EQ(outcome.code, 2) << outcome.error;
      EXPECT_NE(outcome.error.find(word), std::string::npos) << outcome.error;
    }
    EXPECT_FALSE(fs::exists(folder / "runs"));
  };
  refused(experiment("shards = 3\n"), {}, "training.shards = 3; expected a power of two");
  refused(experiment(), {"--threads", "2"}, "each shard computes with training.shard_threads = 1");
  refused(experiment() + "training.shards = 2\n", {}, "differs between cells");
  refused(experiment("shards = 2\n"), {}, "started 4 processes, which do not divide training.shards = 2", 4);
}

TEST(Shards, DoNotCutWhatTheyCannot) {
  const TemporaryFolder folder;
  std::string all = testing::replaced(experiment(), "batch = 32", "batch = 50");
  write_file(folder / "tiny.toml", all);
  const Outcome outcome = finished(started(1, folder.path()))[0];
  EXPECT_EQ(outcome.code, 2) << outcome.error;
  EXPECT_NE(outcome.error.find("batches of 50 images cannot be cut into 4 equal shards"), std::string::npos)
      << outcome.error;
}

TEST(OneShard, LeavesProcessesThatSharePhases) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", tiny_experiment_of("[[cell]]\nmethod = \"snip\"\nbudgets = [\"50%\"]\n"
                                                      "snip.finetune.epochs = 1\n"));
  const std::vector<Outcome> outcomes = finished(started(2, folder.path(), {"--threads", "1"}));
  for (const Outcome& outcome : outcomes) {
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    EXPECT_NE(outcome.error.find("the processes share the phases of this run"), std::string::npos) << outcome.error;
  }
}

}  // namespace
}  // namespace senet::shards
