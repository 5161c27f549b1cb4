#include <set>

#include "support/bits.h"

namespace senet {
namespace {

using nlohmann::json;
using testing::json_of;
using testing::Outcome;
using testing::TemporaryFolder;
using testing::tiny_experiment_of;
using testing::write_file;
namespace fs = std::filesystem;

// Of 152 images an epoch.
TEST(CoordinateDescent, ForecastsAllOfItsFineTunings) {
  const TemporaryFolder folder;
  write_file(
      folder / "tiny.toml",
      tiny_experiment_of("[coordinate_descent]\nset_size = 20\ntotal_epochs = 11\nfinetune.epochs = 3\n[[cell]]\n"
                         "method = \"snl\"\nbudgets = [\"30%\"]\n[[cell]]\nmethod = \"coordinate_descent\"\n"
                         "budgets = [\"20%\"]\ncoordinate_descent.from = \"snl\"\n"
                         "coordinate_descent.from_budget = \"30%\"\n"));
  const auto planned = [&](const std::string& total) {
    return testing::run_program(
        {"run", "tiny.toml", "--dry-run", "--json", "--set", "coordinate_descent.total_epochs=" + total},
        folder.path());
  };
  const auto images = [&](const std::string& total) {
    const json plan = json_of(planned(total));
    for (const json& row : plan["phases"])
      if (row["phase"] == "coordinate_descent") return row["images"].get<int64_t>();
    return int64_t{-1};
  };
  EXPECT_EQ(images("9"), 9 * 152);
  EXPECT_EQ(images("0"), 3 * 152);
  for (const char* no_multiple : {"11", "2"}) {
    const Outcome refused = planned(no_multiple);
    EXPECT_EQ(refused.code, 2);
    EXPECT_NE(refused.out.find("expected a multiple of coordinate_descent.finetune.epochs, 3"), std::string::npos)
        << refused.out;
  }
}

// What only the plan and the model are needed for is refused before a teacher is trained.
TEST(APlan, IsRefusedWhereItCannotEnd) {
  const TemporaryFolder folder;
  const auto refusal = [&](const std::string& cells, const std::string& before = "") {
    write_file(folder / "tiny.toml", before + tiny_experiment_of(cells));
    const Outcome outcome = testing::run_program({"run", "tiny.toml", "--dry-run"}, folder.path());
    EXPECT_EQ(outcome.code, 2) << cells << outcome.out;
    return outcome.out + outcome.error;
  };
  const auto expect = [](const std::string& message, const std::string& part) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  const std::string snip = "[[cell]]\nmethod = \"snip\"\nbudgets = [\"20%\"]\n",
                    descent =
                        "[[cell]]\nmethod = \"snl\"\nbudgets = [\"20%\"]\n[[cell]]\nmethod = "
                        "\"coordinate_descent\"\nbudgets = [\"20%\"]\ncoordinate_descent.from = ";
  expect(refusal(descent + "\"snl\"\n"), "begins with a network of more ReLUs than its 217; name a larger budget");
  write_file(folder / "a.masks", "no network");
  expect(refusal(descent + "\"a.masks\"\n"), "'a.masks' has no such network");
  expect(refusal("[[cell]]\nmethod = \"coordinate_descent\"\nbudgets = [\"20%\"]\n"), "from is not set");
  expect(refusal(snip + "snip.linear_first = 17\n"), "linear_first = 17 leaves no ReLU site of 17");
  expect(refusal(snip + "snip.finetune.pram_stages = [2, 5]\n"),
         "names stage 5; the model announces the ends of [1, 2, 3, 4]");
  expect(refusal(snip + "snip.interval_final = 7\n"), "interval_final has no part");
  for (const char* idle : {"fall_power = 2", "fall_begin = 2", "fall_end = 0.5", "interval = 9"})
    expect(refusal(snip + "snip." + idle + "\n"), "has no part where fall = \"at_once\"");
  for (const char* idle : {"rank_images = 8", "rank_batch = 8"})
    expect(refusal(snip + "snip.fall = \"cosine\"\nsnip." + idle + "\n"), "has no part where fall = \"cosine\"");
  expect(refusal(snip + "snip.sensitivity.plugin = \"listed\"\nsnip.sensitivity.values = [1, 2]\n"),
         "has 2 numbers, the model 17 layers");
  expect(refusal("[[cell]]\nbudgets = [\"20%\"]\nsensitivity.plugin = \"listed\"\n"),
         "has 0 numbers, the model 17 layers");
  expect(refusal("[[cell]]\nbudgets = [\"20%\"]\nsensitivity.plugin = \"listed\"\n"
                 "sensitivity.values = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]\n"),
         "sensitivity.values are all 0");
  expect(refusal("[[cell]]\nbudgets = [\"20%\"]\nmask.pram = \"attention\"\nmask.pram_stages = [9]\n"),
         "mask.pram_stages names stage 9");
  // Its first block has ReLUs and no end that is compared.
  expect(refusal("[[cell]]\nbudgets = [\"20%\"]\nmodel.plugin = \"vgg16\"\nfinetune.pram_stages = [1]\n"),
         "names stage 1; the model announces the ends of [2, 3, 4, 5]");
  expect(refusal("[[cell]]\nbudgets = [\"20%\"]\nmask.pixels = \"random\"\n"),
         "mask.pixels has no part in masks that no mask.from gives");
  for (const char* name : {"published", "benchmarks", "measured"}) {
    std::string experiment = testing::replaced(testing::tiny_experiment(), "\"tiny\"", "\"" + std::string(name) + "\"");
    write_file(folder / "named.toml", experiment);
    const Outcome outcome = testing::run_program({"run", "named.toml", "--dry-run"}, folder.path());
    EXPECT_EQ(outcome.code, 2) << name;
    expect(outcome.error, "is that of a folder with no results");
  }
}

// Of the tiny ResNet18, 2·8·8·5 + 4·4·4·4 + 8·2·2·4 + 16·1·1·4 = 1088 ReLUs.
const std::string kDeepReduce =
    "[deepreduce]\ncandidates.epochs = 2\ncriticality.epochs = 1\n[[cell]]\nmethod = \"deepreduce\"\nbudgets = "
    "[\"30%\", 60]\n";

const TemporaryFolder& deepreduced() { return testing::uninterrupted(tiny_experiment_of(kDeepReduce)); }

json result_of(const std::string& name) {
  return json::parse(testing::slurp(deepreduced() / ("results/tiny/" + name + ".json")));
}

TEST(DeepReduce, EveryCandidateIsListedWithItsCountBeforeAnythingIsTrained) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", tiny_experiment_of(kDeepReduce));
  const json plan = json_of(testing::run_program({"run", "tiny.toml", "--dry-run", "--json"}, folder.path()));
  std::map<std::string, json> trainings;
  std::set<std::string> certain;
  double candidates = 0;
  for (const json& row : plan["phases"]) {
    if (row["budget"] != "30%") continue;
    if (row["phase"] == "deepreduce_training") certain.insert(row["step"]);
    if (row["phase"] != "deepreduce_criticality") continue;
    for (const json& training : row["trainings"]) {
      trainings[training["name"]] = training;
      EXPECT_EQ(training["state"], "not begun");
      EXPECT_EQ(training["epochs"], 2);
      EXPECT_LE(training["relus"], 326);
      candidates += training["likelihood"].get<double>();
    }
  }
  EXPECT_EQ(certain, (std::set<std::string>{"criticality-1", "criticality-2", "criticality-3", "criticality-4"}));
  // Thinned, the stem and half of each stage are left: 128 + (512 + 256 + 128 + 64) / 2 = 608; culling stages 1 and 2
  // leaves 128 + 64; one order in twelve culls these two first and in this order, another in the other.
  EXPECT_EQ(trainings["thinned_channels-0.5"]["relus"], 304);
  EXPECT_EQ(trainings["thinned_channels-0.5"]["likelihood"], 1);
  EXPECT_EQ(trainings["culled-1-2"]["relus"], 192);
  EXPECT_NEAR(trainings["culled-1-2"]["likelihood"].get<double>(), 1.0 / 6, 1e-12);
  EXPECT_EQ(trainings.count("thinned"), 0u) << "608 are over the budget";
  EXPECT_FALSE(fs::exists(folder / "runs"));
  // What is left: what is likely, each training once though two budgets want it.
  const double images = plan["images"].get<double>() / 152;
  EXPECT_GE(images, 8 + 4 * 1 + 2 * candidates - 1);
  EXPECT_LE(images, 8 + 4 * 1 + 2 * candidates + 1);
}

TEST(DeepReduce, BudgetsShareTheirTrainings) {
  const std::multiset<std::string> kinds = testing::finished_phases(deepreduced().path());
  const json large = result_of("deepreduce-30pct-s1"), small = result_of("deepreduce-60-s1");
  std::set<std::string> names;
  for (const json& candidate : large["candidates"]) names.insert(candidate["name"]);
  for (const json& candidate : small["candidates"]) {
    EXPECT_TRUE(names.count(candidate["name"])) << "what fits the smaller budget fits the larger";
  }
  EXPECT_EQ(kinds.count("deepreduce_training"), 4 + names.size());
  EXPECT_EQ(kinds.count("deepreduce_criticality"), 1u);
  EXPECT_EQ(kinds.count("deepreduce"), 2u);
  int64_t passes = 0;
  for (const json& phase : large["phases"]) passes += phase["image_passes"].get<int64_t>();
  EXPECT_EQ(passes, 152 * (8 + 4 * 1 + 2 * static_cast<int64_t>(names.size())));
}

TEST(DeepReduce, TheBestCandidateWithinTheBudgetIsTheResult) {
  for (const char* name : {"deepreduce-30pct-s1", "deepreduce-60-s1"}) {
    const json result = result_of(name);
    double best = 0;
    json chosen;
    for (const json& candidate : result["candidates"]) {
      EXPECT_LE(candidate["relus"], result["budget"]["relus"]);
      best = std::max(best, candidate["accuracy"].get<double>());
      if (candidate["chosen"]) chosen = candidate;
      bool beaten = false;
      for (const json& other : result["candidates"]) {
        const double more = other["accuracy"].get<double>() - candidate["accuracy"].get<double>();
        const int64_t fewer = candidate["relus"].get<int64_t>() - other["relus"].get<int64_t>();
        beaten = beaten || (more >= 0 && fewer >= 0 && (more > 0 || fewer > 0));
      }
      EXPECT_EQ(candidate["on_front"], !beaten) << candidate;
    }
    EXPECT_EQ(chosen["accuracy"], best);
    EXPECT_EQ(chosen["relus"], result["result"]["relus"]);
    const json shown = json_of(testing::run_program({"inspect", name, "--json"}, deepreduced().path()));
    EXPECT_EQ(shown["trials"], result["candidates"].size());
    EXPECT_EQ(chosen["accuracy"], result["result"]["held_out_accuracy"]) << "judged on the held-out images alone";
    EXPECT_EQ(result["series"]["stage_accuracy"].size(), 4u);
    EXPECT_EQ(result["model"]["relus"], 1088) << "of the model with all its ReLUs";
  }
}

TEST(DeepReduce, AReshapedNetworkIsEvaluatedAndExportedAsItIs) {
  const fs::path folder = deepreduced().path();
  const json result = result_of("deepreduce-60-s1");
  ASSERT_TRUE(result["model"].contains("made_smaller")) << "60 ReLUs are under what culling and thinning reach";
  const json evaluated =
      json_of(testing::run_program({"evaluate", "deepreduce-60", "--threads", "2", "--json"}, folder));
  EXPECT_EQ(evaluated["accuracy"], result["result"]["accuracy"]);
  EXPECT_EQ(evaluated["relus"], result["result"]["relus"]);
  const json exported =
      json_of(testing::run_program({"export", "deepreduce-60", "--out", "small.safetensors", "--json"}, folder));
  EXPECT_EQ(exported["parameters"], result["model"]["parameters"]);
  EXPECT_EQ(exported["macs"], result["model"]["macs"]);
  const json garbage = json_of(testing::run_program({"gc", "--json"}, folder));
  EXPECT_EQ(garbage["may_go"], 0) << "shared trainings are needed";
}

TEST(DeepReduce, SaysWhatCannotBe) {
  const auto refused = [](const std::string& settings, const char* message) {
    const TemporaryFolder folder;
    write_file(folder / "tiny.toml",
               tiny_experiment_of("[deepreduce]\ncandidates.epochs = 1\ncriticality.epochs = 1\n" + settings));
    const Outcome outcome = testing::run_program({"run", "tiny.toml", "--threads", "2"}, folder.path());
    EXPECT_EQ(outcome.code, 2);
    EXPECT_NE(outcome.error.find(message), std::string::npos) << outcome.error;
    for (const auto& entry : fs::directory_iterator(folder / "runs")) {
      EXPECT_EQ(entry.path().filename().string().rfind("deepreduce_training", 0), std::string::npos)
          << "nothing was trained for it";
    }
  };
  refused("[[cell]]\nmethod = \"deepreduce\"\nbudgets = [3]\n",
          "a budget of 3 ReLUs is under the smallest candidate seen, "
          "culled-1-2_thinned_channels-0.5_resolution-0.5_blocks-2-1-1-1");
  refused("order = [1, 5]\n[[cell]]\nmethod = \"deepreduce\"\nbudgets = [\"30%\"]\n", "names stage 5");
  refused("order = [1, 1]\n[[cell]]\nmethod = \"deepreduce\"\nbudgets = [\"30%\"]\n", "names a stage twice");
}

// A WideResNet has three stages, the common VGG16 no blocks, and its five pools leave nothing of half of 32 pixels.
TEST(DeepReduce, LeavesOutCandidatesThatTheModelCannotBe) {
  const auto candidates = [](const std::string& model, const std::string& settings, const char* height = "8") {
    const TemporaryFolder folder;
    std::string experiment = tiny_experiment_of("[[cell]]\nmethod = \"deepreduce\"\nbudgets = [\"90%\"]\n" + settings);
    experiment = testing::replaced(experiment, "plugin = \"resnet18\"", model);
    experiment =
        testing::replaced(experiment, "height = 8\nwidth = 8", text("height = ", height, "\nwidth = ", height));
    write_file(folder / "tiny.toml", experiment);
    return testing::run_program({"run", "tiny.toml", "--dry-run"}, folder.path());
  };
  const std::string wide = "plugin = \"wrn22_8\"";
  const Outcome of_three_stages = candidates(wide, "");
  EXPECT_EQ(of_three_stages.code, 0) << of_three_stages.error;
  EXPECT_NE(of_three_stages.out.find("channels-0.5_resolution-0.5 "), std::string::npos) << of_three_stages.out;
  EXPECT_EQ(of_three_stages.out.find("blocks-"), std::string::npos) << of_three_stages.out;
  EXPECT_NE(candidates(wide, "deepreduce.blocks = [1, 2, 1]\n").out.find("blocks-1-2-1"), std::string::npos);
  const Outcome asked_for = candidates(wide, "deepreduce.blocks = [1, 1, 1, 1]\n");
  EXPECT_EQ(asked_for.code, 2);
  EXPECT_NE((asked_for.out + asked_for.error).find("for each of 3 stages"), std::string::npos) << asked_for.out;
  const Outcome of_pools = candidates("plugin = \"vgg16\"\npools = \"all\"", "", "32");
  EXPECT_EQ(of_pools.code, 0) << of_pools.error;
  EXPECT_NE(of_pools.out.find("channels-0.5"), std::string::npos) << of_pools.out;
  EXPECT_EQ(of_pools.out.find("resolution-"), std::string::npos) << of_pools.out;
}

TEST(DeepReduce, ADryRunRefusesABudgetThatNoCandidateFits) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", tiny_experiment_of("[[cell]]\nmethod = \"deepreduce\"\nbudgets = [3, \"30%\"]\n"));
  const Outcome outcome = testing::run_program({"run", "tiny.toml", "--dry-run"}, folder.path());
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.out.find("refused: deepreduce of deepreduce, budget 3: baseline plugin 'deepreduce': a budget of 3 "
                             "ReLUs is under the smallest candidate"),
            std::string::npos)
      << outcome.out;
  EXPECT_NE(outcome.out.find("may follow in deepreduce, budget 30%"), std::string::npos) << "the other is still listed";
}

TEST(DeepReduce, ParallelProcessesShareItsTrainings) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", tiny_experiment_of(kDeepReduce));
  const auto run = [&](const char* name) {
    fs::create_directories(folder / name);
    return testing::Process({"run", "../tiny.toml", "--threads", "2", "--runs", "../runs", "--results", "../results"},
                            folder / name);
  };
  testing::Process one = run("one"), other = run("other");
  const Outcome first = one.wait(), second = other.wait();
  EXPECT_EQ(first.code, 0) << first.error;
  EXPECT_EQ(second.code, 0) << second.error;
  const testing::Bits shared(folder.path()), alone(deepreduced().path());
  testing::expect_same(shared, alone);
  EXPECT_EQ(shared.networks.size(), alone.networks.size()) << "none was trained twice";
}

TEST(StageCriticality, DrivesTheAllocation) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml",
             testing::tiny_experiment() + "sensitivity.plugin = \"stage_criticality\"\nsensitivity.epochs = 1\n");
  ASSERT_EQ(testing::run_program(testing::kRun, folder.path()).code, 0);
  const json result = testing::Bits(folder.path()).results.begin()->second;
  const std::vector<double> accuracy = result["series"]["stage_accuracy"];
  const double lowest = *std::min_element(accuracy.begin(), accuracy.end());
  const std::vector<double> relus = {640, 256, 128, 64};
  for (const json& site : result["sites"]) {
    const size_t stage = site["stage"].get<size_t>() - 1;
    EXPECT_NEAR(site["sensitivity"].get<double>(), (accuracy[stage] - lowest) / std::pow(relus[stage], 0.07), 1e-9);
  }
}

TEST(TrainingSettings, EachStepSaysWhichItTakes) {
  const TemporaryFolder folder;
  std::string experiment = tiny_experiment_of(
      "[snl]\nsearch.epochs = 1\nfinetune.epochs = 1\nsearch.batch = 64\n[[cell]]\nmethod = \"snl\"\nbudgets = "
      "[\"30%\"]\n");
  experiment.insert(experiment.find("crop_padding"), "lr = 0.04\n");
  write_file(folder / "tiny.toml", experiment);
  const Outcome outcome = testing::run_program({"run", "tiny.toml", "--threads", "1"}, folder.path());
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_EQ(
      outcome.error.find(
          "snl.finetune takes precision, batch, crop_padding, checkpoint_seconds from [training]; sets lr itself\n"
          "snl.search takes precision, crop_padding, checkpoint_seconds from [training]; sets lr, batch itself\n"
          "teacher takes precision, lr, batch, crop_padding, checkpoint_seconds from [training]\n"),
      0u)
      << outcome.error;
  const json result = json::parse(testing::slurp(folder / "results/tiny/snl-30pct-s1.json"));
  EXPECT_EQ(result["reach_of_training"]["snl.search"]["set_by_itself"], json({"lr", "batch"}));
  EXPECT_EQ(result["reach_of_training"]["snl.finetune"]["set_by_itself"], json({"lr"}));
  EXPECT_FALSE(result["reach_of_training"]["teacher"].contains("unknown_to_it"));
}

TEST(TrainingSettings, AStepWithoutAnOptionSaysSo) {
  const TemporaryFolder folder;
  std::string experiment = tiny_experiment_of("[[cell]]\nmethod = \"planned\"\nbudgets = [\"30%\"]\n");
  experiment.insert(experiment.find("crop_padding"), "momentum = 0.8\n");
  write_file(folder / "tiny.toml", experiment);
  const Outcome outcome = testing::run_program(
      {"run", "tiny.toml", "--dry-run", "--plugin-dir", SENET_TEST_UNSOUND_PLUGINS "/planned"}, folder.path());
  EXPECT_EQ(outcome.error.find("planned takes precision, batch, crop_padding, checkpoint_seconds from [training]; has "
                               "no option momentum\n"),
            0u)
      << outcome.error;
}

TEST(Snl, AnotherFineTuningRateSearchesNothingAgain) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", tiny_experiment_of("[snl]\nsearch.epochs = 1\nfinetune.epochs = 1\n"
                                                      "[[cell]]\nmethod = \"snl\"\nbudgets = [\"30%\"]\n"));
  for (const char* rate : {"snl.finetune.lr=0.01", "snl.finetune.lr=0.02"}) {
    const Outcome outcome = testing::run_program({"run", "tiny.toml", "--threads", "1", "--set", rate}, folder.path());
    ASSERT_EQ(outcome.code, 0) << outcome.error;
  }
  const std::multiset<std::string> kinds = testing::finished_phases(folder.path());
  EXPECT_EQ(kinds.count("teacher"), 1u);
  EXPECT_EQ(kinds.count("snl_search"), 1u);
  EXPECT_EQ(kinds.count("snl_finetune"), 2u);
}

TEST(Snl, WhatAFixedSumOfEpochsLeavesUnusedInTheSearchGoesToTheFineTuning) {
  const TemporaryFolder folder;
  // All ReLUs are within the budget, so that the search needs none of its epochs.
  write_file(folder / "tiny.toml", tiny_experiment_of("[snl]\nsearch.epochs = 3\nfinetune.epochs = 1\n"
                                                      "[[cell]]\nmethod = \"snl\"\nbudgets = [\"100%\"]\n"
                                                      "[[cell]]\nmethod = \"snl\"\nlabel = \"fixed\"\n"
                                                      "budgets = [\"100%\"]\nsnl.fixed_sum = true\n"));
  const Outcome outcome = testing::run_program({"run", "tiny.toml", "--threads", "1"}, folder.path());
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  const auto passes = [&](const std::string& label, const std::string& kind) {
    const json result = json::parse(testing::slurp(folder / "results/tiny" / (label + "-100pct-s1.json")));
    for (const json& phase : result["phases"]) {
      if (phase["kind"] == kind) return phase["image_passes"].get<int64_t>();
    }
    return int64_t{0};
  };
  const int64_t epoch = passes("snl", "snl_finetune");
  EXPECT_GT(epoch, 0);
  EXPECT_EQ(passes("snl", "snl_search"), 0);
  EXPECT_EQ(passes("fixed", "snl_search"), 0);
  EXPECT_EQ(passes("fixed", "snl_finetune"), (3 + 1) * epoch);
}

TEST(AutoRep, AtAFactorOf0ItsAlphasStayWhereTheyBegin) {
  const TemporaryFolder folder;
  const std::string cell = "[[cell]]\nmethod = \"autorep\"\nbudgets = [\"20%\"]\nlabel = ";
  write_file(folder / "tiny.toml",
             tiny_experiment_of("[autorep]\nsearch.epochs = 2\nsearch.lr = 0.05\nlambda = 60\n" + cell + "\"moves\"\n" +
                                cell + "\"stays\"\nautorep.alpha_lr_factor = 0\n"));
  const Outcome outcome = testing::run_program({"run", "tiny.toml", "--threads", "1"}, folder.path());
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  const auto relus = [&](const std::string& label) {
    const json result = json::parse(testing::slurp(folder / ("results/tiny/" + label + "-20pct-s1.json")));
    return result["curves"]["search"]["relus"];
  };
  EXPECT_EQ(relus("stays"), json({1088, 1088}));
  EXPECT_LT(relus("moves")[1].get<int64_t>(), 1088);
}

// What methods leave that only rank: the files of `runs` by their phase's kind, and a result.
struct RankedRun {
  RankedRun(const std::string& method, const std::string& cells) {
    write_file(folder / "tiny.toml", tiny_experiment_of("[" + method + "]\nfinetune.epochs = 1\n" + cells));
    const Outcome outcome = testing::run_program({"run", "tiny.toml", "--threads", "1"}, folder.path());
    EXPECT_EQ(outcome.code, 0) << outcome.error;
  }
  std::multiset<std::string> kinds() const { return testing::finished_phases(folder.path()); }
  json result_of(const std::string& label) const {
    return json::parse(testing::slurp(folder / "results/tiny" / (label + "-20pct-s1.json")));
  }
  std::vector<int64_t> kept(const std::string& label) const {
    const json result = result_of(label);
    EXPECT_EQ(result["result"]["relus"], 217) << "the budget to the last ReLU";
    std::vector<int64_t> kept;
    for (const json& site : result["sites"]) kept.push_back(site["counted"]);
    return kept;
  }
  TemporaryFolder folder;
};

TEST(Ranked, AblationsAndOtherFineTuningsRankNothingAgain) {
  const std::string cell = "[[cell]]\nmethod = \"snip\"\nbudgets = [\"20%\"]\n";
  const RankedRun run("snip", "finetune.lr = 0\n" + cell + cell +
                                  "label = \"pixels\"\nsnip.finetune.pixels = \"random\"\n" + cell +
                                  "label = \"weights\"\nsnip.finetune.start = \"random\"\n" + cell +
                                  "label = \"teachers\"\nsnip.finetune.start = \"teacher\"\n");
  const std::multiset<std::string> kinds = run.kinds();
  EXPECT_EQ(kinds.count("snip_rank"), 1u);
  EXPECT_EQ(kinds.count("snip_finetune"), 4u);
  EXPECT_EQ(kinds.count("snip_search"), 0u) << "at once";
  EXPECT_EQ(run.kept("pixels"), run.kept("snip")) << "as many at each site";
  const auto masks = [&](const std::string& label) {
    return testing::slurp(run.folder / ("results/tiny/" + label + "-20pct-s1.masks"));
  };
  EXPECT_NE(masks("pixels"), masks("snip")) << "but others";
  EXPECT_EQ(masks("weights"), masks("snip"));
  // A fine-tuning at the rate 0 leaves the weights that it begins with. A ranking begins with the teacher's.
  const fs::path folder = run.folder.path();
  const torch::Tensor teacher =
      load_safetensors(testing::phase_folder(folder, "teacher") / "network.safetensors").tensors.at("conv1.weight");
  const auto begins_as_the_teacher = [&](const std::string& label) {
    return testing::identical(testing::first_weights(label + "-20pct-s1", folder), teacher);
  };
  EXPECT_TRUE(begins_as_the_teacher("snip"));
  EXPECT_TRUE(begins_as_the_teacher("teachers"));
  EXPECT_FALSE(begins_as_the_teacher("weights"));
}

// ½·(1 + cos(π·(e − 1)/3)) of the 1088 − 217 ReLUs above the budget, for the epochs e from 1, where they begin to fall.
TEST(Ranked, TheCountFallsAsItsFormulaSays) {
  const RankedRun run("snip",
                      "fall = \"cosine\"\nfall_end = 1\nsearch.epochs = 4\n"
                      "[[cell]]\nmethod = \"snip\"\nbudgets = [\"20%\"]\n");
  std::vector<int64_t> expected;
  for (int e = 1; e <= 4; ++e)
    expected.push_back(217 + static_cast<int64_t>(std::floor(871 * (1 + std::cos(M_PI * (e - 1) / 3)) / 2)));
  EXPECT_EQ(run.result_of("snip")["curves"]["search"]["relus"], json(expected));
}

TEST(Ranked, ThePassThatRanksIsCountedAndIsNoTrainingOfTheNetwork) {
  const RankedRun run("snip",
                      "[[cell]]\nmethod = \"snip\"\nlabel = \"snip\"\nbudgets = [\"20%\"]\nsnip.rank_images = 50\n");
  const json result = json::parse(testing::slurp(run.folder / "results/tiny/snip-20pct-s1.json"));
  std::map<std::string, std::pair<json, json>> passes;
  for (const json& phase : result["phases"])
    passes[phase["kind"]] = {phase["image_passes"], phase.value("deployed_image_passes", json())};
  EXPECT_EQ(passes.at("snip_rank"), (std::pair<json, json>(50, 0)));
  EXPECT_EQ(passes.at("snip_finetune"), (std::pair<json, json>(152, 152)));
  const json shown = json_of(testing::run_program({"inspect", "snip-20pct-s1", "--json"}, run.folder.path()));
  EXPECT_EQ(shown["image_passes"], 202);
  EXPECT_EQ(shown["deployed_image_passes"], 152);
}

TEST(Ranked, AMeasureSharesTheBudgetAmongTheSites) {
  const std::string method = "activation", cell = "[[cell]]\nmethod = \"activation\"\nbudgets = [\"20%\"]\n";
  const std::string by_layer = "activation.sensitivity.plugin = \"uniform\"\nactivation.sensitivity.per = \"relu\"\n";
  const RankedRun run(method,
                      cell + cell + "label = \"by_layer\"\n" + by_layer + cell + "label = \"falling\"\n" + by_layer +
                          "activation.fall = \"cosine\"\nactivation.search.epochs = 2\nactivation.linear_first = 1\n");
  // 20 % of each site, and of what is left over a ReLU for the largest remainders: 217 of 1088.
  const std::vector<int64_t> relus = {128, 128, 128, 128, 128, 64, 64, 64, 64, 32, 32, 32, 32, 16, 16, 16, 16};
  const std::vector<int64_t> kept = run.kept("by_layer"), falling = run.kept("falling");
  ASSERT_EQ(kept.size(), relus.size());
  for (size_t l = 0; l < relus.size(); ++l) EXPECT_LT(std::abs(kept[l] - 217.0 / 1088 * relus[l]), 1) << l;
  EXPECT_EQ(falling[0], 0) << "the stem has none from the start";
  for (size_t l = 1; l < relus.size(); ++l) EXPECT_LT(std::abs(falling[l] - 217.0 / 960 * relus[l]), 1) << l;
  EXPECT_NE(run.kept("activation"), kept) << "one ranking of the whole network";
  const std::multiset<std::string> kinds = run.kinds();
  EXPECT_EQ(kinds.count("activation_sensitivity"), 1u) << "measured once for all";
}

TEST(OptionsOfATraining, AnOldSpellingIsAnErrorThatNamesTheNewOne) {
  const TemporaryFolder folder;
  const std::map<std::string, std::string> spellings = {
      {"snl.search_epochs", "snl.search.epochs"},
      {"snl.finetune_lr", "snl.finetune.lr"},
      {"snl.batch", "snl.finetune.batch or snl.search.batch"},
      {"deepreduce.criticality_epochs", "deepreduce.criticality.epochs"},
      {"deepreduce.epochs", "deepreduce.candidates.epochs or deepreduce.criticality.epochs"},
  };
  for (const auto& [old, now] : spellings) {
    const std::string method = old.substr(0, old.find('.'));
    write_file(folder / "tiny.toml",
               tiny_experiment_of("[[cell]]\nmethod = \"" + method + "\"\nbudgets = [\"30%\"]\n" + old + " = 1\n"));
    const Outcome outcome = testing::run_program({"run", "tiny.toml", "--dry-run"}, folder.path());
    EXPECT_EQ(outcome.code, 2);
    EXPECT_NE(outcome.error.find("unknown key '" + old + "' (found 1); expected " + now + "\n"), std::string::npos)
        << outcome.error;
  }
}

TEST(ABaselineWithAPlan, IsForecastWhenItStoppedHalfWay) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", tiny_experiment_of("[[cell]]\nmethod = \"planned\"\nbudgets = [\"30%\"]\n"));
  const std::string plugins = SENET_TEST_UNSOUND_PLUGINS "/planned";
  const auto senet = [&](const char* verb) {
    return testing::run_program({verb, "tiny.toml", "--threads", "2", "--plugin-dir", plugins, "--json"},
                                folder.path());
  };
  EXPECT_EQ(senet("run").code, 1);
  const json status = json_of(senet("status"));
  const json* phase = nullptr;
  for (const json& row : status["phases"]) {
    if (row["phase"] == "planned") phase = &row;
  }
  ASSERT_NE(phase, nullptr);
  EXPECT_EQ((*phase)["state"], "failed");
  EXPECT_EQ((*phase)["images"], 152 * 4) << "of its plan, what it has not trained";
}

TEST(AMethodThatJudges, NeedsHeldOutImages) {
  const TemporaryFolder folder;
  std::string experiment = testing::replaced(testing::tiny_experiment(), "test_images", "holdout = 0\ntest_images");
  write_file(folder / "tiny.toml", experiment + "sensitivity.plugin = \"stage_criticality\"\nsensitivity.epochs = 1\n");
  const Outcome outcome = testing::run_program(testing::kRun, folder.path());
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.error.find("none are held out; set dataset.holdout"), std::string::npos) << outcome.error;
  write_file(folder / "tiny.toml", experiment +
                                       "[[cell]]\nmethod = \"snip\"\nbudgets = [\"20%\"]\n"
                                       "snip.sensitivity.plugin = \"stage_criticality\"\n");
  const Outcome ranked = testing::run_program({"run", "tiny.toml", "--dry-run"}, folder.path());
  EXPECT_EQ(ranked.code, 2) << ranked.out;
  EXPECT_NE(ranked.error.find("step 'snip_sensitivity'"), std::string::npos) << ranked.error;
}

TEST(ATrainingThatKeepsItsBestEpoch, NeedsHeldOutImages) {
  const TemporaryFolder folder;
  std::string experiment = testing::replaced(testing::tiny_experiment(), "test_images", "holdout = 0\ntest_images");
  write_file(folder / "tiny.toml", experiment + "finetune.best_epoch = true\n");
  const Outcome outcome = testing::run_program(testing::kRun, folder.path());
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.error.find("finetune.best_epoch"), std::string::npos) << outcome.error;
  EXPECT_NE(outcome.error.find("none are held out; set dataset.holdout"), std::string::npos) << outcome.error;
}

}  // namespace
}  // namespace senet
