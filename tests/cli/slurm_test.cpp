// Jobs of a real Slurm: one node, started and ended by each test.
#include <thread>

#include "support/bits.h"

namespace senet {
namespace {

using testing::Bits;
using testing::expect_same;
using testing::Outcome;
using testing::phase_folder;
using testing::run_program;
using testing::run_shell;
using testing::TemporaryFolder;
using testing::write_file;
namespace fs = std::filesystem;

constexpr const char* kStart = R"(set -e
at=$PWD/slurm
host=$(hostname -s)
port=$((20000 + $$ % 20000))
mkdir -p $at/state $at/spool
chmod 700 $at
dd if=/dev/urandom bs=128 count=1 of=$at/munge.key 2>/dev/null
chmod 600 $at/munge.key
cat >$at/slurm.conf <<END
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$at/munge.sock,cred_expire=5
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SlurmctldPort=$port
SlurmdPort=$((port + 1))
StateSaveLocation=$at/state
SlurmdSpoolDir=$at/spool
SlurmctldPidFile=$at/slurmctld.pid
SlurmdPidFile=$at/slurmd.pid
SlurmctldLogFile=$at/slurmctld.log
SlurmdLogFile=$at/slurmd.log
MailProg=/bin/true
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=1,sched_interval=2,bf_interval=2
KillWait=10
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES State=UP MaxTime=INFINITE
END
echo CgroupPlugin=cgroup/v1 >$at/cgroup.conf
munged --force --socket=$at/munge.sock --key-file=$at/munge.key --pid-file=$at/munged.pid --log-file=$at/munged.log \
  --seed-file=$at/seed --num-threads=1
slurmctld -f $at/slurm.conf
slurmd -f $at/slurm.conf
for turn in $(seq 120); do
  SLURM_CONF=$at/slurm.conf sinfo --noheader --format=%T 2>/dev/null | grep -q idle && exit 0
  sleep 0.5
done
exit 1
)";

class Slurm : public ::testing::Test {
 protected:
  void SetUp() override {
    if (run_shell("command -v slurmctld slurmd munged sbatch", folder_.path()).code != 0)
      GTEST_SKIP() << "no Slurm is installed (Debian: apt install slurm-wlm munge)";
    if (geteuid() != 0) GTEST_SKIP() << "slurmd is started by root alone";
    const Outcome started = run_shell(kStart, folder_.path());
    if (started.code != 0) GTEST_SKIP() << "Slurm does not start here: " << started.error;
  }
  void TearDown() override {
    run_shell(
        "SLURM_CONF=$PWD/slurm/slurm.conf scancel --user=root\nsleep 1\n"
        "for daemon in slurmd slurmctld munged; do kill $(cat slurm/$daemon.pid); done; sleep 1",
        folder_.path());
  }
  Outcome shell(const std::string& script) const {
    return run_shell("export SLURM_CONF=$PWD/slurm/slurm.conf\n" + script, folder_.path());
  }
  Outcome submit(const std::string& experiment, const std::string& words = "") const {
    write_file(folder_ / "tiny.toml", experiment);
    return shell("\"$SENET\" submit tiny.toml --slurm " + words);
  }
  std::string queue() const { return shell("squeue --noheader --array --format='%i %T %r'").out; }
  // Whether no job is left after at most five minutes.
  bool is_done() const {
    for (int turn = 0; turn < 600; ++turn) {
      if (queue().empty()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
    return false;
  }
  bool begins(const std::string& kind) const {
    const std::string looks = "ls runs/" + kind + "-*/network.safetensors";
    for (int turn = 0; turn < 600; ++turn) {
      if (shell(looks).code == 0) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return false;
  }
  std::string logs() const { return shell("tail -n 5 runs/slurm/*.log slurm/slurmctld.log").out; }

  TemporaryFolder folder_;
};

// Two seeds at two budgets, and a cell that shares what the first trains.
std::string grid() {
  std::string experiment = testing::tiny_experiment_of(
      "[sensitivity]\nplugin = \"uniform\"\n[mask]\nepochs = 1\n[finetune]\nepochs = 1\n"
      "[[cell]]\nlabel = \"senet\"\nbudgets = [\"20%\", \"10%\"]\nteacher.epochs = 2\n"
      "[[cell]]\nlabel = \"longer\"\nbudgets = [\"20%\"]\nteacher.epochs = 2\nfinetune.epochs = 2\n");
  return testing::replaced(experiment, "seeds = [1]", "seeds = [1, 2]");
}

TEST_F(Slurm, RunsAGridToTheBitsOfOneProcess) {
  const TemporaryFolder whole;
  write_file(whole / "tiny.toml", grid());
  ASSERT_EQ(run_program({"run", "tiny.toml", "--threads", "1"}, whole.path()).code, 0);
  const Outcome submitted = submit(grid());
  ASSERT_EQ(submitted.code, 0) << submitted.error;
  ASSERT_TRUE(is_done()) << queue() << logs();
  expect_same(Bits(folder_.path()), Bits(whole.path()));
}

TEST_F(Slurm, ShardsAreTasksOfOneStepToTheBitsOfOneProcess) {
  const TemporaryFolder whole;
  write_file(whole / "tiny.toml", testing::tiny_experiment());
  ASSERT_EQ(run_program({"run", "tiny.toml", "--set", "training.shards=2"}, whole.path()).code, 0);
  const Outcome submitted = submit(testing::tiny_experiment(), "--shards 2");
  ASSERT_EQ(submitted.code, 0) << submitted.error;
  ASSERT_TRUE(is_done()) << queue() << logs();
  EXPECT_NE(shell("cat runs/slurm/*.log").out.find("2 shards of 1 thread, a process each: 2 started by srun"),
            std::string::npos)
      << logs();
  expect_same(Bits(folder_.path()), Bits(whole.path()));
}

TEST_F(Slurm, CancelsWhatWaitsForAJobThatFailed) {
  const Outcome submitted = submit(grid(), "--set mask.lr=1e30");
  ASSERT_EQ(submitted.code, 0) << submitted.error;
  ASSERT_TRUE(is_done()) << queue() << logs();
  const std::string status = shell("\"$SENET\" status tiny.toml --set mask.lr=1e30").out;
  EXPECT_NE(status.find("not done and not queued: it failed, or was cancelled with what it waited for"),
            std::string::npos)
      << status;
  EXPECT_NE(status.find("failed: mask of senet, budget 20%: the loss is"), std::string::npos) << status;
  EXPECT_FALSE(fs::exists(folder_ / "results/tiny"));
}

TEST_F(Slurm, AJobAtItsLimitIsQueuedAgainAndGoesOn) {
  const TemporaryFolder whole;
  std::string experiment = testing::replaced(testing::tiny_experiment(), "epochs = 8", "epochs = 60");
  write_file(whole / "tiny.toml", experiment);
  ASSERT_EQ(run_program({"run", "tiny.toml", "--threads", "1"}, whole.path()).code, 0);
  ASSERT_EQ(submit(experiment).code, 0);
  ASSERT_TRUE(begins("teacher")) << queue() << logs();
  EXPECT_NE(shell("\"$SENET\" status tiny.toml").out.find(", Slurm job "), std::string::npos);
  // As the limit of time does, which has minutes for its unit.
  ASSERT_EQ(shell("scancel --batch --signal=USR1 $(cut -f1 runs/slurm/tiny.jobs)").code, 0);
  for (int turn = 0; turn < 100 && queue().find("PENDING") == std::string::npos; ++turn)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_NE(queue().find("PENDING"), std::string::npos) << queue() << logs();
  EXPECT_FALSE(fs::exists(phase_folder(folder_.path(), "teacher") / "record.json"));
  ASSERT_TRUE(is_done()) << queue() << logs();
  expect_same(Bits(folder_.path()), Bits(whole.path()));
}

TEST_F(Slurm, ACancelledJobIsNotQueuedAgain) {
  std::string experiment = testing::replaced(testing::tiny_experiment(), "epochs = 8", "epochs = 2000");
  ASSERT_EQ(submit(experiment).code, 0);
  ASSERT_TRUE(begins("teacher")) << queue() << logs();
  ASSERT_EQ(shell("scancel $(cut -f1 runs/slurm/tiny.jobs)").code, 0);
  ASSERT_TRUE(is_done()) << queue() << logs();
  std::this_thread::sleep_for(std::chrono::seconds(5));
  EXPECT_EQ(queue(), "");
  EXPECT_TRUE(fs::exists(phase_folder(folder_.path(), "teacher") / "network.safetensors"));
  EXPECT_FALSE(fs::exists(folder_ / "results"));
}

}  // namespace
}  // namespace senet
