// scripts/gpu on a machine without a GPU: programs that stand in for the packed ones write down how they are called.
#include "support/bits.h"

namespace senet::gpu_script {
namespace {

using testing::mentions;
using testing::Outcome;
using testing::run_shell;
using testing::slurp;
using testing::TemporaryFolder;
using testing::write_file;
namespace fs = std::filesystem;

int count_of(const std::string& text, const std::string& words) {
  int count = 0;
  for (size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++count;
  return count;
}

// What `gpu pack` makes, in `package`, with a `senet` that says what it found and writes its calls into `calls`.
class Machine {
 public:
  explicit Machine(const std::string& run = "exit 0") : run_(run) { copy_package(); }

  void copy_package() const {
    fs::remove_all(folder / "package");
    fs::create_directories(folder / "package/bin");
    fs::copy(fs::path(SENET_TEST_SOURCE) / "scripts/gpu", folder / "package/gpu");
    program("package/bin/senet",
            "case $1 in doctor) echo '{\"findings\": [{\"what\": \"device\", \"found\": \"cuda, Model T\"}]}' ;;\n"
            "run) " +
                run_ + " ;; esac\n");
  }
  void program(const std::string& path, const std::string& script) const {
    write_file(folder / path, "#!/bin/sh\necho \"$0 $* LIBRARIES=$LD_LIBRARY_PATH\" >>'" + (folder / "calls").string() +
                                  "'\n" + script);
    fs::permissions(folder / path, fs::perms::owner_all);
  }
  Outcome run(const std::string& options, const std::string& environment = "") const {
    return run_shell(environment + " " + SENET_TEST_PYTHON + " package/gpu run " + options, folder.path());
  }
  std::string calls() const { return slurp(folder / "calls"); }

  TemporaryFolder folder;

 private:
  std::string run_;
};

TEST(ScriptGpu, UnpacksWithAPythonThatHasNoFiltersForArchives) {
  const Machine machine;
  write_file(machine.folder / "set/class/picture.png", "a picture");
  write_file(machine.folder / "sitecustomize.py",
             "import tarfile\n"
             "if hasattr(tarfile, 'data_filter'):\n"
             "    del tarfile.data_filter\n"
             "    original = tarfile.TarFile.extractall\n"
             "    tarfile.TarFile.extractall = lambda self, path='.', members=None, *, numeric_owner=False: \\\n"
             "        original(self, path, members, numeric_owner=numeric_owner)\n");
  run_shell("tar cf set.tar set", machine.folder.path());
  const Outcome outcome =
      machine.run("out --steps experiments --experiment x.toml --unpack set.tar --device cpu --work w --python false",
                  "PYTHONPATH=.");
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_EQ(slurp(machine.folder / "w/data/set/class/picture.png"), "a picture") << outcome.error;
}

TEST(ScriptGpu, SaysFirstWhatIsThereAndEndsWhereThereIsNoDevice) {
  const Machine machine;
  const std::string options = "out --steps tests experiments --experiment x.toml --python false";
  const Outcome found = machine.run(options);
  EXPECT_EQ(found.code, 0) << found.error;
  EXPECT_TRUE(mentions(found.out, "device: cuda, Model T")) << found.out;
  EXPECT_TRUE(mentions(slurp(machine.folder / "out/preflight.txt"), "device: cuda, Model T"));
  EXPECT_LT(machine.calls().find("doctor --json --device cuda"), machine.calls().find(" run "));

  machine.program("package/bin/senet", "echo 'senet: --device cuda: this LibTorch sees no GPU' >&2; exit 2");
  machine.program("package/bin/cuda_test", "exit 77");
  fs::remove(machine.folder / "calls");
  const Outcome none = machine.run(options);
  EXPECT_EQ(none.code, 1);
  EXPECT_TRUE(mentions(none.error,
                       "there is nothing to run on with --device cuda: senet: --device cuda: this LibTorch "
                       "sees no GPU"))
      << none.error;
  EXPECT_EQ(count_of(machine.calls(), "\n"), 1) << "nothing but the question: " << machine.calls();
}

TEST(ScriptGpu, KeepsTheLoadersPathBehindItsOwn) {
  const Machine machine;
  machine.program("python", "echo /site/torch/__init__.py; echo 2.11.0");
  const Outcome outcome = machine.run("out --steps experiments --experiment x.toml --python ./python",
                                      "LD_LIBRARY_PATH=/driver/lib64:/other");
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  const std::string expected =
      "LIBRARIES=" + (machine.folder / "package/lib").string() + ":/site/torch/lib:/driver/lib64:/other";
  EXPECT_GE(count_of(machine.calls(), expected), 2) << machine.calls();
}

TEST(ScriptGpu, GoesOnWhereItsFolderWasCopiedAnew) {
  const Machine machine;
  const std::string options = "out --steps experiments --experiment x.toml --python false";
  EXPECT_EQ(machine.run(options).code, 0);
  EXPECT_TRUE(fs::exists(machine.folder / "package.work/steps.json"));
  machine.copy_package();
  EXPECT_EQ(machine.run(options).code, 0);
  EXPECT_EQ(count_of(machine.calls(), "senet run "), 1) << machine.calls();
}

TEST(ScriptGpu, LetsProcessesShareTheGpuWhereTheServiceIsThere) {
  const Machine machine("echo \"PIPE=$CUDA_MPS_PIPE_DIRECTORY\" >>../calls; exit 0");
  const std::string options = "out --steps experiments --experiment x.toml --python /bin/false --shared";
  const Outcome alone = machine.run(options, "PATH=/nowhere");
  EXPECT_EQ(alone.code, 0) << alone.error;
  EXPECT_TRUE(mentions(alone.out, "nvidia-cuda-mps-control was not found")) << alone.out;
  EXPECT_TRUE(mentions(machine.calls(), "PIPE=\n")) << machine.calls();

  machine.program("tools/nvidia-cuda-mps-control",
                  "[ \"$1\" ] || cat >>'" + (machine.folder / "calls").string() + "'\n");
  const std::string path = "PATH=" + (machine.folder / "tools").string() + ":$PATH";
  const Outcome shared = machine.run(options + " --work again", path);
  EXPECT_EQ(shared.code, 0) << shared.error;
  const std::string calls = machine.calls();
  const size_t begun = calls.find("nvidia-cuda-mps-control -d"), run = calls.find("PIPE=/"),
               ended = calls.find("quit\n");
  EXPECT_LT(begun, run) << calls;
  EXPECT_LT(run, ended) << calls;
  EXPECT_NE(ended, std::string::npos) << calls;
}

TEST(ScriptGpu, ChecksOurKernelsAloneWithALimit) {
  const Machine machine;
  machine.program("package/bin/cuda_test", "exit 0");
  machine.program("tools/compute-sanitizer", "exit 0");
  EXPECT_EQ(
      machine.run("out --steps sanitizer --python false", "PATH=" + (machine.folder / "tools").string() + ":$PATH")
          .code,
      0);
  for (const char* tool : {"memcheck", "racecheck"}) {
    EXPECT_TRUE(mentions(machine.calls(), std::string("--tool ") + tool +
                                              " --error-exitcode 9 --kernel-regex "
                                              "kns=run_kernel "))
        << machine.calls();
  }
}

// A teacher of one tensor of 300,000 numbers that half precision does not hold exactly, and a network after it.
const char* const kTrains =
    "for phase in teacher-1 mask-2; do [ -e runs/$phase/record.json ] || { echo \"trains $phase\"; mkdir -p "
    "runs/$phase "
    "results/x; echo '{}' >runs/$phase/record.json; cp \"$WEIGHTS\" runs/$phase/network.safetensors; }; done";

void write_weights(const fs::path& file) {
  nlohmann::json header;
  header["w"] = {{"dtype", "F32"}, {"shape", {300000}}, {"data_offsets", {0, 1200000}}};
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  std::string content(8, '\0');
  const uint64_t length = text.size();
  std::memcpy(content.data(), &length, 8);
  content += text;
  std::mt19937 random(1);
  for (int i = 0; i < 300000; ++i) {
    const float value = 1e-4f * static_cast<float>(random() % 100000);
    content.append(reinterpret_cast<const char*>(&value), 4);
  }
  write_file(file, content);
}

TEST(ScriptGpu, AnotherMachineFindsTheTeacherAsItWas) {
  const Machine first(kTrains), second(kTrains);
  write_weights(first.folder / "weights");
  const std::string weights = "WEIGHTS=" + (first.folder / "weights").string();
  const std::string options = "out --steps experiments --experiment x.toml --python false";
  ASSERT_EQ(first.run(options, weights).code, 0);
  const std::string out = (first.folder / "out").string();
  const Outcome outcome =
      second.run("out --steps experiments --experiment y.toml --python false --from " + out, weights);
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  const std::string log = slurp(second.folder / "package.work/logs/experiment_y.txt");
  EXPECT_FALSE(mentions(log, "trains teacher-1")) << log;
  EXPECT_TRUE(mentions(log, "trains mask-2")) << "of which no more than a half is kept";
  EXPECT_EQ(slurp(second.folder / "package.work/runs/teacher-1/network.safetensors"), slurp(first.folder / "weights"));
  EXPECT_TRUE(fs::exists(second.folder / "package.work/half/mask-2.network.safetensors"));

  // Where there is no room for it, no record says that it is there.
  const Machine small(kTrains), after(kTrains);
  ASSERT_EQ(small.run("out --keep 0 --steps experiments --experiment x.toml --python false", weights).code, 0);
  const Outcome again = after.run(
      "out --steps experiments --experiment y.toml --python false --from " + (small.folder / "out").string(), weights);
  ASSERT_EQ(again.code, 0) << again.error;
  EXPECT_TRUE(mentions(slurp(after.folder / "package.work/logs/experiment_y.txt"), "trains teacher-1"));
}

// The program itself, on the CPU: packed, cut, received part by part, run; and on another machine gone on with.
TEST(ScriptGpu, RehearsesWhatAMachineThatTakesPartsWillSee) {
  const TemporaryFolder folder;
  const fs::path root = folder / "root", build = fs::path(SENET_TEST_PROGRAM).parent_path().parent_path();
  fs::create_directories(root / "scripts");
  for (const char* script : {"gpu", "bench", "time-authors"}) {
    fs::copy(fs::path(SENET_TEST_SOURCE) / "scripts" / script, root / "scripts" / script);
  }
  write_file(root / "experiments/tiny.toml", testing::tiny_experiment());
  fs::create_directories(root / "build/cuda/bin");
  fs::create_symlink(SENET_TEST_PROGRAM, root / "build/cuda/bin/senet");
  fs::create_symlink(SENET_TEST_PLUGINS, root / "build/cuda/bin/plugins");
  fs::create_symlink(build / "lib", root / "build/cuda/lib");
  write_file(folder / "set/word", "a word");
  const auto script = [&](const std::string& arguments) {
    return run_shell(SENET_TEST_PYTHON " root/scripts/gpu " + arguments, folder.path());
  };
  const Outcome packed = script("pack packed --add set --parts parts --part-size 1");
  ASSERT_EQ(packed.code, 0) << packed.error;
  EXPECT_TRUE(fs::exists(folder / "parts/2/gpu")) << packed.out;
  EXPECT_TRUE(mentions(packed.out, "parts/0: 1.0 MiB")) << packed.out;

  const std::string options =
      " -- --steps experiments --experiment experiments/tiny.toml --python false --minutes 5 "
      "--prepare 'cp $FOLDER/set/word .'";
  const Outcome first = script("rehearse parts one/package one/out" + options);
  ASSERT_EQ(first.code, 0) << first.out << first.error;
  EXPECT_TRUE(mentions(first.out, "device: cpu")) << first.out;
  EXPECT_TRUE(mentions(first.out, "experiment tiny: done")) << first.out;
  EXPECT_EQ(slurp(folder / "one/package.work/word"), "a word");

  write_file(folder / "other.toml", testing::tiny_experiment());
  const Outcome second = script("rehearse parts two/package two/out" + options + " --experiment " +
                                (folder / "other.toml").string() + " --from one/out");
  ASSERT_EQ(second.code, 0) << second.out << second.error;
  const std::string log = slurp(folder / "two/package.work/logs/experiment_other.txt");
  EXPECT_FALSE(mentions(log, "teacher epoch 1/")) << log;
  EXPECT_FALSE(mentions(log, "damage")) << log;

  write_file(folder / "precious/thesis.tex", "years");
  const Outcome over = run_shell(SENET_TEST_PYTHON " parts/0/gpu receive precious", folder.path());
  EXPECT_EQ(over.code, 1) << over.out;
  EXPECT_TRUE(mentions(over.error, "is not a folder that `gpu receive` made")) << over.error;
  EXPECT_EQ(slurp(folder / "precious/thesis.tex"), "years");

  write_file(folder / "set/word", "another");
  ASSERT_EQ(script("pack packed --add set --parts again --part-size 1").code, 0);
  const auto receive = [&](const std::string& part) {
    return run_shell(SENET_TEST_PYTHON " " + part + "/gpu receive mixed/package", folder.path()).out;
  };
  fs::create_directories(folder / "mixed");
  EXPECT_TRUE(mentions(receive("parts/1"), ": 1 of ")) << "the first part of a pack";
  EXPECT_TRUE(mentions(receive("again/0"), ": 1 of ")) << "a part of another pack is none of this one";
}

}  // namespace
}  // namespace senet::gpu_script
