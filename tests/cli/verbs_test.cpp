#include "storage/safetensors.h"
#include "support/program.h"

namespace senet {
namespace {

using nlohmann::json;
using testing::json_of;
using testing::Outcome;
using testing::TemporaryFolder;
using testing::write_file;

Outcome senet(const std::vector<std::string>& arguments) {
  static const TemporaryFolder folder;
  return testing::run_program(arguments, folder.path());
}

// One finished run that the tests below look at.
const TemporaryFolder& finished() {
  static const TemporaryFolder folder;
  static const bool made = [] {
    write_file(folder / "tiny.toml", testing::tiny_experiment());
    const Outcome outcome = testing::run_program({"run", "tiny.toml", "--threads", "2"}, folder.path());
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    EXPECT_NE(outcome.out.find("sensitivity.png"), std::string::npos) << outcome.out;
    return true;
  }();
  EXPECT_TRUE(made);
  return folder;
}
Outcome in_finished(const std::vector<std::string>& arguments) {
  return testing::run_program(arguments, finished().path());
}

TEST(Help, EveryVerbHasIt) {
  EXPECT_EQ(senet({"--help"}).code, 0);
  for (const char* verb :
       {"run",     "submit",   "status",  "gc",     "plugins", "options",    "data",        "inspect",
        "budget",  "evaluate", "export",  "import", "results", "compare",    "differences", "tables",
        "figures", "report",   "measure", "cost",   "doctor",  "completion", "manual"}) {
    const Outcome outcome = senet({verb, "--help"});
    EXPECT_EQ(outcome.code, 0) << verb;
    EXPECT_NE(outcome.out.find("Usage"), std::string::npos) << verb;
  }
}

TEST(Help, NamesEveryVerbUnderATopic) {
  const std::string help = senet({"--help"}).out;
  EXPECT_NE(help.find("Experiments:\n  run "), std::string::npos) << help;
  EXPECT_NE(help.find("Private inference:\n  measure "), std::string::npos) << help;
  EXPECT_EQ(help.find("Subcommands:"), std::string::npos) << "a verb without a topic: " << help;
}

TEST(Help, IsACompletionForBash) {
  const TemporaryFolder folder;
  const auto completed = [&](const std::string& line) {
    const Outcome outcome = testing::run_shell(
        "cat > complete.bash <<'END'\n. <(\"$SENET\" completion)\nread -ra COMP_WORDS <<<\"$1\"\n[ \"${1: -1}\" != ' ' "
        "] || "
        "COMP_WORDS+=('')\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_senet\necho \"${COMPREPLY[@]}\"\nEND\n"
        "SENET=\"$SENET\" bash complete.bash '" +
            line + "'",
        folder.path());
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    return outcome.out;
  };
  EXPECT_EQ(completed("senet ru"), "run\n");
  EXPECT_EQ(completed("senet data p"), "pack\n");
  EXPECT_EQ(completed("senet data pack --enc"), "--encoding\n");
  EXPECT_EQ(completed("senet run x.toml --set a=1 --dr"), "--dry-run\n");
  EXPECT_EQ(completed("senet run x"), "\n") << "then bash offers files";
}

TEST(Help, IsAManualOfEveryVerbAndOption) {
  const std::string page = senet({"manual"}).out;
  EXPECT_EQ(page.rfind(".TH SENET 1", 0), 0u);
  for (const char* words :
       {".SH NAME\nsenet \\- ", ".SH \"Experiments\"\n", ".SS senet run FILE\n", ".SS senet data pack\n",
        ".B \"\\-\\-dry\\-run\"\n", ".B \"\\-\\-plugin\\-dir DIR\"\n", ".SH \"EXIT STATUS\"\n"}) {
    EXPECT_NE(page.find(words), std::string::npos) << words;
  }
}

TEST(Usage, WrongWordsExitWith2AndTheNearestRightOne) {
  const auto check = [](const std::vector<std::string>& arguments, const char* hint) {
    const Outcome outcome = senet(arguments);
    EXPECT_EQ(outcome.code, 2) << hint;
    EXPECT_NE(outcome.error.find(hint), std::string::npos) << outcome.error;
    EXPECT_EQ(outcome.out, "");
  };
  check({"rnu", "x.toml"}, "did you mean 'run'?");
  check({"run", "x.toml", "--thread", "2"}, "did you mean '--threads'?");
  check({"run", "x.toml", "--device", "gpu"}, "--device");
  check({"run", "x.toml", "--threads", "0"}, "--threads");
  check({"run"}, "FILE");
  check({"export", "a", "b", "--limit", "5"}, "--limit: a file of safetensors has none; add --format stablehlo");
  check({"export", "a", "b", "--masking", "gather"}, "--masking: a file of safetensors has none");
  check({"run", "none.toml"}, "none.toml: no such file");
  check({"run", "."}, ".: is a folder; expected an experiment file (.toml)");
  check({"run", std::string(SENET_TEST_SOURCE) + "/experiments/small"}, "experiments/small/methods.toml, ");
  check({}, "subcommand");
  check({"inspect"}, "--model is missing");
  check({"inspect", "run", "--input", "3x32x32"}, "not both");
  check({"inspect", "--model", "resnet81", "--input", "3x32x32", "--classes", "10"}, "did you mean 'resnet18'?");
  check({"inspect", "--model", "resnet18", "--input", "3x32", "--classes", "10"}, "CxHxW");
  check({"inspect", "--model", "resnet18", "--input", "3x32x32", "--classes", "10", "--set", "model.wdth=3"},
        "did you mean 'model.width'?");
  check({"plugins", "prunin"}, "did you mean 'pruning'?");
  check({"plugins", "pruning", "--jsn"}, "senet plugins has no --jsn; did you mean '--json'?");
  check({"options", "maks"}, "did you mean 'mask'?");
  check({"plugins", "--plugin-dir", "nowhere"}, "nowhere");
  check({"plugins", "--plugin-dir", "."}, "--plugin-dir .: has no library (.so)");
  check({"plugins", "--plugin-dir", "not_built"}, "--plugin-dir not_built: no such folder; build the plugin");
}

TEST(Plugins, ListsKindsNamesAndOptionsFromTheDeclarations) {
  const json listed = json_of(senet({"plugins", "--json"}));
  std::set<std::string> names;
  for (const json& plugin : listed["plugins"])
    names.insert(plugin["kind"].get<std::string>() + "/" + plugin["name"].get<std::string>());
  for (const char* name : {"dataset/fashion_mnist", "dataset/synthetic", "model/resnet18", "sensitivity/listed",
                           "sensitivity/pruning", "sensitivity/uniform"}) {
    EXPECT_TRUE(names.count(name)) << name;
  }
  const json pruning = json_of(senet({"plugins", "pruning", "--json"}))["plugins"][0];
  EXPECT_EQ(pruning["options"][0]["name"], "density");
  EXPECT_EQ(pruning["options"][0]["default"], "0.1");
  for (const auto& [name, section] : std::map<std::string, std::string>{{"uniform", "sensitivity"}, {"snl", "snl"}}) {
    const Outcome shown = senet({"plugins", name});
    EXPECT_NE(shown.out.find("in the section [" + section + "]"), std::string::npos) << shown.out;
  }
}

TEST(NewPlugin, WritesFilesOfThatNameWhereNothingIs) {
  const TemporaryFolder folder;
  const json made =
      json_of(testing::run_program({"plugins", "new", "baseline", "gentle_cut", "a/b", "--json"}, folder.path()));
  std::set<std::string> files;
  for (const json& file : made["files"]) files.insert(file["file"]);
  EXPECT_EQ(files, (std::set<std::string>{"a/b/CMakeLists.txt", "a/b/gentle_cut.cpp", "a/b/gentle_cut.toml",
                                          "a/b/gentle_cut_test.cmake"}));
  for (const std::string& file : files) {
    const std::string content = testing::slurp(folder / file);
    EXPECT_EQ(content.find("my_baseline"), std::string::npos) << file;
    EXPECT_NE(content.find("gentle_cut"), std::string::npos) << file;
  }
  EXPECT_NE(testing::slurp(folder / "a/b/gentle_cut.cpp").find("class GentleCut final"), std::string::npos);
}

TEST(NewPlugin, ItsCommandsCanBePasted) {
  const TemporaryFolder folder;
  const Outcome made = testing::run_program({"plugins", "new", "baseline", "gentle_cut", "it's a/b"}, folder.path());
  ASSERT_EQ(made.code, 0) << made.error;
  EXPECT_NE(made.out.find("cmake -S 'it'\\''s a/b' -B 'it'\\''s a/b/build' -DCMAKE_PREFIX_PATH="), std::string::npos)
      << made.out;
  EXPECT_NE(made.out.find(" run 'it'\\''s a/b/gentle_cut.toml' --plugin-dir 'it'\\''s a/b/build'\n"), std::string::npos)
      << made.out;
}

TEST(NewPlugin, RefusesWhatCannotBecomeOneAndWritesNothing) {
  const TemporaryFolder folder;
  write_file(folder / "full/mine.txt", "kept");
  const auto refuse = [&](const std::vector<std::string>& words, const char* hint) {
    std::vector<std::string> arguments = {"plugins", "new"};
    arguments.insert(arguments.end(), words.begin(), words.end());
    const Outcome outcome = testing::run_program(arguments, folder.path());
    EXPECT_EQ(outcome.code, 2) << hint;
    EXPECT_NE(outcome.error.find(hint), std::string::npos) << outcome.error;
    EXPECT_FALSE(std::filesystem::exists(folder / "there"));
  };
  refuse({"basline", "x", "there"}, "did you mean 'baseline'?");
  refuse({"layer", "x", "there"}, "known: baseline, dataset, model, sensitivity");
  for (const char* name : {"my-method", "2nd", "a b", "../up", "_", ""})
    refuse({"baseline", name, "there"}, "C identifier");
  for (const char* name : {"senet", "mask", "test"}) refuse({"baseline", name, "there"}, "means something else");
  refuse({"baseline", "snl", "there"}, "there is a baseline 'snl' already");
  refuse({"baseline", "x", "full"}, "full: is there already");
  refuse({"baseline", "x"}, "DIR");
  refuse({"baseline", "x", "there", "--jsn"}, "did you mean '--json'?");
  EXPECT_EQ(testing::slurp(folder / "full/mine.txt"), "kept");
}

TEST(Inspect, GivesARowPerSite) {
  const json model =
      json_of(senet({"inspect", "--model", "resnet18", "--input", "3x32x32", "--classes", "10", "--json"}));
  EXPECT_EQ(model["relus"], 557056);
  EXPECT_EQ(model["parameters"], 11173962);
  ASSERT_EQ(model["sites"].size(), 17u);
  EXPECT_EQ(model["sites"][5], (json{{"name", "layer2.0.relu1"},
                                     {"shape", {128, 16, 16}},
                                     {"relus", 32768},
                                     {"stage", 2},
                                     {"conv", "layer2.0.conv1"}}));
  const json narrow = json_of(senet({"inspect", "--model", "resnet18", "--input", "3x32x32", "--classes", "10", "--set",
                                     "model.width=16", "--json"}));
  EXPECT_EQ(narrow["relus"], 557056 / 4);
}

TEST(Budget, SharesByProportionAndRefusesZeros) {
  const auto budget = [](const std::string& sensitivity, const std::string& count) {
    return senet({"budget", "--model", "resnet18", "--input", "3x32x32", "--classes", "100", "--sensitivity",
                  sensitivity, "--budget", count, "--json"});
  };
  std::string ones = "1", zeros = "0", doubled = "2";
  for (int i = 1; i < 17; ++i) ones += ",1", zeros += ",0", doubled += ",2";
  const json even = json_of(budget(ones, "120000"));
  EXPECT_EQ(even["budget"], 120000);
  EXPECT_EQ(even["relus"], 557056);
  int64_t sum = 0;
  for (const json& site : even["sites"]) {
    EXPECT_FALSE(site.contains("counted")) << "there is no network yet";
    sum += site["allocated"].get<int64_t>();
    EXPECT_LE(site["allocated"], site["relus"]);
  }
  EXPECT_EQ(sum, 120000);
  EXPECT_EQ(json_of(budget(doubled, "120000"))["sites"], even["sites"]);
  for (const auto& [sensitivity, count] :
       std::vector<std::pair<std::string, std::string>>{{zeros, "10"},
                                                        {"1,2", "10"},
                                                        {ones, "0"},
                                                        {ones, "557057"},
                                                        {ones, "110%"},
                                                        {ones + ",x", "10"},
                                                        {"nan" + ones.substr(1), "10"}}) {
    EXPECT_EQ(budget(sensitivity, count).code, 2) << sensitivity << " " << count;
  }
}

TEST(Run, ItsResultMeetsTheBudgetExactlyAndCarriesItsEvidence) {
  const json result = json::parse(testing::slurp(finished() / "results/tiny/senet-20pct-s1.json"));
  const int64_t total = result["model"]["relus"], budget = total * 20 / 100;
  EXPECT_EQ(result["budget"]["relus"], budget);
  EXPECT_EQ(result["result"]["relus"], budget);
  int64_t counted = 0;
  for (const json& site : result["sites"]) {
    counted += site["counted"].get<int64_t>();
    EXPECT_EQ(site["counted"], site["allocated"]) << site["name"];
  }
  EXPECT_EQ(counted, budget);
  EXPECT_EQ(result["phases"].size(), 6u);
  EXPECT_EQ(result["settings"]["mask.epochs"], 3);
  EXPECT_EQ(result["environment"]["threads"], 2);
  for (const char* key : {"revision", "libtorch", "compiler", "cpu_capability", "device"})
    EXPECT_TRUE(result["environment"].contains(key)) << key;
  for (const json& phase : result["phases"]) {
    EXPECT_EQ(phase["environment"]["precision"], "float32") << phase;
    EXPECT_EQ(phase["environment"], result["environment"]) << phase;
    EXPECT_EQ(phase["versions"]["model plugin 'resnet18'"], 1) << phase;
  }
  EXPECT_FALSE(result["changes"].empty());
  EXPECT_GT(result["teacher"]["accuracy"].get<double>(), 0.5) << "four plane waves are easy";
}

TEST(Run, AFinishedExperimentTrainsNothingAndChangesNothing) {
  const std::string before = testing::slurp(finished() / "results/tiny/senet-20pct-s1.json");
  const Outcome again = in_finished({"run", "tiny.toml", "--threads", "2"});
  EXPECT_EQ(again.code, 0);
  EXPECT_EQ(again.error.find("epoch 1:"), std::string::npos) << again.error;
  EXPECT_EQ(testing::slurp(finished() / "results/tiny/senet-20pct-s1.json"), before);
}

// What a run says of itself before its first phase.
std::string said_before_it_begins(const Outcome& outcome) {
  return outcome.error.substr(0, outcome.error.find("\ncell "));
}

TEST(Run, SaysWhatItIsBeforeItBegins) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml",
             testing::tiny_experiment() + "[[cell]]\nbudgets = [\"20%\", \"5%\"]\nsensitivity.plugin = \"uniform\"\n");
  const auto run = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = {"run", "tiny.toml", "--threads", "2", "--device", "cpu"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = testing::run_program(words, folder.path());
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    return outcome;
  };
  const Outcome first = run({});
  const std::string said = said_before_it_begins(first);
  for (const char* words : {"experiment tiny: 2 cells, 3 results",
                            "differs from the defaults in all cells:\n    [dataset] plugin = \"synthetic\"",
                            "[model] width = 2\n", "[teacher] epochs = 8, ",
                            "and in cell 'senet sensitivity.plugin=uniform':\n    [sensitivity] plugin = \"uniform\"\n",
                            "on cpu, 2 threads, float32", "phases to do: 1 teacher (", "2 sensitivity (", "3 mask (",
                            "3 finetune (", "at the rate measured now", "results go to results/tiny, phases to runs"}) {
    EXPECT_NE(said.find(words), std::string::npos) << words << " in " << said;
  }
  EXPECT_EQ(said.find("found finished"), std::string::npos) << said;
  const size_t table = first.out.find("ReLUs counted");
  EXPECT_NE(table, std::string::npos) << "it ends with the table";

  const std::string again = said_before_it_begins(run({"--set", "finetune.epochs=2"}));
  EXPECT_NE(again.find("found finished: 1 teacher, "), std::string::npos) << again;
  EXPECT_NE(again.find("phases to do: 3 finetune ("), std::string::npos) << again;
  EXPECT_NE(said_before_it_begins(run({})).find("phases to do: none"), std::string::npos);
}

TEST(Run, NamesItsTrainingsAndLinksThemForTensorBoard) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml",
             testing::tiny_experiment_of("[snl.search]\nepochs = 2\n[snl.finetune]\nepochs = 1\n[[cell]]\nmethod = "
                                         "\"snl\"\nlabel = \"SNL\"\nbudgets = [\"20%\"]\n"));
  const Outcome outcome = testing::run_program({"run", "tiny.toml", "--threads", "2"}, folder.path());
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  for (const char* line : {"\n    teacher epoch 1: loss", "search epoch 1: loss", "finetune epoch 1: loss"})
    EXPECT_NE(outcome.error.find(line), std::string::npos) << line << " in " << outcome.error;
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "runs/tensorboard/tiny/SNL-20pct-s1")) {
    names.insert(entry.path().filename().string());
    EXPECT_TRUE(std::filesystem::exists(entry.path() / "events.out.tfevents.0.senet")) << entry.path();
  }
  EXPECT_EQ(names.size(), 3u) << "teacher, search and fine-tuning; an evaluation trains nothing";
  EXPECT_EQ(names.count("teacher"), 1u);
}

TEST(ScriptToMlflow, WritesAResultAndItsMetricsAsMlflowKeepsRuns) {
  const TemporaryFolder folder;
  const Outcome outcome = testing::run_shell(SENET_TEST_PYTHON " '" SENET_TEST_SOURCE "/scripts/to-mlflow' '" +
                                                 (finished() / "results/tiny/senet-20pct-s1.json").string() +
                                                 "' --runs '" + (finished() / "runs").string() + "' --out mlruns",
                                             folder.path());
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  int runs = 0;
  for (const auto& experiment : std::filesystem::directory_iterator(folder / "mlruns")) {
    for (const auto& run : std::filesystem::directory_iterator(experiment.path())) {
      if (!run.is_directory()) continue;
      ++runs;
      EXPECT_EQ(testing::slurp(run.path() / "tags/mlflow.runName"), "senet-20pct-s1");
      EXPECT_EQ(testing::slurp(run.path() / "params/model.width"), "2");
      EXPECT_EQ(testing::slurp(run.path() / "metrics/relus"), "0 217.0 0\n");
      const std::string losses = testing::slurp(run.path() / "metrics/finetune/network/loss");
      EXPECT_EQ(std::count(losses.begin(), losses.end(), '\n'), 3) << losses;
      EXPECT_EQ(losses.substr(losses.rfind(' ')), " 2\n") << "the last of three epochs";
    }
  }
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(testing::run_shell(SENET_TEST_PYTHON " '" SENET_TEST_SOURCE "/scripts/to-mlflow'", folder.path()).code, 1)
      << "no file is named, and there is no result";
  std::filesystem::create_directories(folder / "results/deep");
  std::filesystem::copy(finished() / "results/tiny", folder / "results/deep/tiny");
  ASSERT_EQ(
      testing::run_shell(SENET_TEST_PYTHON " '" SENET_TEST_SOURCE "/scripts/to-mlflow' --out all", folder.path()).code,
      0);
  EXPECT_TRUE(std::filesystem::exists(folder / "all")) << "results however deep";
}

TEST(Run, EachPhaseNamesWhatItRanOnAndEveryProcessThatWorkedOnIt) {
  const TemporaryFolder folder;
  const std::filesystem::path runs = folder / "runs", file = folder / "results/tiny/senet-20pct-s1.json";
  std::filesystem::copy(finished() / "runs", runs, std::filesystem::copy_options::recursive);
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  // As if all of the fine-tuning but its end had been trained elsewhere, and the masks found by an earlier version.
  for (const auto& entry : std::filesystem::directory_iterator(runs)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind("finetune-", 0) == 0) {
      std::filesystem::remove(entry.path() / "record.json");
      json elsewhere = json::parse(testing::slurp(entry.path() / "environments.json"));
      elsewhere[0]["cpu_capability"] = "another";
      write_file(entry.path() / "environments.json", elsewhere.dump());
    }
    if (name.rfind("mask-", 0) == 0) {
      json record = json::parse(testing::slurp(entry.path() / "record.json"));
      record["kept"] = record["allocated"];
      record.erase("allocated");
      record["environment"]["threads"] = 7;
      write_file(entry.path() / "record.json", record.dump());
    }
  }
  ASSERT_EQ(testing::run_program({"run", "tiny.toml", "--threads", "2"}, folder.path()).code, 0);
  const json result = json::parse(testing::slurp(file));
  std::map<std::string, json> phases;
  for (const json& phase : result["phases"]) phases[phase["kind"]] = phase;
  EXPECT_EQ(phases["mask"]["environment"]["threads"], 7);
  EXPECT_EQ(phases["finetune"]["environment"]["threads"], 2);
  EXPECT_EQ(phases["finetune"]["earlier_environments"][0]["cpu_capability"], "another");
  EXPECT_FALSE(phases["teacher"].contains("earlier_environments"));
  for (const json& site : result["sites"])
    EXPECT_EQ(site["allocated"], site["counted"]) << "read from the older record";
}

TEST(Run, ASecondBudgetReusesTeacherAndSensitivity) {
  const TemporaryFolder copy;
  std::filesystem::copy(finished().path(), copy.path(), std::filesystem::copy_options::recursive);
  write_file(copy / "tiny.toml", testing::tiny_experiment() + "\n[[cell]]\nbudgets = [\"5%\"]\nlabel = \"more\"\n");
  const json status = json_of(testing::run_program({"status", "tiny.toml", "--json"}, copy.path()));
  std::map<std::string, std::string> states;
  for (const json& row : status["phases"]) {
    if (row["cell"] == "more") states[row["phase"]] = row["state"];
  }
  EXPECT_EQ(states["teacher"], "finished");
  EXPECT_EQ(states["sensitivity"], "finished");
  EXPECT_EQ(states["mask"], "not begun");
  const Outcome outcome = testing::run_program({"run", "tiny.toml", "--threads", "2"}, copy.path());
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_EQ(outcome.error.find("  teacher"), std::string::npos) << outcome.error;
  EXPECT_NE(outcome.error.find("  mask"), std::string::npos) << outcome.error;
}

TEST(InspectRun, AddsWhatIsCounted) {
  const json run = json_of(in_finished({"inspect", "tiny/senet-20pct", "--json"}));
  EXPECT_LT(run["counted"], run["relus"]);
  EXPECT_TRUE(run["sites"][0].contains("counted"));
  const Outcome ignored = in_finished({"inspect", "tiny/senet-20pct", "--set", "model.width=3"});
  EXPECT_EQ(ignored.code, 2);
  EXPECT_NE(ignored.error.find("not both"), std::string::npos) << ignored.error;
  const Outcome unknown = in_finished({"inspect", "nothing"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_NE(unknown.error.find("tiny/senet-20pct-s1"), std::string::npos) << unknown.error;
}

TEST(Evaluate, GivesTheResultsNumbersAndTheLogits) {
  const json result = json::parse(testing::slurp(finished() / "results/tiny/senet-20pct-s1.json"));
  const json whole =
      json_of(in_finished({"evaluate", "senet-20pct", "--json", "--threads", "2", "--logits", "logits.safetensors"}));
  EXPECT_EQ(whole["accuracy"], result["result"]["accuracy"]);
  EXPECT_EQ(whole["loss"], result["result"]["loss"]);
  EXPECT_EQ(whole["relus"], result["result"]["relus"]);
  const Safetensors file = load_safetensors(finished() / "logits.safetensors");
  EXPECT_EQ(file.tensors.at("logits").sizes(), (std::vector<int64_t>{64, 4}));
  EXPECT_DOUBLE_EQ(
      file.tensors.at("logits").argmax(1).eq(file.tensors.at("labels")).to(torch::kFloat64).mean().item<double>(),
      whole["accuracy"].get<double>());
  EXPECT_EQ(json_of(in_finished({"evaluate", "senet-20pct", "--limit", "10", "--split", "train", "--json"}))["images"],
            10);
  EXPECT_EQ(in_finished({"evaluate", "senet-20pct", "--runs", "elsewhere"}).code, 1);
}

TEST(Evaluate, ComputesAsTheRunDidWhateverThisMachineWouldChoose) {
  for (const std::string precision : {"float32", "bfloat16"}) {
    const TemporaryFolder folder;
    write_file(folder / "tiny.toml", testing::replaced(testing::tiny_experiment(), "float32", precision));
    ASSERT_EQ(testing::run_program({"run", "tiny.toml", "--threads", "2"}, folder.path()).code, 0);
    const auto file = folder / "results/tiny/senet-20pct-s1.json";
    json result = json::parse(testing::slurp(file));
    result["settings"]["training.precision"] = "auto";
    write_file(file, result.dump());
    const json again = json_of(testing::run_program({"evaluate", "tiny", "--threads", "2", "--json"}, folder.path()));
    EXPECT_EQ(again["loss"], result["result"]["loss"]) << precision;
  }
}

TEST(Status, ShowsEveryPhase) {
  const json status = json_of(in_finished({"status", "tiny.toml", "--json"}));
  EXPECT_EQ(status["phases"].size(), 6u);
  for (const json& row : status["phases"]) EXPECT_EQ(row["state"], "finished");
}

TEST(DryRun, ShowsEverySettingsOriginAndWhatIsLeftAndMakesNothing) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  const json plan = json_of(
      testing::run_program({"run", "tiny.toml", "--dry-run", "--json", "--set", "mask.epochs=5"}, folder.path()));
  const json& settings = plan["cells"][0]["settings"];
  EXPECT_EQ(settings["mask.epochs"], (json{{"value", 5}, {"origin", "--set mask.epochs=5"}}));
  EXPECT_EQ(settings["mask.kd_weight"]["origin"], "default");
  EXPECT_EQ(settings["teacher.epochs"]["value"], 8);
  EXPECT_EQ(settings["teacher.epochs"]["origin"].get<std::string>().rfind("tiny.toml:", 0), 0u);
  ASSERT_EQ(plan["phases"].size(), 6u);
  for (const json& phase : plan["phases"]) EXPECT_EQ(phase["state"], "not begun");
  EXPECT_EQ(plan["images"], 152 * (8 + 3 + 5 + 3)) << "160 images, of which 8 are held out";
  EXPECT_GT(plan["seconds"].get<double>(), 0);
  EXPECT_FALSE(std::filesystem::exists(folder / "runs"));
  EXPECT_FALSE(std::filesystem::exists(folder / "results"));
}

TEST(DryRun, ShowsOfAChoiceWhatItWouldRun) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", testing::replaced(testing::tiny_experiment(), "[\"20%\"]", "[\"20%\", \"10%\"]") +
                                       "[[cell]]\nlabel = \"longer\"\nbudgets = [\"20%\"]\nfinetune.epochs = 9\n");
  const auto planned = [&](const std::vector<std::string>& choice) {
    std::vector<std::string> words = {"run", "tiny.toml", "--dry-run", "--json"};
    words.insert(words.end(), choice.begin(), choice.end());
    return testing::run_program(words, folder.path());
  };
  const json longer = json_of(planned({"--cell", "longer"}));
  ASSERT_EQ(longer["cells"].size(), 1u);
  EXPECT_EQ(longer["cells"][0]["label"], "longer");
  EXPECT_EQ(longer["images"], 152 * (8 + 3 + 3 + 9));
  const json small = json_of(planned({"--budget", "10%"}));
  for (const json& phase : small["phases"]) EXPECT_EQ(phase["budget"], "10%");
  std::string mask;
  for (const json& phase : small["phases"]) {
    if (phase["phase"] == "mask") mask = phase["key"];
  }
  const json up_to_masks = json_of(planned({"--phase", mask}));
  EXPECT_EQ(up_to_masks["phases"].back()["phase"], "mask");
  EXPECT_EQ(up_to_masks["images"], 152 * (8 + 3 + 3));
  for (const std::vector<std::string>& nothing :
       {std::vector<std::string>{"--cell", "nosuch"}, {"--seed", "7"}, {"--phase", "nosuch"}})
    EXPECT_EQ(planned(nothing).code, 2) << nothing[0];
  const Outcome listed = testing::run_program({"run", "tiny.toml", "--list", "--phase", mask}, folder.path());
  EXPECT_EQ(listed.code, 2) << listed.out;
}

TEST(DryRun, NamesTheRevisionThatFinishedAPhaseAndCountsSharedPhasesOnce) {
  const json plan = json_of(in_finished({"run", "tiny.toml", "--dry-run", "--json", "--set", "mask.epochs=5"}));
  EXPECT_EQ(plan["phases"][0]["state"], "finished");
  EXPECT_NE(plan["phases"][0]["revision"], "");
  EXPECT_EQ(plan["images"], 152 * (5 + 3));
  const TemporaryFolder folder;
  std::string two = testing::replaced(testing::tiny_experiment(), "[\"20%\"]", "[\"20%\", \"10%\"]");
  write_file(folder / "tiny.toml", two);
  const json both = json_of(testing::run_program({"run", "tiny.toml", "--dry-run", "--json"}, folder.path()));
  EXPECT_EQ(both["images"], 152 * (8 + 3 + 2 * (3 + 3)));
  const Outcome shown = testing::run_program({"run", "tiny.toml", "--dry-run"}, folder.path());
  EXPECT_EQ(shown.code, 0);
  EXPECT_NE(shown.out.find("left to train: "), std::string::npos) << shown.out;
}

TEST(Compare, NamesWhatDiffersAndWhereTheRunsPart) {
  const TemporaryFolder folder;
  write_file(folder / "a.toml", testing::tiny_experiment());
  std::string other = testing::replaced(testing::tiny_experiment(), "\"tiny\"", "\"other\"");
  other = testing::replaced(other, "[finetune]\n", "[finetune]\npram = \"vector\"\n");
  write_file(folder / "b.toml", other);
  ASSERT_EQ(testing::run_program({"run", "a.toml"}, folder.path()).code, 0);
  ASSERT_EQ(testing::run_program({"run", "b.toml"}, folder.path()).code, 0);
  const json same = json_of(testing::run_program({"compare", "tiny/", "tiny/", "--json"}, folder.path()));
  EXPECT_TRUE(same["settings"].empty());
  EXPECT_TRUE(same["metrics"].empty());
  EXPECT_TRUE(same["part"].is_null()) << same["part"];
  const json differ = json_of(testing::run_program({"compare", "tiny/", "other/", "--json"}, folder.path()));
  ASSERT_EQ(differ["settings"].size(), 1u) << differ["settings"];
  EXPECT_EQ(differ["settings"][0], (json{{"name", "finetune.pram"}, {"a", "attention"}, {"b", "vector"}}));
  EXPECT_EQ(differ["part"]["phase"], "finetune");
  EXPECT_EQ(differ["part"]["epoch"], 0);
  for (const json& site : differ["sites"]) {
    EXPECT_EQ(site["a"], site["b"]);
    if (site["a"] != 0) {
      EXPECT_EQ(site["overlap"], 1.0) << "the masks come from one phase";
    }
  }
  EXPECT_EQ(testing::run_program({"compare", "tiny/", "nothing"}, folder.path()).code, 2);
  const json without_store = json_of(testing::run_program(
      {"compare", "tiny/", "other/", "--json", "--runs", (folder / "none").string()}, folder.path()));
  EXPECT_EQ(without_store["part"]["phase"], "finetune")
      << "the phases before it have one key: " << without_store["part"];
  const std::string file = (folder / "results/tiny").string();
  const json beside =
      json_of(testing::run_program({"compare", "senet-20pct-s1.json", "senet-20pct-s1.json", "--json"}, file));
  EXPECT_EQ(beside["a"], "tiny/senet-20pct-s1") << "a file's folder is its experiment, however the file is named";
  EXPECT_TRUE(beside["part"].is_null()) << "no store is needed to see that it is one run: " << beside["part"];
}

TEST(Doctor, SaysWhatThereIs) {
  const json report = json_of(senet({"doctor", "--json"}));
  std::set<std::string> topics;
  for (const json& finding : report["findings"]) {
    topics.insert(finding["what"].get<std::string>());
    EXPECT_EQ(finding["ok"].get<bool>(), finding["advice"] == "") << finding;
  }
  for (const char* topic :
       {"device", "CPU", "threads", "precision", "LibTorch", "BLAS", "runs", "private inference", "plugins"})
    EXPECT_TRUE(topics.count(topic)) << topic;
  const json refused =
      json_of(senet({"doctor", "--json", "--plugin-dir", std::string(SENET_TEST_UNSOUND_PLUGINS) + "/another_abi"}));
  EXPECT_EQ(refused["findings"].back()["what"], "refused");
  EXPECT_EQ(refused["findings"].back()["ok"], false);
}

TEST(GarbageCollection, KeepsWhatAResultNeedsAndWhatCanGoOn) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  ASSERT_EQ(testing::run_program({"run", "tiny.toml"}, folder.path()).code, 0);
  EXPECT_EQ(json_of(testing::run_program({"gc", "--json"}, folder.path()))["may_go"], 0);
  const std::vector<std::string> shorter = {"run", "tiny.toml", "--set", "finetune.epochs=1"};
  std::vector<std::string> elsewhere = shorter;
  elsewhere.insert(elsewhere.end(), {"--results", "elsewhere"});
  ASSERT_EQ(testing::run_program(elsewhere, folder.path()).code, 0);
  EXPECT_EQ(json_of(testing::run_program({"gc", "--json"}, folder.path()))["may_go"], 0)
      << "results in two folders stand on the store";
  ASSERT_EQ(testing::run_program(shorter, folder.path()).code, 0);
  std::filesystem::create_directories(folder / "runs/mine");
  write_file(folder / "runs/teacher-unfinished/inputs.json", "{\"kind\": \"teacher\", \"key\": \"x\"}");
  const json listed = json_of(testing::run_program({"gc", "--json"}, folder.path()));
  int may_go = 0;
  for (const json& phase : listed["phases"]) may_go += phase["may_go"].get<bool>();
  EXPECT_EQ(may_go, 2) << "the fine-tuning of the result that was replaced, and its evaluation: " << listed;
  EXPECT_EQ(testing::run_program({"gc", "--delete"}, folder.path()).code, 0);
  const json after = json_of(testing::run_program({"gc", "--json"}, folder.path()));
  EXPECT_EQ(after["may_go"], 0);
  EXPECT_EQ(after["phases"].size(), listed["phases"].size() - 2);
  EXPECT_TRUE(std::filesystem::exists(folder / "runs/mine"));
  EXPECT_TRUE(std::filesystem::exists(folder / "runs/teacher-unfinished"));
  const Outcome again = testing::run_program(shorter, folder.path());
  EXPECT_EQ(again.error.find("epoch 1:"), std::string::npos) << "nothing that was needed is gone: " << again.error;
}

TEST(Configuration, ErrorsStopBeforeAnythingIsMade) {
  const auto refuse = [](const std::string& toml, const std::vector<const char*>& words) {
    const TemporaryFolder folder;
    write_file(folder / "x.toml", toml);
    const Outcome outcome = testing::run_program({"run", "x.toml"}, folder.path());
    EXPECT_EQ(outcome.code, 2) << outcome.error;
    for (const char* word : words)
      EXPECT_NE(outcome.error.find(word), std::string::npos) << word << " in " << outcome.error;
    EXPECT_FALSE(std::filesystem::exists(folder / "runs"));
    EXPECT_FALSE(std::filesystem::exists(folder / "results"));
  };
  const std::string tiny = testing::tiny_experiment();
  const auto with = [&](const std::string& from, const std::string& to) { return testing::replaced(tiny, from, to); };
  refuse(with("[mask]\nepochs", "[mask]\nepoch"), {"x.toml:", "mask.epoch", "did you mean 'mask.epochs'?"});
  refuse(with("plugin = \"synthetic\"", "plugin = \"synthetics\""),
         {"x.toml:4:", "did you mean 'synthetic'?", "fashion_mnist"});
  refuse(with("[\"20%\"]", "[\"110%\"]"), {"x.toml:", "110%", "1196", "1088"});
  refuse(with("[\"20%\"]", "[0]"), {"'0'", "between 1 and"});
  refuse(with("[\"20%\"]", "[]"), {"no budgets"});
  refuse(with("[\"20%\"]", "[\"20%\", \"20%\"]"), {"two results"});
  refuse(with("name = \"tiny\"", "name = \"../up\""), {"x.toml:1:", "../up"});
  refuse(with("[[cell]]\nbudgets = [\"20%\"]", ""), {"[[cell]]"});
  refuse(with("[[cell]]\n", "[[cell]]\nmethod = \"snk\"\n"), {"x.toml:28:", "'snk'", "did you mean 'snl'?"});
  refuse(with("[sensitivity]\n", "[sensitivity]\nplugin = \"prunin\"\n"), {"x.toml:22:", "did you mean 'pruning'?"});
  refuse(with("[[cell]]\n", "[[cell]]\nsensitivity.plugin = \"uniform\"\nsensitivity.density = 0.2\n"),
         {"sensitivity.density"});
  refuse(with("seeds = [1]", "seeds = []"), {"at least one"});
  refuse(with("[[cell]]", "[[cells]]"), {"x.toml:27:3", "did you mean [[cell]]?"});
  refuse(with("[[cell]]", "[finetun]\n[[cell]]"), {"x.toml:27:2", "unknown section [finetun]"});
  refuse(with("plugin = \"synthetic\"", "plugin = \"cifar10\"\npath = \"~/images\""),
         {"x.toml:5:", "~ is not expanded"});
  refuse(tiny + "label = \"a|b\"\n[[cell]]\nlabel = \"a/b\"\nbudgets = [\"20%\"]\n",
         {"cells 'a|b' and 'a/b'", "a-b-20pct-s1.json", "differ in letters, digits"});
}

TEST(Results, AreCalledByLabelsInAnyScript) {
  const TemporaryFolder folder;
  write_file(folder / "x.toml",
             testing::tiny_experiment_of("[finetune]\nepochs = 1\n[mask]\nepochs = 1\n[sensitivity]\n"
                                         "plugin = \"uniform\"\n[[cell]]\nlabel = \"基线\"\n"
                                         "budgets = [\"20%\"]\n[[cell]]\nlabel = \"我们的方法\"\n"
                                         "budgets = [\"20%\"]\nfinetune.epochs = 2\n"));
  const Outcome outcome = testing::run_program({"run", "x.toml", "--threads", "2"}, folder.path());
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  for (const char* label : {"基线", "我们的方法"}) {
    EXPECT_TRUE(std::filesystem::exists(folder / ("results/tiny/" + std::string(label) + "-20pct-s1.json"))) << label;
  }
  EXPECT_EQ(testing::run_program({"inspect", "基线"}, folder.path()).code, 0);
}

}  // namespace
}  // namespace senet
