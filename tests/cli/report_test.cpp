// Tables, figures, costs and the page, as the program makes them.
#include "results/masks.h"
#include "support/program.h"
#include "support/results.h"

namespace senet {
namespace {

using testing::json_of;
using testing::Outcome;
using testing::slurp;
using testing::TemporaryFolder;
using testing::write_file;

namespace fs = std::filesystem;

const fs::path kSource = SENET_TEST_SOURCE;

Outcome on_committed(const std::vector<std::string>& words, const fs::path& folder) {
  std::vector<std::string> all = words;
  all.insert(all.end(),
             {"--results", (kSource / "results").string(), "--sources", (kSource / "paper_figures").string()});
  return testing::run_program(all, folder);
}

TEST(PaperFigures, AreWhatTheCommittedResultsSayByteForByte) {
  const TemporaryFolder folder;
  for (const char* verb : {"tables", "figures"}) {
    const Outcome outcome = on_committed({verb, "--out", (folder / "made").string()}, folder.path());
    ASSERT_EQ(outcome.code, 0) << outcome.error;
  }
  int compared = 0;
  for (const auto& entry : fs::directory_iterator(folder / "made")) {
    const fs::path committed = kSource / "paper_figures/generated" / entry.path().filename();
    ASSERT_TRUE(fs::exists(committed)) << committed << " is not committed; senet tables and senet figures make it";
    // A PDF carries its date, a PNG the version of its library.
    if (entry.path().extension() == ".pdf" || entry.path().extension() == ".png") continue;
    ++compared;
    EXPECT_EQ(slurp(entry.path()), slurp(committed)) << committed << ": run senet tables and senet figures, and look";
  }
  EXPECT_GT(compared, 30);
  for (const auto& entry : fs::directory_iterator(kSource / "paper_figures/generated")) {
    EXPECT_TRUE(fs::exists(folder / "made" / entry.path().filename()))
        << entry.path() << " is made of no source any more";
  }
}

TEST(Readmes, ShowTheTablesThatTheResultsGive) {
  for (const char* readme : {"README.md", "results/small/README.md"}) {
    const std::string text = slurp(kSource / readme), mark = "<!-- table ";
    int shown = 0;
    for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1), ++shown) {
      const size_t name = at + mark.size(), begin = text.find(" -->\n", name);
      const std::string table = text.substr(name, begin - name);
      const std::string block = text.substr(begin + 5, text.find("<!-- end -->", begin) - begin - 5);
      EXPECT_EQ(block, slurp(kSource / "paper_figures/generated" / (table + ".md"))) << readme << ", " << table;
    }
    EXPECT_GT(shown, 0) << readme;
  }
}

TEST(Tables, WithoutResultsShowWhatIsPublished) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "results");
  fs::copy(kSource / "results/published", folder / "results/published");
  const Outcome tables = testing::run_program(
      {"tables", "main", "--sources", (kSource / "paper_figures").string(), "--out", "made"}, folder.path());
  EXPECT_EQ(tables.code, 0) << tables.error;
  EXPECT_NE(tables.error.find("there are no results under results"), std::string::npos) << tables.error;
  EXPECT_NE(tables.out.find("94.91"), std::string::npos);
  EXPECT_NE(tables.out.find("missing"), std::string::npos);
  const Outcome figures = testing::run_program(
      {"figures", "pareto", "--sources", (kSource / "paper_figures").string(), "--out", "made"}, folder.path());
  EXPECT_EQ(figures.code, 0) << figures.error;
  EXPECT_NE(figures.error.find("there are no results"), std::string::npos);
  EXPECT_NE(slurp(folder / "made/pareto.svg").find("published: SENet resnet18, CIFAR-10"), std::string::npos);
}

TEST(Tables, NameTheFileThatIsNoResult) {
  const TemporaryFolder folder;
  write_file(folder / "results/made/broken.json", "{\"schema\": 1}");
  const Outcome outcome = testing::run_program(
      {"tables", "--sources", (kSource / "paper_figures").string(), "--out", "made"}, folder.path());
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.error.find("results/made/broken.json: has no section 'cell'"), std::string::npos) << outcome.error;
}

TEST(Report, IsOnePageThatNeedsNothingBesideIt) {
  const TemporaryFolder folder;
  fs::copy(kSource / "paper_figures", folder / "sources");
  fs::create_directories(folder / "experiments");
  fs::copy(kSource / "experiments/costs", folder / "experiments/costs");
  const Outcome outcome = testing::run_program(
      {"report", "--results", (kSource / "results").string(), "--sources", "sources"}, folder.path());
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  const std::string page = slurp(folder / "report.html");
  EXPECT_EQ(page.find("src=\"http"), std::string::npos);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("<link"), std::string::npos);
  for (const char* part : {"Pixel against channel masks", "data:image/svg+xml;base64,", "mask.score", "cpu_capability"})
    EXPECT_NE(page.find(part), std::string::npos) << part;
}

TEST(Cost, SaysWhatIsMeasuredAndWhatIsScaled) {
  const TemporaryFolder folder;
  Result result = testing::made_result("made", "5%", 1, 0.5);
  result.file = folder / result.file;
  save_result(result);
  const std::string profile = (kSource / "experiments/costs/delphi.toml").string();
  const auto json = json_of(testing::run_program({"cost", "made", "--profile", profile, "--json"}, folder.path()));
  EXPECT_EQ(json.at("linear_from"), "measured on this network");
  EXPECT_NEAR(json.at("relus").at("online_seconds").get<double>(), 4 * 21.82e-6, 1e-9);
  EXPECT_TRUE(json.at("linear").at("online_bytes").is_null());
  EXPECT_EQ(json.at("layers").size(), 2u + 18u);
  result.json["model"]["variant"] = "resnet18 width=8";
  save_result(result);
  const Outcome scaled = testing::run_program({"cost", "made", "--profile", profile}, folder.path());
  EXPECT_NE(scaled.out.find("scaled by multiply-accumulates from resnet18"), std::string::npos) << scaled.out;
  const Outcome unknown = testing::run_program({"cost", "made", "--profile", "gazelle"}, folder.path());
  EXPECT_EQ(unknown.code, 2);
  EXPECT_NE(unknown.error.find("gazelle.toml: no such file"), std::string::npos) << unknown.error;
}

TEST(Run, LeavesTheMasksBesideTheResult) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  ASSERT_EQ(testing::run_program({"run", "tiny.toml", "--threads", "2"}, folder.path()).code, 0);
  const Result result = load_result(folder / "results/tiny/senet-20pct-s1.json");
  const auto masks = load_masks(result);  // refuses counts that are not the result's
  EXPECT_EQ(masks.size(), result.json.at("sites").size());
  int64_t macs = 0;
  for (const auto& [name, of_layer] : result.json.at("model").at("layers").items()) macs += of_layer.get<int64_t>();
  EXPECT_EQ(macs, result.json.at("model").at("macs"));
}

}  // namespace
}  // namespace senet
