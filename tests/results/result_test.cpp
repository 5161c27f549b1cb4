#include "results/result.h"

#include "storage/json.h"
#include "support/results.h"
#include "support/support.h"

namespace senet {
namespace {

using testing::error_of;
using testing::made_result;
using testing::TemporaryFolder;

TEST(Result, IsWhatIsReadOfItsOwnJson) {
  Result result = made_result("a", "5%", 1, 0.5);
  result.changes = {{"mask", "epochs", int64_t{8}, int64_t{150}, OptionKind::epochs}};
  result.series["criticality"] = {0.5, 0.25};
  result.curves["mask"]["loss"] = {1.5, 1};
  result.candidates = {{"one", 12, 0.75, true, false}};
  result.model.made_smaller = MadeSmaller{1, 2, {}};
  result.reach_of_training["snl"].taken = {"batch"};
  const Json json = to_json(result);
  EXPECT_EQ(to_json(result_from(json, result.file)), json);
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
  const Result result = made_result("a", "5%", 1, 0.5);
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

TEST(LoadResults, FindsThoseBehindALinkOnce) {
  const TemporaryFolder folder;
  Result result = made_result("a", "5%", 1, 0.4);
  result.file = folder / "elsewhere/made/a-5pct-s1.json";
  save_result(result);
  testing::fs::create_directories(folder / "results/deeper");
  testing::fs::create_directory_symlink(folder / "elsewhere/made", folder / "results/made");
  testing::fs::create_directory_symlink(folder / "elsewhere/made", folder / "results/deeper/made");
  testing::fs::create_directory_symlink(folder / "results", folder / "results/deeper/around");
  testing::fs::create_directory_symlink(folder / "gone", folder / "results/gone");
  const std::vector<Result> found = load_results(folder / "results");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].label, "a");
  testing::fs::create_directory_symlink(folder / "results/itself", folder / "results/itself");
  result.file = folder / "results/own/a-5pct-s1.json";
  save_result(result);
  testing::fs::create_directory_symlink(folder / "results/own", folder / "results/alias");
  EXPECT_EQ(load_results(folder / "results", "own").size(), 1u) << "a folder goes by its own name, not by a link's";
}

}  // namespace
}  // namespace senet
