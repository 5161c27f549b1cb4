// An experiment by several processes: tasks one by one, jobs at once, hosts that share a store, jobs of a cluster.
#include <cerrno>
#include <cstring>
#include <thread>

#include "cli/submit.h"
#include "storage/files.h"
#include "support/bits.h"

namespace senet {
namespace {

using nlohmann::json;
using testing::Bits;
using testing::expect_same;
using testing::in_the_middle_of;
using testing::json_of;
using testing::mentions;
using testing::Outcome;
using testing::phase_folder;
using testing::Process;
using testing::run_program;
using testing::run_shell;
using testing::slurp;
using testing::TemporaryFolder;
using testing::write_file;
namespace fs = std::filesystem;

// Two budgets of one cell that trains for a second, and a cell that shares its teacher.
std::string grid() {
  return testing::tiny_experiment_of(
      "[sensitivity]\nplugin = \"uniform\"\n[mask]\nepochs = 1\n[finetune]\nepochs = 1\n"
      "[[cell]]\nlabel = \"senet\"\nbudgets = [\"20%\", \"10%\"]\nteacher.epochs = 2\n"
      "[[cell]]\nlabel = \"longer\"\nbudgets = [\"20%\"]\nteacher.epochs = 2\nfinetune.epochs = 2\n");
}

std::vector<std::string> run_with(std::vector<std::string> words) {
  words.insert(words.begin(), {"run", "tiny.toml", "--threads", "1"});
  return words;
}

TEST(Tasks, AreListedWithTheOptionsThatChooseThem) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", grid());
  const Outcome listed = run_program({"run", "tiny.toml", "--list"}, folder.path());
  EXPECT_EQ(listed.code, 0) << listed.error;
  EXPECT_EQ(listed.out,
            "--cell 1 --budget 20% --seed 1\tsenet\n--cell 1 --budget 10% --seed 1\tsenet\n"
            "--cell 2 --budget 20% --seed 1\tlonger\n");
  const json tasks = json_of(run_program({"run", "tiny.toml", "--list", "--budget", "20%", "--json"}, folder.path()));
  EXPECT_EQ(tasks["tasks"].size(), 2u);
  EXPECT_EQ(tasks["tasks"][1]["label"], "longer");
  EXPECT_FALSE(fs::exists(folder / "runs"));
}

TEST(Tasks, OneByOneLeaveTheResultsOfAWholeRun) {
  const TemporaryFolder whole, folder;
  write_file(whole / "tiny.toml", grid());
  write_file(folder / "tiny.toml", grid());
  ASSERT_EQ(run_program(run_with({}), whole.path()).code, 0);
  const Outcome teacher = run_program(
      run_with({"--phase", phase_folder(whole.path(), "teacher").filename().string(), "--no-wait"}), folder.path());
  EXPECT_EQ(teacher.code, 0) << teacher.error;
  EXPECT_TRUE(fs::exists(phase_folder(folder.path(), "teacher") / "record.json"));
  EXPECT_FALSE(fs::exists(folder / "results"));
  const json status = json_of(run_program({"status", "tiny.toml", "--json"}, folder.path()));
  const std::string key = status["phases"][0]["key"];
  EXPECT_EQ(run_program(run_with({"--phase", key, "--no-wait"}), folder.path()).code, 0) << "by its key";
  const Outcome loop =
      run_shell("\"$SENET\" run tiny.toml --list | cut -f1 | xargs -L1 \"$SENET\" run tiny.toml --threads 1 --no-wait",
                folder.path());
  EXPECT_EQ(loop.code, 0) << loop.error;
  expect_same(Bits(folder.path()), Bits(whole.path()));
}

TEST(Tasks, ThatAreNoneAreAnErrorThatSaysWhatThereIs) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", grid());
  for (const auto& [words, said] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--cell", "3"}, "--cell 3: there is no such cell; the experiment has 1 (senet), 2 (longer)"},
           {{"--budget", "7%"}, "no task has budget 7%; cell senet has budgets 20%, 10% and seeds 1; cell longer"},
           {{"--cell", "longer", "--budget", "10%"}, "no task has budget 10%; cell longer has budgets 20%"},
           {{"--seed", "9"}, "no task has seed 9"},
           {{"--phase", "teacher-0"}, "--phase teacher-0: no task of this experiment has such a phase"}}) {
    const Outcome outcome = run_program(run_with(words), folder.path());
    EXPECT_EQ(outcome.code, 2) << outcome.error;
    EXPECT_TRUE(mentions(outcome.error, said)) << outcome.error;
  }
  EXPECT_FALSE(fs::exists(folder / "results"));
}

// Seconds of processor time that a process has used.
double processor_seconds(pid_t pid) {
  std::istringstream fields(slurp("/proc/" + std::to_string(pid) + "/stat"));
  std::string word;
  double ticks = 0;
  for (int field = 1; field <= 15 && fields >> word; ++field) {
    if (field >= 14) ticks += std::stod(word);
  }
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

TEST(Tasks, HeldElsewhereEndWith75OrWaitForNothing) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  for (const char* name : {"b", "c"}) fs::create_directories(folder / name);
  Process holder(run_with({}), folder.path());
  ASSERT_TRUE(in_the_middle_of("teacher", folder.path(), holder));
  holder.signal(SIGSTOP);
  std::vector<std::string> other = {"run",    "../tiny.toml", "--threads", "1",
                                    "--runs", "../runs",      "--results", "../results"};
  Process waiting(other, folder / "b");
  testing::until_it_waits(waiting, folder / "b");
  const double before = processor_seconds(waiting.pid());
  other.emplace_back("--no-wait");
  const Outcome held = run_program(other, folder / "c");
  EXPECT_EQ(held.code, 75) << held.error;
  EXPECT_TRUE(mentions(held.error,
                       "senet: not done: senet, budget 20%, seed 1: process " + std::to_string(holder.pid()) + " on "))
      << held.error;
  std::this_thread::sleep_for(std::chrono::seconds(3));
  EXPECT_LE(processor_seconds(waiting.pid()) - before, 0.05) << "of the three seconds and more that it waited";
  holder.signal(SIGCONT);
  EXPECT_EQ(holder.wait().code, 0);
  EXPECT_EQ(waiting.wait().code, 0);
}

TEST(Jobs, LeaveTheBitsOfOneProcessWithTheirNumberOfThreads) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "there is one processor to share";
  const TemporaryFolder whole, folder;
  write_file(whole / "tiny.toml", grid());
  write_file(folder / "tiny.toml", grid());
  ASSERT_EQ(run_program(run_with({}), whole.path()).code, 0);
  const Outcome jobs = run_program({"run", "tiny.toml", "--threads", "2", "--jobs", "2"}, folder.path());
  EXPECT_EQ(jobs.code, 0) << jobs.error;
  EXPECT_TRUE(mentions(jobs.error, "2 jobs of 1 thread each")) << jobs.error;
  for (const char* job : {"[1] ", "[2] "}) EXPECT_TRUE(mentions(jobs.error, job)) << jobs.error;
  EXPECT_TRUE(mentions(jobs.out, "longer")) << "the table has every task: " << jobs.out;
  expect_same(Bits(folder.path()), Bits(whole.path()));
}

TEST(Jobs, StopWithOneSignalAndGoOn) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  Process jobs({"run", "tiny.toml", "--threads", "2", "--jobs", "2"}, folder.path());
  ASSERT_TRUE(in_the_middle_of("teacher", folder.path(), jobs));
  jobs.signal(SIGINT);
  const Outcome stopped = jobs.wait();
  EXPECT_EQ(stopped.code, 130) << stopped.error;
  EXPECT_TRUE(mentions(stopped.error, "stopped with its jobs")) << stopped.error;
  EXPECT_FALSE(fs::exists(phase_folder(folder.path(), "teacher") / "record.json"));
  EXPECT_TRUE(fs::exists(phase_folder(folder.path(), "teacher") / "network.safetensors"));
  EXPECT_EQ(run_program({"run", "tiny.toml", "--threads", "1"}, folder.path()).code, 0);
}

TEST(Jobs, APhaseThatFailsInOneIsNotTriedByTheOthers) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", grid());
  const Outcome outcome =
      run_program({"run", "tiny.toml", "--threads", "2", "--jobs", "2", "--set", "mask.lr=1e30"}, folder.path());
  EXPECT_EQ(outcome.code, 1) << outcome.error;
  EXPECT_TRUE(mentions(outcome.error, "senet: 3 of 3 failed:")) << outcome.error;
  int masks = 0;
  for (size_t at = outcome.error.find("]   mask\n"); at != std::string::npos;
       at = outcome.error.find("]   mask\n", at + 1))
    ++masks;
  EXPECT_EQ(masks, 2) << "one a budget: " << outcome.error;
}

TEST(Jobs, MoreThanThereAreThreadsAreRefused) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", grid());
  const Outcome outcome = run_program({"run", "tiny.toml", "--threads", "2", "--jobs", "3"}, folder.path());
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(mentions(outcome.error, "--jobs 3: there are 2 threads to share")) << outcome.error;
}

const std::string kPreload = "LD_PRELOAD=" SENET_TEST_SHIM;

TEST(Locks, ThatAFileSystemCannotGiveAreAnErrorThatNamesIt) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", grid());
  for (const int error : {ENOLCK, ENOSYS, EOPNOTSUPP, EINTR}) {
    const Outcome outcome = run_program(run_with({}), folder.path(), {kPreload, text("SENET_TEST_LOCK=", error)});
    EXPECT_EQ(outcome.code, 1) << outcome.error;
    EXPECT_TRUE(mentions(outcome.error, text("cannot be locked: ", std::strerror(error), ", on "))) << outcome.error;
    EXPECT_TRUE(mentions(outcome.error, " at /")) << "the mount: " << outcome.error;
    EXPECT_TRUE(mentions(outcome.error, "give another folder with --runs")) << outcome.error;
    EXPECT_FALSE(mentions(outcome.error, "waiting")) << outcome.error;
  }
  const Outcome doctor = run_program({"doctor"}, folder.path(), {kPreload, text("SENET_TEST_LOCK=", ENOLCK)});
  EXPECT_TRUE(mentions(doctor.out, "look  locks: none, on ")) << doctor.out;
  EXPECT_TRUE(mentions(run_program({"doctor"}, folder.path()).out, "ok    locks: hold between processes, on "));
}

TEST(Locks, ThatAreInterruptedAreAskedForAgain) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", grid());
  const Outcome outcome = run_program(run_with({}), folder.path(), {kPreload, "SENET_TEST_INTERRUPTIONS=20"});
  EXPECT_EQ(outcome.code, 0) << outcome.error;
}

// The program on a host of its own (its names, processes and network), which sees no locks of this one.
Outcome on_another_host(const std::string& words, const fs::path& folder) {
  return run_shell("exec unshare -rmnupf --mount-proc sh -c 'hostname host-b && LD_PRELOAD=" SENET_TEST_SHIM
                   " SENET_TEST_LOCK=local exec \"$SENET\" " +
                       words + "'",
                   folder);
}

bool can_be_two_hosts(const fs::path& folder) {
  return run_shell("exec unshare -rmnupf --mount-proc hostname host-b", folder).code == 0;
}

void date_back(const fs::path& file) {
  fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::minutes(2));
}

TEST(TwoHosts, APhaseIsRefusedWhileItsHolderOnAnotherHostLives) {
  const TemporaryFolder folder;
  if (!can_be_two_hosts(folder.path())) GTEST_SKIP() << "this machine gives nobody a namespace of their own";
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  fs::create_directories(folder / "a");
  Process holder({"run", "../tiny.toml", "--threads", "1", "--runs", "../runs", "--results", "../results"},
                 folder / "a", {"SLURM_ARRAY_JOB_ID=7", "SLURM_ARRAY_TASK_ID=3"});
  ASSERT_TRUE(in_the_middle_of("teacher", folder.path(), holder));
  holder.signal(SIGSTOP);
  const std::string name = text("process ", holder.pid(), " on "), job = ", Slurm job 7_3";
  const Outcome refused = on_another_host("run tiny.toml --threads 1 --no-wait", folder.path());
  EXPECT_EQ(refused.code, 75) << refused.error;
  EXPECT_TRUE(mentions(refused.error, name) && mentions(refused.error, job)) << refused.error;
  const Outcome status = on_another_host("status tiny.toml", folder.path());
  EXPECT_TRUE(mentions(status.out, name) && mentions(status.out, job)) << status.out;
  const Outcome doctor = on_another_host("doctor", folder.path());
  EXPECT_TRUE(mentions(doctor.out, "with no lock that is seen here")) << doctor.out;
  EXPECT_TRUE(mentions(doctor.out, "look  locks: do not hold between processes, on ")) << doctor.out;
  holder.signal(SIGKILL);
  holder.wait();
  EXPECT_EQ(on_another_host("run tiny.toml --threads 1 --no-wait", folder.path()).code, 75) << "it may live";
  date_back(phase_folder(folder.path(), "teacher") / "lock");
  const Outcome taken = on_another_host("run tiny.toml --threads 1", folder.path());
  EXPECT_EQ(taken.code, 0) << taken.error;
  EXPECT_EQ(slurp(phase_folder(folder.path(), "teacher") / "lock"), "") << "who ended holds nothing";
  EXPECT_EQ(run_program({"run", "tiny.toml", "--threads", "1"}, folder.path()).code, 0);
}

TEST(TwoHosts, WhoseLocksAreNotSeenAreAFindingOfDoctor) {
  const TemporaryFolder folder;
  write_file(folder / "runs/teacher-1/lock", "process 5 on elsewhere\nelsewhere 12-34");
  const std::string found = run_program({"doctor"}, folder.path()).out;
  EXPECT_TRUE(mentions(found, "; process 5 on elsewhere has teacher-1, with no lock that is seen here")) << found;
  EXPECT_TRUE(mentions(found, "they do not hold between hosts")) << found;
  date_back(folder / "runs/teacher-1/lock");
  EXPECT_TRUE(mentions(run_program({"doctor"}, folder.path()).out, "ok    locks: hold between processes, on "));
}

TEST(TwoHosts, AHolderBeats) {
  const TemporaryFolder folder;
  const FileLock lock(folder / "lock");
  ASSERT_TRUE(lock.held());
  const Heartbeat heartbeat(lock);
  date_back(folder / "lock");
  const auto age = [&] { return fs::file_time_type::clock::now() - fs::last_write_time(folder / "lock"); };
  for (int tenths = 0; tenths < 150 && age() > std::chrono::minutes(1); ++tenths)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_LT(age(), std::chrono::minutes(1));
}

TEST(TwoHosts, TemporaryFilesHaveOtherNames) {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  const std::string one = temporary_name("file").string();
  EXPECT_NE(one, temporary_name("file").string());
  EXPECT_EQ(one.rfind("file." + std::string(host).substr(0, 20) + "-" + std::to_string(getpid()) + "-", 0), 0u) << one;
  EXPECT_TRUE(is_temporary(one));
}

TEST(StoreVersion, ThatIsLaterIsRefusedAndLeftAlone) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", grid());
  ASSERT_EQ(run_program(run_with({"--seed", "1", "--budget", "10%"}), folder.path()).code, 0);
  EXPECT_EQ(slurp(folder / "runs/version"), "1\n");
  write_file(folder / "runs/version", "2\n");
  for (const std::vector<std::string>& words :
       {run_with({}), {"status", "tiny.toml"}, {"gc", "--delete"}, {"evaluate", "tiny"}}) {
    const Outcome outcome = run_program(words, folder.path());
    EXPECT_EQ(outcome.code, 2) << words[0];
    EXPECT_TRUE(mentions(outcome.error, "is a store of version 2, and this program knows those up to 1"))
        << outcome.error;
  }
  EXPECT_EQ(slurp(folder / "runs/version"), "2\n");
}

// A cluster of one processor: sbatch runs each job of an array at once, one after the other, squeue has none left.
void make_cluster(const fs::path& folder) {
  write_file(folder / "cluster/sbatch", R"(#!/bin/sh
cd "$CLUSTER"
n=$(($(cat count 2>/dev/null || echo 100) + 1))
echo $n >count
echo "$@" >>calls
cat >script.$n
for word in "$@"; do
  case $word in --array=0-*) last=${word#--array=0-}; last=${last%%\%*} ;; esac
done
i=0
while [ $i -le $last ] && [ -z "$ONLY_QUEUE" ]; do
  SLURM_ARRAY_JOB_ID=$n SLURM_ARRAY_TASK_ID=$i SLURM_JOB_ID=$n$i SLURM_CPUS_PER_TASK=1 bash script.$n >log.$n.$i 2>&1
  echo "$n $i $?" >>ended
  i=$((i + 1))
done
echo "$n;cluster"
)");
  write_file(folder / "cluster/scontrol", "#!/bin/sh\n[ $1 = requeue ] && echo \"$@\" >>\"$CLUSTER/requeued\"\n");
  write_file(folder / "cluster/squeue", "#!/bin/sh\ncat \"$CLUSTER/queue\"\n");
  for (const char* program : {"sbatch", "scontrol", "squeue"})
    fs::permissions(folder / "cluster" / program, fs::perms::owner_all);
}

Outcome on_cluster(const std::string& script, const fs::path& folder) {
  return run_shell("export CLUSTER=\"$PWD/cluster\" PATH=\"$PWD/cluster:$PATH\"\n" + script, folder);
}

TEST(Submit, ArraysFollowTheGraphOfPhases) {
  const TemporaryFolder folder, whole;
  write_file(folder / "tiny.toml", grid());
  write_file(whole / "tiny.toml", grid());
  ASSERT_EQ(run_program(run_with({}), whole.path()).code, 0);
  make_cluster(folder.path());
  const Outcome submitted = on_cluster(
      "\"$SENET\" submit tiny.toml --slurm --partition short --time 1:00:00 --parallel 4 --gpus 1 "
      "--sbatch=--account=us",
      folder.path());
  EXPECT_EQ(submitted.code, 0) << submitted.error;
  const std::string ended = slurp(folder / "cluster/ended");
  EXPECT_EQ(ended, "101 0 0\n102 0 0\n103 0 0\n103 1 0\n104 0 0\n104 1 0\n") << submitted.error;
  expect_same(Bits(folder.path()), Bits(whole.path()));

  std::istringstream calls(slurp(folder / "cluster/calls"));
  std::vector<std::string> after;
  for (std::string call; std::getline(calls, call);) {
    for (const char* option : {"--partition=short", "--time=1:00:00", "--gpus=1", "--account=us", "--cpus-per-task=1",
                               "--requeue", "--signal=B:USR1@120", "%4"}) {
      EXPECT_TRUE(mentions(call, option)) << option << ": " << call;
    }
    const size_t at = call.find("--dependency=");
    after.push_back(at == std::string::npos ? "" : call.substr(at));
  }
  EXPECT_EQ(after, (std::vector<std::string>{"", "--dependency=afterok:101_0", "--dependency=afterok:102_0",
                                             "--dependency=afterok:103_0"}))
      << "teacher, sensitivity, the masks that two cells share beside the task of its own, the two cells";
  const Outcome again = on_cluster("\"$SENET\" submit tiny.toml --slurm", folder.path());
  EXPECT_TRUE(mentions(again.error, "every task has its result: nothing is submitted")) << again.error;
}

TEST(Submit, ACellMayStandBeforeTheOneThatItTakesFrom) {
  const TemporaryFolder folder, whole;
  const std::string experiment = testing::replaced(
      testing::tiny_experiment_of("[sensitivity]\nplugin = \"uniform\"\n[mask]\nepochs = 1\n[finetune]\nepochs = 1\n"
                                  "[[cell]]\nlabel = \"takes\"\nbudgets = [\"20%\"]\nmask.from = \"gives\"\n"
                                  "mask.pixels = \"random\"\n[[cell]]\nlabel = \"gives\"\nbudgets = [\"20%\"]\n"),
      "epochs = 8", "epochs = 1");
  for (const TemporaryFolder* at : {&folder, &whole}) write_file(*at / "tiny.toml", experiment);
  ASSERT_EQ(run_program(run_with({}), whole.path()).code, 0);
  make_cluster(folder.path());
  const Outcome submitted = on_cluster("\"$SENET\" submit tiny.toml --slurm", folder.path());
  EXPECT_EQ(submitted.code, 0) << submitted.error;
  EXPECT_FALSE(mentions(slurp(folder / "cluster/ended"), " 2\n")) << slurp(folder / "cluster/ended");
  expect_same(Bits(folder.path()), Bits(whole.path()));
}

TEST(Submit, RefusesAPrecisionThatEachMachineResolvesForItself) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", testing::replaced(testing::tiny_experiment(), "\"float32\"", "\"auto\""));
  const std::vector<std::string> submit = {"submit", "tiny.toml", "--slurm", "--print", "--device", "cuda"};
  const Outcome refused = run_program(submit, folder.path());
  EXPECT_EQ(refused.code, 2);
  EXPECT_TRUE(mentions(refused.error, "tiny.toml:") && mentions(refused.error, "training.precision is \"auto\""))
      << refused.error;
  write_file(folder / "tiny.toml", testing::replaced(testing::tiny_experiment(), "\"float32\"", "\"bfloat16\""));
  const Outcome printed = run_program(submit, folder.path());
  EXPECT_EQ(printed.code, 0) << "a machine without a GPU submits to those that have one: " << printed.error;
  EXPECT_TRUE(mentions(printed.out, "--device cuda")) << printed.out;
}

TEST(Submit, PrintedScriptsSubmitWhenTheyAreRun) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", grid());
  const Outcome printed = run_program({"submit", "tiny.toml", "--slurm", "--print"}, folder.path());
  ASSERT_EQ(printed.code, 0) << printed.error;
  EXPECT_TRUE(mentions(printed.out, "0) task=(--phase evaluation-")) << printed.out;
  EXPECT_TRUE(mentions(printed.out, "--cell 2 --budget 20% --seed 1) ;;  # longer, budget 20%, seed 1")) << printed.out;
  EXPECT_TRUE(mentions(printed.out, "--kill-on-invalid-dep=yes")) << printed.out;
  EXPECT_FALSE(fs::exists(folder / "runs/slurm"));
  make_cluster(folder.path());
  write_file(folder / "submit.sh", printed.out);
  const Outcome run = on_cluster("ONLY_QUEUE=yes bash submit.sh", folder.path());
  EXPECT_EQ(run.code, 0) << run.error;
  write_file(folder / "cluster/queue", "103_0 PENDING, Dependency\n");
  const Outcome status = on_cluster("\"$SENET\" status tiny.toml", folder.path());
  EXPECT_TRUE(mentions(status.out, "PENDING, Dependency")) << status.out;
  EXPECT_TRUE(mentions(status.out, "not done and not queued: it failed, or was cancelled")) << status.out;
  const Outcome without = run_program({"submit", "tiny.toml", "--slurm"}, folder.path(), {"PATH=/nowhere"});
  EXPECT_EQ(without.code, 2);
  EXPECT_TRUE(mentions(without.error, "sbatch is not here")) << without.error;
}

TEST(Submit, AJobAtItsLimitIsQueuedAgainAndACancelledOneIsNot) {
  for (const bool limit : {true, false}) {
    const TemporaryFolder folder;
    write_file(folder / "tiny.toml", testing::tiny_experiment());
    make_cluster(folder.path());
    ASSERT_EQ(
        on_cluster("ONLY_QUEUE=yes \"$SENET\" submit tiny.toml --slurm --set teacher.epochs=5000", folder.path()).code,
        0);
    const Outcome job = on_cluster(
        "SLURM_ARRAY_JOB_ID=101 SLURM_ARRAY_TASK_ID=0 setsid bash cluster/script.101 & job=$!\n"
        "until ls runs/teacher-*/network.safetensors 2>/dev/null; do sleep 0.1; done\n" +
            std::string(limit ? "kill -USR1 $job\n" : "kill -TERM -$job\n") + "wait $job; echo \"code $?\"",
        folder.path());
    EXPECT_TRUE(mentions(job.out, limit ? "code 130" : "code 1")) << job.out << job.error;
    EXPECT_EQ(slurp(folder / "cluster/requeued"), limit ? "requeue 101_0\n" : "") << job.error;
  }
}

TEST(Submit, ArraysAreCutAtTheClustersLimit) {
  SlurmSettings settings;
  settings.array_limit = 1001;
  const std::string script = slurm_script(std::vector<ClusterJob>(2500), settings);
  for (const char* array : {"--array=0-1000 ", "--array=0-497 "}) EXPECT_TRUE(mentions(script, array)) << array;
  EXPECT_FALSE(mentions(script, "job_3="));
}

}  // namespace
}  // namespace senet
