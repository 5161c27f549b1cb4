#include "results/result.h"

#include "storage/json.h"
#include "support/results.h"
#include "support/support.h"

namespace senet {
namespace {

using testing::error_of;

// What earlier versions wrote, with or without what a phase says of its own origin.
Json of_schema_1() {
  return parse_json(R"json({"schema": 1, "experiment": "made", "cell": {"label": "a", "method": "senet"}, "seed": 1,
    "budget": {"asked": "10%", "relus": 4},
    "model": {"plugin": "resnet18", "variant": "resnet18 width=8", "macs": 1000},
    "dataset": {"plugin": "cifar10", "train": 100},
    "teacher": {"accuracy": 0.9, "relus": 8}, "result": {"accuracy": 0.5, "relus": 4},
    "mask_identification": {"epoch": 2, "overlap_final": [0.5, 1.0]},
    "sites": [{"name": "x", "relus": 4, "kept": 1, "allocated": 2, "sensitivity": 0.25, "pruning_sensitivity": 0.75},
              {"name": "y", "relus": 4, "kept": 3, "allocated": 2, "sensitivity": 0.5, "pruning_sensitivity": 0.5}],
    "phases": [{"kind": "teacher", "key": "t", "training_seconds": 1.5},
               {"kind": "mask", "key": "m", "training_seconds": 2.0, "versions": {"mask": 2},
                "environment": {"revision": "def", "threads": 4}}],
    "deviations": ["mask.epochs = 8 (default 150)", "mask.score = \"pre\" (default \"post\")",
                   "5 of the training images are held out and never trained on"],
    "settings": {"mask.score": "pre", "dataset.path": "images", "sensitivity.plugin": "pruning"},
    "precision": "float32", "environment": {"revision": "abc", "threads": 2}, "finished": "2026-01-01T00:00:00Z"})json",
                    "made");
}

TEST(ResultOfSchema1, SaysWhatSchema2Says) {
  const Result result = result_from(of_schema_1(), "results/made/a.json");
  EXPECT_EQ(result.label, "a");
  ASSERT_EQ(result.sites.size(), 2u);
  EXPECT_EQ(result.sites[0].counted, 1) << "then called kept";
  EXPECT_EQ(result.sites[0].allocated, 2);
  EXPECT_EQ(result.series.at("pruning_sensitivity"), (std::vector<double>{0.75, 0.5}));
  EXPECT_EQ(result.curves.at("mask").at("overlap_final"), (std::vector<double>{0.5, 1}));
  EXPECT_EQ(result.remarks, std::vector<std::string>{"5 of the training images are held out and never trained on"});
}

TEST(ResultOfSchema1, ItsDeviationsAreChangesOfAKind) {
  const Result result = result_from(of_schema_1(), "results/made/a.json");
  ASSERT_EQ(result.changes.size(), 2u);
  EXPECT_EQ(result.changes[0].section, "mask");
  EXPECT_EQ(result.changes[0].option, "epochs");
  EXPECT_EQ(std::get<int64_t>(result.changes[0].value), 8);
  EXPECT_EQ(std::get<int64_t>(result.changes[0].default_value), 150);
  EXPECT_EQ(result.changes[0].kind, OptionKind::epochs);
  EXPECT_EQ(std::get<std::string>(result.changes[1].value), "pre");
  EXPECT_EQ(result.changes[1].kind, OptionKind::method);
}

TEST(ResultOfSchema1, APhaseWithoutAnEnvironmentRanOnTheResults) {
  const Result result = result_from(of_schema_1(), "results/made/a.json");
  EXPECT_EQ(result.phases[0].environment.revision, "abc");
  EXPECT_EQ(result.phases[0].environment.precision, "float32");
  EXPECT_EQ(result.phases[0].versions.at("teacher"), 1) << "the first, where a phase names none";
  EXPECT_EQ(result.phases[1].environment.revision, "def");
  EXPECT_EQ(result.phases[1].environment.threads, 4);
  EXPECT_EQ(result.phases[1].versions.at("mask"), 2);
}

TEST(Result, IsWhatIsReadOfItsOwnJson) {
  Result result = testing::made_result("a", "5%", 1, 0.5);
  result.changes = {{"mask", "epochs", int64_t{8}, int64_t{150}, OptionKind::epochs}};
  result.series["criticality"] = {0.5, 0.25};
  result.curves["mask"]["loss"] = {1.5, 1};
  result.candidates = {{"one", 12, 0.75, true, false}};
  result.model.made_smaller = MadeSmaller{1, 2, {}};
  result.reach_of_training["snl"].taken = {"batch"};
  const Json json = to_json(result);
  EXPECT_EQ(to_json(result_from(json, result.file)), json);
  const Json converted = to_json(result_from(of_schema_1(), "a.json"));
  EXPECT_EQ(to_json(result_from(converted, "a.json")), converted) << "reading it again changes nothing";
}

TEST(Result, EveryCommittedOneIsReadAndWrittenWithoutLoss) {
  const std::vector<Result> results = load_results(std::string(SENET_TEST_SOURCE) + "/results");
  EXPECT_GT(results.size(), 100u);
  for (const Result& result : results) {
    const Json json = to_json(result);
    EXPECT_EQ(to_json(result_from(json, result.file)).dump(), json.dump()) << result.file;
  }
}

TEST(Result, AnEditedOneIsRefusedByFileAndKey) {
  const Result result = testing::made_result("a", "5%", 1, 0.5);
  const auto error_with = [&](const char* pointer, const Json& value) {
    Json json = to_json(result);
    json[Json::json_pointer(pointer)] = value;
    return error_of([&] { result_from(json, "a.json"); });
  };
  for (const auto& [pointer, value] :
       {std::pair<const char*, Json>{"/sites/1/counted", -1}, {"/phases/0/key", 3}, {"/changes", "none"}}) {
    const std::string message = error_with(pointer, value);
    EXPECT_EQ(message.rfind(std::string("a.json: ") + (pointer + 1) + " is ", 0), 0u) << message;
  }
}

}  // namespace
}  // namespace senet
