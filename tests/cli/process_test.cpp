// What the program is to the system and the system to it: limits, signals, threads, standard output, missing tools.
#include <sys/stat.h>

#include <thread>

#include "support/bits.h"

namespace senet {
namespace {

using nlohmann::json;
using testing::kRun;
using testing::mentions;
using testing::Outcome;
using testing::Process;
using testing::run_program;
using testing::run_shell;
using testing::slurp;
using testing::TemporaryFolder;
using testing::uninterrupted;
using testing::write_file;
namespace fs = std::filesystem;

// An experiment of one training, of an epoch, before a measure of sensitivity.
std::string one_epoch(const std::string& measure) {
  return testing::tiny_experiment_of("[sensitivity]\nplugin = \"" + measure +
                                     "\"\n[mask]\nepochs = 1\n[finetune]\nepochs = 1\n[[cell]]\nbudgets = [\"20%\"]\n"
                                     "teacher.epochs = 1\n");
}

const std::vector<std::string> kRunWithUnsound = {
    "run", "tiny.toml", "--threads", "2", "--plugin-dir", std::string(SENET_TEST_UNSOUND_PLUGINS) + "/process"};

// `senet run` on the finished phases of uninterrupted(), for its results and picture alone.
std::string finished_run(const std::string& results) {
  return "\"$SENET\" run '" + (uninterrupted() / "tiny.toml").string() + "' --threads 2 --runs '" +
         (uninterrupted() / "runs").string() + "' --results " + results;
}

TEST(StandardOutput, ThatCannotBeWrittenIsAFailureOfEveryVerb) {
  const TemporaryFolder folder;
  const std::string runs = " --runs '" + (uninterrupted() / "runs").string() + "'",
                    results = " --results '" + (uninterrupted() / "results").string() + "'",
                    file = " '" + (uninterrupted() / "tiny.toml").string() + "'";
  int verbs = 0;
  std::string script = "check() { \"$SENET\" \"$@\" >/dev/full 2>error; echo $? $(cat error); }\n";
  for (const std::string& words :
       std::vector<std::string>{"--help", "--version", "options", "inspect --model resnet18 --input 3x8x8 --classes 4",
                                "status" + file + runs + results, "run" + file + runs + " --results o --json",
                                "evaluate tiny --json" + runs + results}) {
    script += "check " + words + "\n";
    ++verbs;
  }
  std::istringstream lines(run_shell(script, folder.path()).out);
  int checked = 0;
  for (std::string line; std::getline(lines, line); ++checked) {
    EXPECT_EQ(line.rfind("1 ", 0), 0u) << line;
    EXPECT_TRUE(mentions(line, "cannot write to standard output: No space left on device")) << line;
  }
  EXPECT_EQ(checked, verbs);
  const Outcome closed = run_shell("\"$SENET\" options >&-", folder.path());
  EXPECT_EQ(closed.code, 1);
  EXPECT_TRUE(mentions(closed.error, "cannot write to standard output: Bad file descriptor")) << closed.error;
}

TEST(StandardOutput, IsTheProgramsAlone) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", one_epoch("prints"));
  std::vector<std::string> run = kRunWithUnsound;
  run.emplace_back("--json");
  const Outcome outcome = run_program(run, folder.path());
  EXPECT_EQ(testing::json_of(outcome)["results"].size(), 1u);
  EXPECT_TRUE(mentions(outcome.error, "a plugin was made")) << outcome.error;
  EXPECT_TRUE(mentions(outcome.error, "a plugin measures")) << outcome.error;
}

// An experiment on a data set that has no options.
std::string on_set(const std::string& dataset) {
  return "name = \"tiny\"\n[dataset]\nplugin = \"" + dataset +
         "\"\n[model]\nplugin = \"resnet18\"\n[sensitivity]\nplugin = \"uniform\"\n[[cell]]\nbudgets = [\"20%\"]\n";
}

TEST(Exit, CalledByAPluginIsAFailureThatNamesThePlugin) {
  for (const auto& [experiment, caller] : std::vector<std::pair<std::string, std::string>>{
           {one_epoch("exits"), "exit(0) was called within `senet run`, by sensitivity plugin 'exits'"},
           {one_epoch("quick_exits"), "quick_exit() was called within `senet run`, by sensitivity plugin"},
           {on_set("exiting_set"), "exit(0) was called within `senet run`, by dataset plugin 'exiting_set'"}}) {
    const TemporaryFolder folder;
    write_file(folder / "tiny.toml", experiment);
    const Outcome outcome = run_program(kRunWithUnsound, folder.path());
    EXPECT_EQ(outcome.code, 1);
    EXPECT_TRUE(mentions(outcome.error, caller)) << outcome.error;
    EXPECT_FALSE(fs::exists(folder / "results"));
  }
}

template <class Condition>
void wait_until(const Condition& condition, int seconds) {
  for (int i = 0; i < 100 * seconds && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

// Whether a process has a handler for SIGTERM.
bool handles_sigterm(const Process& process) {
  const std::string status = slurp("/proc/" + std::to_string(process.pid()) + "/status");
  const size_t found = status.find("SigCgt:");
  return found != std::string::npos && (std::stoull(status.substr(found + 7), nullptr, 16) >> (SIGTERM - 1) & 1) != 0;
}

TEST(Stop, BeforeTheFirstPhaseEndsAtOnceWith130) {
  const TemporaryFolder folder;
  const auto expect_stops = [](Process& process, int signal) {
    process.signal(signal);
    wait_until([&] { return !process.running(); }, 60);
    ASSERT_FALSE(process.running());
    const Outcome outcome = process.wait();
    EXPECT_EQ(outcome.code, 130);
    EXPECT_TRUE(mentions(outcome.error, "senet: stopped")) << outcome.error;
  };
  {
    ASSERT_EQ(mkfifo((folder / "waits.toml").c_str(), 0600), 0);
    Process reading({"run", "waits.toml"}, folder.path());
    wait_until([&] { return handles_sigterm(reading); }, 60);
    expect_stops(reading, SIGTERM);
  }
  write_file(folder / "tiny.toml", on_set("waiting_set"));
  Process loading(kRunWithUnsound, folder.path());
  wait_until([&] { return mentions(slurp(folder / "stderr"), "the set loads") || !loading.running(); }, 60);
  expect_stops(loading, SIGINT);
  EXPECT_FALSE(fs::exists(folder / "runs"));
}

TEST(Stop, ASecondSignalOfAnotherKindEndsWhatTheFirstCannot) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", one_epoch("spins"));
  Process process(kRunWithUnsound, folder.path());
  wait_until([&] { return mentions(slurp(folder / "stderr"), "  sensitivity") || !process.running(); }, 60);
  process.signal(SIGINT);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_TRUE(process.running());
  process.signal(SIGTERM);
  wait_until([&] { return !process.running(); }, 60);
  ASSERT_FALSE(process.running());
  EXPECT_EQ(process.wait().code, 128 + SIGTERM);
}

json finding(const std::string& what, const std::vector<std::string>& environment) {
  const TemporaryFolder folder;
  const json findings = testing::json_of(run_program({"doctor", "--json"}, folder.path(), environment))["findings"];
  for (const json& row : findings) {
    if (row["what"] == what) return row;
  }
  ADD_FAILURE() << "doctor says nothing of " << what;
  return {};
}

TEST(Threads, AreThoseThatTheProcessWasStartedWithWhereverOpenMPBindsThem) {
  const std::string processors = finding("threads", {})["found"];
  for (const char* variable : {"OMP_PROC_BIND=true", "OMP_PLACES=cores"})
    EXPECT_EQ(finding("threads", {variable})["found"], processors) << variable;
}

TEST(Precision, AutoIsNoneThatOneDnnIsHeldFrom) {
  if (!mentions(finding("CPU", {})["found"], "its oneDNN ")) GTEST_SKIP() << "this LibTorch hides its oneDNN";
  EXPECT_EQ(finding("precision", {"DNNL_MAX_CPU_ISA=AVX2"})["found"], "auto is float32");
}

// A run that is not at its end after a minute hangs.
Outcome run_within_a_minute(const fs::path& folder, const std::vector<std::string>& environment) {
  write_file(folder / "tiny.toml", one_epoch("uniform"));
  Process process(kRun, folder, environment);
  wait_until([&] { return !process.running(); }, 60);
  if (process.running()) {
    process.signal(SIGKILL);
    ADD_FAILURE() << "it hangs";
  }
  return process.wait();
}

json result_in(const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder / "results/tiny")) {
    if (entry.path().extension() == ".json") return json::parse(slurp(entry.path()));
  }
  return {};
}
json environment_of_the_result(const fs::path& folder) { return result_in(folder)["environment"]; }
int threads_of_the_result(const fs::path& folder) { return environment_of_the_result(folder)["threads"]; }

TEST(Instructions, OfOneDnnStandInTheResultAsTheyAreHeldTo) {
  const std::vector<std::string> held = {"DNNL_MAX_CPU_ISA=SSE41"};
  if (!mentions(finding("CPU", {})["found"], "its oneDNN ")) GTEST_SKIP() << "this LibTorch hides its oneDNN";
  EXPECT_TRUE(mentions(finding("CPU", held)["found"], "its oneDNN sse41"));
  const TemporaryFolder folder;
  EXPECT_EQ(run_within_a_minute(folder.path(), held).code, 0);
  EXPECT_EQ(environment_of_the_result(folder.path())["onednn_isa"], "sse41");
}

TEST(Threads, AreAsTheSchedulerSays) {
  const std::string task = finding("threads", {"SLURM_CPUS_PER_TASK=1", "OMP_NUM_THREADS=2"})["found"];
  EXPECT_EQ(task.rfind("1 of ", 0), 0u) << task;
  EXPECT_TRUE(mentions(task, "asked for by SLURM_CPUS_PER_TASK")) << task;
  const std::string openmp = finding("threads", {"OMP_NUM_THREADS=1,4"})["found"];
  EXPECT_EQ(openmp.rfind("1 of ", 0), 0u) << openmp;
  EXPECT_TRUE(mentions(openmp, "asked for by OMP_NUM_THREADS")) << openmp;
  EXPECT_TRUE(mentions(finding("device", {"CUDA_VISIBLE_DEVICES=3"})["found"], "CUDA_VISIBLE_DEVICES=3"));
  const TemporaryFolder folder;
  const Outcome wrong = run_program({"doctor"}, folder.path(), {"SLURM_CPUS_PER_TASK=many"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_TRUE(mentions(wrong.error, "SLURM_CPUS_PER_TASK=many; expected a number from 1 to 1024, of threads"))
      << wrong.error;
  write_file(folder / "tiny.toml", one_epoch("uniform"));
  const Outcome outcome =
      run_program({"run", "tiny.toml"}, folder.path(), {"SLURM_CPUS_PER_TASK=1", "CUDA_VISIBLE_DEVICES=3"});
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_EQ(environment_of_the_result(folder.path())["threads"], 1);
  EXPECT_EQ(environment_of_the_result(folder.path())["visible_devices"], "3");
}

// Processes that keep every processor busy while it lives.
class BusyMachine {
 public:
  BusyMachine() {
    for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i) {
      const pid_t pid = fork();
      if (pid == 0) {
        for (volatile unsigned turns = 0;;) ++turns;
      }
      busy_.push_back(pid);
    }
  }
  ~BusyMachine() {
    for (const pid_t pid : busy_) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
  }
  BusyMachine(const BusyMachine&) = delete;
  BusyMachine& operator=(const BusyMachine&) = delete;

 private:
  std::vector<pid_t> busy_;
};

TEST(Threads, AreFewerForAPhaseThatBeginsBesideBusyProcessesAndStayForOneThatHasBegun) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "there is one processor";
  const TemporaryFolder folder;
  ASSERT_NO_FATAL_FAILURE(testing::kill_in("mask", folder.path()));
  const BusyMachine busy;
  const Outcome outcome = run_program({"run", "tiny.toml"}, folder.path());
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_TRUE(mentions(outcome.error, "it goes on with 2 threads, as it began") ||
              std::thread::hardware_concurrency() == 2)
      << outcome.error;
  EXPECT_TRUE(mentions(outcome.error, "other processes keep processors busy: 1 thread until it ends")) << outcome.error;
  const json phases = result_in(folder.path())["phases"];
  for (const json& phase : phases) {
    if (phase["kind"] == "mask") {
      EXPECT_EQ(phase["environment"]["threads"], 2);
    }
    if (phase["kind"] == "finetune") {
      EXPECT_EQ(phase["environment"]["threads"], 1);
    }
  }
  EXPECT_EQ(run_program({"run", "tiny.toml", "--threads", "2", "--runs", "asked"}, folder.path()).code, 0);
  EXPECT_EQ(environment_of_the_result(folder.path())["threads"], 2) << "what is asked for stays";
}

TEST(Threads, AreNotFewerOnABusyMachine) {
  const TemporaryFolder folder;
  const Outcome outcome =
      run_within_a_minute(folder.path(), {"OMP_DYNAMIC=true", "LD_PRELOAD=" SENET_TEST_BUSY_MACHINE});
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_FALSE(mentions(outcome.error, "OpenMP gives")) << outcome.error;
  EXPECT_EQ(threads_of_the_result(folder.path()), 2);
}

TEST(Threads, FewerThanAskedForComputeAndAreSaid) {
  const TemporaryFolder folder;
  const Outcome outcome = run_within_a_minute(folder.path(), {"OMP_THREAD_LIMIT=1"});
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_TRUE(mentions(outcome.error, "OpenMP gives 1 of 2 threads (OMP_THREAD_LIMIT=1)")) << outcome.error;
  EXPECT_EQ(threads_of_the_result(folder.path()), 1);
  const json limited = finding("threads", {"OMP_THREAD_LIMIT=1"});
  if (std::thread::hardware_concurrency() < 2) return;
  EXPECT_EQ(limited["found"].get<std::string>().rfind("1 of ", 0), 0u) << limited;
  EXPECT_TRUE(mentions(limited["advice"], "OMP_THREAD_LIMIT=1")) << limited;
}

TEST(Memory, ThatIsLimitedTooFarIsAnErrorThatNamesTheLimit) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", one_epoch("uniform"));
  for (const char* kilobytes : {"700000", "1000000"}) {
    const Outcome outcome = run_shell(
        std::string("ulimit -v ") + kilobytes + " && exec timeout -s KILL 60 \"$SENET\" run tiny.toml --threads 2",
        folder.path());
    EXPECT_EQ(outcome.code, 1) << outcome.error;
    EXPECT_TRUE(mentions(outcome.error, std::string("ulimit -v ") + kilobytes)) << outcome.error;
  }
}

TEST(Memory, ThatIsTooSmallForAFileIsAnErrorThatNamesTheFile) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "results/tiny");
  const Outcome outcome = run_shell(
      "truncate -s 32G results/tiny/large.json && ulimit -v 4000000 && exec \"$SENET\" evaluate large", folder.path());
  EXPECT_EQ(outcome.code, 2) << outcome.error;
  EXPECT_TRUE(mentions(outcome.error, "results/tiny/large.json: cannot read: Cannot allocate memory")) << outcome.error;
}

TEST(OpenFiles, ThatAreLimitedTooFarAreAnErrorThatNamesTheFileAndLeaveWhatGoesOn) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", one_epoch("uniform"));
  for (const char* most : {"5", "6"}) {
    // Those of the one who starts the test are closed: which file the limit meets would depend on them.
    const Outcome outcome = run_shell(
        std::string("exec 3>&- 4>&- 5>&- 6>&- && ulimit -n ") + most + " && exec \"$SENET\" run tiny.toml --threads 2",
        folder.path());
    EXPECT_EQ(outcome.code, 1) << outcome.error;
    EXPECT_TRUE(mentions(outcome.error, "runs/")) << outcome.error;
    EXPECT_TRUE(mentions(outcome.error, ": Too many open files")) << outcome.error;
  }
  EXPECT_EQ(run_program({"run", "tiny.toml", "--threads", "2"}, folder.path()).code, 0);
}

TEST(FileSize, ThatIsLimitedIsAnErrorOfWriting) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", one_epoch("uniform"));
  const Outcome outcome = run_shell("ulimit -f 8 && exec \"$SENET\" run tiny.toml --threads 2", folder.path());
  EXPECT_EQ(outcome.code, 1) << outcome.error;
  EXPECT_TRUE(mentions(outcome.error, "File too large")) << outcome.error;
}

TEST(Picture, IsNoPartOfAResultWhereNothingCanDrawIt) {
  const TemporaryFolder folder;
  write_file(folder / "none.conf",
             "<?xml version=\"1.0\"?><!DOCTYPE fontconfig SYSTEM \"fonts.dtd\"><fontconfig></fontconfig>");
  for (const auto& [variable, missing] : std::vector<std::pair<std::string, std::string>>{
           {"PATH=/nowhere", "gnuplot, which draws, is not installed (Debian: apt install gnuplot-nox)"},
           {"FONTCONFIG_FILE=" + (folder / "none.conf").string(),
            "no font is installed for the letters of a picture (Debian: apt install fonts-dejavu-core)"}}) {
    const Outcome outcome = run_shell(
        variable + " && export " + variable.substr(0, variable.find('=')) + " && " + finished_run("o"), folder.path());
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    EXPECT_TRUE(mentions(outcome.out, "results:  o/tiny")) << outcome.out;
    EXPECT_FALSE(mentions(outcome.out, "picture")) << outcome.out;
    EXPECT_TRUE(mentions(outcome.error, "senet: no picture: " + missing + "\n")) << outcome.error;
    EXPECT_FALSE(fs::exists(folder / "o/tiny/sensitivity.png"));
    const std::string what = variable[0] == 'P' ? "gnuplot" : "font";
    const json found = finding(what, {variable});
    EXPECT_FALSE(found["ok"]);
    EXPECT_TRUE(mentions(found["advice"], missing)) << found;
  }
  fs::copy(fs::path(SENET_TEST_SOURCE) / "paper_figures", folder / "sources");
  fs::create_directories(folder / "experiments");
  fs::copy(fs::path(SENET_TEST_SOURCE) / "experiments/costs", folder / "experiments/costs");
  const Outcome report =
      run_program({"report", "--results", std::string(SENET_TEST_SOURCE) + "/results", "--sources", "sources"},
                  folder.path(), {"PATH=/nowhere"});
  EXPECT_EQ(report.code, 0) << report.error;
  EXPECT_TRUE(mentions(report.error, "gnuplot, which draws, is not installed")) << report.error;
  EXPECT_TRUE(mentions(slurp(folder / "report.html"), "<table")) << "tables stand without pictures";
}

TEST(Picture, ThatCannotBeWrittenIsAFailureBehindTheTableAndLeavesTheOldOne) {
  const TemporaryFolder folder;
  if (!testing::can_mount(folder.path())) GTEST_SKIP() << "this machine lets nobody mount a tmpfs";
  write_file(
      folder / "inner.sh",
      "mount -t tmpfs -o size=1m tmpfs full || exit 99\n" + finished_run("full/o") +
          " >first; echo \"first: $?\"\n"
          "echo '# changed' >>full/o/tiny/sensitivity.gp; cp full/o/tiny/sensitivity.* .\n"
          "head -c 1m /dev/zero >full/fill; truncate -s -16k full/fill\n" +
          finished_run("full/o") +
          " >second; echo \"full: $?\"\n"
          "for kind in gp svg pdf png; do cmp full/o/tiny/sensitivity.$kind sensitivity.$kind && echo same; done\n"
          "find full -name '*.tmp'\n"
          "mkdir full/tmp; head -c 1m /dev/zero >>full/fill\n"
          "TMPDIR=full/tmp " +
          finished_run("o") +
          " >third; echo \"scratch: $?\"\n"
          "\"$SENET\" data show --dataset synthetic --set dataset.train_images=64 --count 4 --out full/sheet.png; echo "
          "\"sheet: $?\"\n"
          "find o full -name '*.png'\n");
  const Outcome outcome = run_shell("mkdir full && exec unshare -rm sh inner.sh", folder.path());
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_EQ(outcome.out,
            "first: 0\nfull: 1\nsame\nsame\nsame\nsame\nscratch: 1\nsheet: 1\nfull/o/tiny/sensitivity.png\n")
      << outcome.error;
  for (const char* table : {"second", "third"}) {
    EXPECT_TRUE(mentions(slurp(folder / table), "results:  ")) << slurp(folder / table);
    EXPECT_FALSE(mentions(slurp(folder / table), "picture")) << slurp(folder / table);
  }
  EXPECT_TRUE(mentions(outcome.error, "senet: no picture: full/o/tiny/sensitivity.")) << outcome.error;
  EXPECT_TRUE(mentions(outcome.error, "full/sheet.png")) << outcome.error;
}

TEST(QuotedKey, WithADotIsAnErrorWithBothLines) {
  const TemporaryFolder folder;
  const std::string experiment = testing::tiny_experiment();
  const auto line_of = [](const std::string& toml, const std::string& words) {
    return "x.toml:" + std::to_string(1 + std::count(toml.begin(), toml.begin() + toml.find(words), '\n')) + ":";
  };
  const auto refused = [&](const std::string& toml, const std::vector<std::string>& words) {
    write_file(folder / "x.toml", toml);
    const Outcome outcome = run_program({"run", "x.toml", "--dry-run"}, folder.path());
    EXPECT_EQ(outcome.code, 2) << toml;
    for (const std::string& word : words) EXPECT_TRUE(mentions(outcome.error, word)) << word << ": " << outcome.error;
  };
  const std::string at_the_top = "\"mask.epochs\" = 3\n" + experiment;
  refused(at_the_top, {"x.toml:1:1", "mask.epochs is also set at " + line_of(at_the_top, "epochs = 3\n[finetune]")});
  const std::string in_a_cell = experiment + "mask.epochs = 1\n'mask.epochs' = 3\n";
  refused(in_a_cell,
          {line_of(in_a_cell, "'mask.epochs'") + "1", "also set at " + line_of(in_a_cell, "mask.epochs = 1")});
  refused("\"mask.widths\" = [1.0]\n" + experiment, {"x.toml:1:1", "a path has no quotes: mask.widths"});
  refused("[\"\"]\nname = \"other\"\n" + experiment.substr(experiment.find("[dataset]")), {"x.toml:1:2"});
}

TEST(Epochs, HaveABoundThatNoForecastOverflows) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  const Outcome refused =
      run_program({"run", "tiny.toml", "--dry-run", "--set", "teacher.epochs=9223372036854775807"}, folder.path());
  EXPECT_EQ(refused.code, 2) << refused.out;
  EXPECT_TRUE(mentions(refused.error, "expected an integer in [1, 1e+06]")) << refused.error;
  const json most = testing::json_of(
      run_program({"run", "tiny.toml", "--dry-run", "--json", "--set", "teacher.epochs=1000000"}, folder.path()));
  EXPECT_EQ(most["images"], 152 * (1000000 + 3 + 3 + 3));
  EXPECT_GT(most["seconds"], 0.0);
}

}  // namespace
}  // namespace senet
