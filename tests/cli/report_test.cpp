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

// As a paper pastes them, in two columns.
TEST(PaperFigures, CompileAsLatexWithinThePage) {
  if (testing::run_shell("command -v pdflatex", "/").code != 0)
    GTEST_SKIP() << "pdflatex is not here: apt-get install texlive-latex-recommended";
  const TemporaryFolder folder;
  std::string paper =
      "\\documentclass[twocolumn]{article}\n\\usepackage[margin=2cm]{geometry}\n"
      "\\usepackage{booktabs,graphicx}\n\\begin{document}\n";
  for (const auto& entry : fs::directory_iterator(kSource / "paper_figures/generated")) {
    if (entry.path().extension() != ".tex") continue;
    fs::copy(entry.path(), folder.path());
    paper += "\\input{" + entry.path().filename().string() + "}\n\\clearpage\n";
  }
  write_file(folder / "paper.tex", paper + "Text.\n\\end{document}\n");
  const Outcome outcome =
      testing::run_shell("pdflatex -interaction=nonstopmode -halt-on-error paper.tex", folder.path());
  EXPECT_EQ(outcome.code, 0) << outcome.out.substr(outcome.out.size() > 2000 ? outcome.out.size() - 2000 : 0);
  EXPECT_EQ(outcome.out.find("Overfull"), std::string::npos) << outcome.out;
}

TEST(Readmes, ShowTheTablesThatTheResultsGive) {
  for (const char* readme : {"results/README.md", "results/small/README.md", "core/tools/measure/README.md"}) {
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
  EXPECT_NE(tables.out.find("Nothing has been measured for this table."), std::string::npos);
  EXPECT_NE(tables.out.find("CIFAR-10: CryptoNAS (2), DeepReDuce (2), SNL (4), SENet (3)"), std::string::npos)
      << tables.out;
  const Outcome figures = testing::run_program(
      {"figures", "pareto", "--sources", (kSource / "paper_figures").string(), "--out", "made"}, folder.path());
  EXPECT_EQ(figures.code, 0) << figures.error;
  EXPECT_NE(figures.error.find("there are no results"), std::string::npos);
  EXPECT_NE(slurp(folder / "made/pareto.svg").find("published, CIFAR-10"), std::string::npos);
}

TEST(Tables, NameTheFileThatIsNoResult) {
  const TemporaryFolder folder;
  write_file(folder / "results/made/broken.json", "{\"schema\": 2}");
  const Outcome outcome = testing::run_program(
      {"tables", "--sources", (kSource / "paper_figures").string(), "--out", "made"}, folder.path());
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.error.find("results/made/broken.json: sites"), std::string::npos) << outcome.error;
}

TEST(Results, AreListedForPeopleAndForOtherPrograms) {
  const TemporaryFolder folder;
  Result result = testing::made_result("a", "5%", 1, 0.5);
  result.file = folder / result.file;
  save_result(result);
  const Outcome shown = testing::run_program({"results"}, folder.path());
  EXPECT_NE(shown.out.find("made/a-5pct-s1  cifar10  resnet18  100    50.00"), std::string::npos) << shown.out;
  const Outcome csv = testing::run_program({"results", "made", "--csv"}, folder.path());
  EXPECT_EQ(csv.out.rfind("experiment,cell,", 0), 0u) << csv.out;
  EXPECT_EQ(json_of(testing::run_program({"results", "--json"}, folder.path())).at(0).at("accuracy %"), 50.0);
  const Outcome none = testing::run_program({"results", "other"}, folder.path());
  EXPECT_EQ(none.code, 2);
  EXPECT_NE(none.error.find("there are no results of 'other' under results"), std::string::npos) << none.error;
}

TEST(Differences, AreShownForPeopleAndForOtherPrograms) {
  const TemporaryFolder folder;
  const auto save = [&](const char* label, int64_t seed, double accuracy) {
    Result result = testing::made_result(label, "5%", seed, accuracy);
    result.file = folder / result.file;
    save_result(result);
  };
  save("a", 1, 0.5), save("a", 2, 0.5), save("b", 1, 0.6), save("b", 2, 0.64);
  const Outcome shown = testing::run_program({"differences", "made", "--against", "a"}, folder.path());
  EXPECT_NE(shown.out.find("b     5%      2      62.00"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("+12.00"), std::string::npos) << shown.out;
  const json cells =
      json_of(testing::run_program({"differences", "made", "--against", "a", "--json"}, folder.path()))["cells"];
  ASSERT_EQ(cells.size(), 1u);
  EXPECT_EQ(cells[0]["label"], "b");
  EXPECT_EQ(cells[0]["seeds"], 2);
  EXPECT_NEAR(cells[0]["difference"].get<double>(), 0.12, 1e-12);
  EXPECT_NEAR(cells[0]["standard_error"].get<double>(), 0.02, 1e-12) << "±0.02 about the mean of two";
}

// What `senet tables all` makes of results, as JSON.
class Doubts : public ::testing::Test {
 protected:
  Doubts() {
    write_file(folder / "sources/all.toml", "table = \"main\"");
    write_file(folder / "sources/data_sets.toml", "[[data_set]]\nplugin = \"cifar10\"\ntitle = \"CIFAR-10\"");
  }
  void add(Result result) {
    result.file = folder / result.file;
    save_result(result);
  }
  Outcome tables(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"tables", "all", "--sources", "sources", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return testing::run_program(words, folder.path());
  }
  // What is said of a row, of the only table.
  std::vector<std::string> said(size_t row) {
    const auto table = json_of(tables()).at(0);
    const std::string cell = table.at("rows").at(row).at("cells").at(0);
    std::vector<std::string> notes;
    for (size_t i = 0; i < table.at("notes").size(); ++i) {
      if (cell.find(" [" + std::to_string(i + 1) + "]") != std::string::npos) notes.push_back(table.at("notes")[i]);
    }
    return notes;
  }
  TemporaryFolder folder;
};
using Texts = std::vector<std::string>;

TEST_F(Doubts, AreNoneOfPhasesFromCleanRevisionsThatDiffer) {
  Result result = testing::made_result("a", "5%", 1, 0.5);
  result.phases[0].environment.revision = "another";
  add(result);
  EXPECT_EQ(said(0), Texts());
  const auto explained = json_of(tables({"--explain", "all/made/a-5pct"}));
  EXPECT_EQ(explained["runs"][0]["phases"][0]["environment"]["revision"], "another");
  EXPECT_EQ(explained["runs"][0]["phases"][1]["environment"]["revision"], "abc");
}

TEST_F(Doubts, NameUncommittedSourceOfAnyPhase) {
  Result result = testing::made_result("a", "5%", 1, 0.5);
  result.phases[0].environment.revision = "0123+";
  add(result);
  result = testing::made_result("b", "5%", 1, 0.5);
  for (ResultPhase& phase : result.phases) phase.environment.revision = "4567+";
  add(result);
  result = testing::made_result("c", "5%", 1, 0.5);
  for (ResultPhase& phase : result.phases) phase.environment.revision = "";
  add(result);
  EXPECT_EQ(said(0), Texts({"dirty: source with uncommitted changes to revision 0123"}));
  EXPECT_EQ(said(1), Texts({"dirty: source with uncommitted changes to revision 4567"}));
  EXPECT_EQ(said(2), Texts({"dirty: source of no known revision"}));
  EXPECT_EQ(json_of(tables({"--explain", "all/made/b-5pct"}))["doubts"].size(), 1u);
}

TEST_F(Doubts, NameWhatDiffersAmongThePhasesOfARow) {
  Result result = testing::made_result("a", "5%", 1, 0.5);
  Environment& environment = result.phases[1].environment;
  const Environment before = environment;
  environment.device = "cuda";
  environment.gpu = "H100";
  environment.threads = 4;
  environment.precision = "bfloat16";
  add(result);
  EXPECT_EQ(said(0), Texts({"mixed: device cpu, cuda; precision bfloat16, float32"}))
      << "beside a GPU threads only load images";
  environment = before;
  result.phases[1].earlier_environments = {before, before};
  result.phases[1].earlier_environments[0].cpu_capability = "AVX2";
  result.phases[1].earlier_environments[1].cpu_capability = "AVX512";
  add(result);
  EXPECT_EQ(said(0), Texts({"mixed: CPU capability AVX2, AVX512"})) << "of every process that worked on the phase";
  environment = before;
  result.phases[1].earlier_environments = {before};
  result.phases[1].environment.onednn_isa = "avx2";
  result.phases[1].earlier_environments[0].onednn_isa = "avx512_core";
  add(result);
  EXPECT_EQ(said(0), Texts({"mixed: oneDNN's instructions avx2, avx512_core"})) << "whatever ATen's capability says";
}

TEST_F(Doubts, NameWhatDiffersBetweenRowsOfTheSameDataAndModel) {
  add(testing::made_result("a", "5%", 1, 0.5));
  Result result = testing::made_result("b", "5%", 1, 0.5);
  for (ResultPhase& phase : result.phases) {
    phase.environment.libtorch = "2.11.0";
    phase.environment.threads = 4;
  }
  add(result);
  result = testing::made_result("c", "5%", 1, 0.5);
  for (ResultPhase& phase : result.phases) phase.environment.threads = 8;
  result.dataset.fingerprint = "others";
  add(result);
  EXPECT_EQ(said(0), Texts({"mixed, between rows: threads 2, 4"}));
  EXPECT_EQ(said(1), said(0));
  EXPECT_EQ(said(2), Texts()) << "of other data, which nobody compares with these";
}

TEST_F(Doubts, NamePhasesThatTheProgramWouldComputeOtherwise) {
  Result result = testing::made_result("a", "5%", 1, 0.5);
  result.phases[1].versions = {{"sensitivity", 0}, {"model plugin 'resnet18'", 7}};
  add(result);
  write_file(folder / "results/outdated.toml",
             "[[fault]]\nphase = \"finetune\"\nwhat = \"forgot β\"\nfixed = \"1a2b\"\nrevisions = [\"abc\", \"x\"]\n");
  EXPECT_EQ(said(0), Texts({"outdated: finetune: forgot β; sensitivity of version 0, the program's is 1"}));
  result.phases[1].versions.clear();
  result.phases[2].environment.revision = "later";
  add(result);
  EXPECT_EQ(said(0), Texts());
  write_file(folder / "results/outdated.toml", "[[fault]]\nphase = \"finetune\"\n");
  EXPECT_EQ(tables().code, 2);
  EXPECT_NE(tables().error.find("outdated.toml:1: a fault has phase, what, fixed"), std::string::npos);
}

TEST_F(Doubts, AResultWhoseOriginsAreUnsoundIsRefusedByName) {
  Result result = testing::made_result("a", "5%", 1, 0.5);
  Json document = to_json(result);
  document["phases"][1]["environment"]["threads"] = "two";
  write_file(folder / result.file, document.dump());
  EXPECT_EQ(tables().code, 2);
  EXPECT_NE(tables().error.find("a-5pct-s1.json: phases/1/environment/threads is \"two\", expected a count"),
            std::string::npos)
      << tables().error;
}

TEST(Outdated, TheScriptNamesTheRevisionsThatLackTheMend) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "scripts");
  fs::copy(kSource / "scripts/outdated", folder / "scripts/outdated");
  const auto result = [&](const char* name, const std::string& revision, const std::string& of_mask) {
    write_file(folder / (std::string("results/made/") + name + ".json"),
               "{\"environment\": {\"revision\": \"" + revision +
                   "\"}, \"phases\": [{\"kind\": \"teacher\"}, {\"kind\": "
                   "\"mask\", \"environment\": {\"revision\": \"" +
                   of_mask + "\"}}]}");
  };
  const auto git = [&](const std::string& command) {
    const Outcome outcome = testing::run_shell(
        "export GIT_CONFIG_GLOBAL=/dev/null\ngit -c user.name=x -c user.email=x@x " + command, folder.path());
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    return outcome.out.substr(0, 12);
  };
  git("init -q");
  std::vector<std::string> revisions;
  for (const char* message : {"before", "mend", "after"}) {
    git(std::string("commit -q --allow-empty -m ") + message);
    revisions.push_back(git("rev-parse HEAD"));
  }
  result("old", revisions[0], revisions[0]);
  result("dirty", revisions[2], revisions[0] + "+");
  result("new", revisions[0], revisions[2]);
  write_file(folder / "results/outdated.toml",
             "[[fault]]\nphase = \"mask\"\nwhat = \"said\"\nfixed = \"" + revisions[1] + "\"\nrevisions = []\n");
  const Outcome outcome = testing::run_shell("scripts/outdated", folder.path());
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_NE(testing::slurp(folder / "results/outdated.toml")
                .find("\nrevisions = [\"" + revisions[0] + "\", \"" + revisions[0] + "+\"]\n"),
            std::string::npos)
      << testing::slurp(folder / "results/outdated.toml");
}

TEST(Tables, TellDataSetsOfOneLabelAndModelApart) {
  const TemporaryFolder folder;
  for (const char* data : {"one", "two"}) {
    for (const char* label : {"a", "b"}) {
      const double accuracy = 0.5 + (label[0] == 'b') * 0.1 + (data[0] == 't') * 0.2;
      Result result = testing::made_result(label, "5%", 1, accuracy, 100, data);
      result.dataset.fingerprint = data;
      result.file = folder / result.file;
      save_result(result);
    }
  }
  write_file(folder / "sources/overview.toml", "table = \"overview\"");
  write_file(folder / "sources/pairs.toml", "table = \"differences\"\nagainst = [\"a\"]");
  const auto made = json_of(testing::run_program({"tables", "--sources", "sources", "--json"}, folder.path()));
  ASSERT_EQ(made[0]["rows"].size(), 4u);
  EXPECT_EQ(made[0]["rows"][1]["cells"][5], "60.00 (1)");
  EXPECT_EQ(made[0]["rows"][3]["cells"][5], "80.00 (1)");
  ASSERT_EQ(made[1]["rows"].size(), 4u);
  EXPECT_EQ(made[1]["rows"][1]["cells"][7], "+10.00 (1)");
  EXPECT_EQ(made[1]["rows"][3]["cells"][7], "+10.00 (1)") << "each against the one of its data";
}

// Of the committed results, as `senet report` makes it.
class Report : public ::testing::Test {
 protected:
  Report() {
    fs::copy(kSource / "paper_figures", folder / "sources");
    fs::create_directories(folder / "experiments");
    fs::copy(kSource / "experiments/costs", folder / "experiments/costs");
    const Outcome outcome = testing::run_program(
        {"report", "--results", (kSource / "results").string(), "--sources", "sources"}, folder.path());
    EXPECT_EQ(outcome.code, 0) << outcome.error;
  }
  TemporaryFolder folder;
};

TEST_F(Report, IsOnePageThatNeedsNothingBesideIt) {
  const std::string page = slurp(folder / "report.html");
  for (const char* from_elsewhere : {"src=", "href=\"http", "<link rel=\"style", "@import", "url("})
    EXPECT_EQ(page.find(from_elsewhere), std::string::npos) << from_elsewhere;
  for (const char* part :
       {"The best of each method by budget", "What was run where", "each changed alone",
        "data-tip=\"SNL, 5%&#10;63.12 ± 0.29 (3) %&#10;3,481 ReLUs&#10;methods/SNL-5pct, seeds 1, 2, 3\"", "mask.score",
        "CPU capability"})
    EXPECT_NE(page.find(part), std::string::npos) << part;
}

TEST_F(Report, SortsFoldsAndExplainsItsPointsInABrowser) {
  const Outcome outcome = testing::run_shell(
      std::string(SENET_TEST_PYTHON) + " " + (kSource / "tests/cli/page_in_chromium.py").string() + " report.html",
      folder.path());
  if (outcome.code == 77) GTEST_SKIP() << outcome.out;
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.error;
}

TEST(ReportOfOneResult, HasAFigureOfAccuraciesWithoutASourceForIt) {
  const TemporaryFolder folder;
  Result result = testing::made_result("<i>a", "5%", 1, 0.5);
  result.file = folder / result.file;
  save_result(result);
  write_file(folder / "sources/mine.toml", "table = \"main\"");
  const Outcome outcome = testing::run_program({"report", "--sources", "sources", "--out", "page.html"}, folder.path());
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  const std::string page = slurp(folder / "page.html");
  EXPECT_NE(page.find("id=\"figure-accuracies\""), std::string::npos);
  EXPECT_NE(page.find("data-tip=\"&lt;i>a, 5%&#10;50.00 (1) %&#10;100 ReLUs"), std::string::npos);
  EXPECT_EQ(page.find("<i>"), std::string::npos) << "what a result says is text";
}

TEST(Cost, SaysWhatIsMeasuredAndWhatIsScaled) {
  const TemporaryFolder folder;
  Result result = testing::made_result("made", "5%", 1, 0.5);
  result.file = folder / result.file;
  save_result(result);
  const std::string profile = (kSource / "experiments/costs/delphi.toml").string();
  const auto cost = json_of(testing::run_program({"cost", "made", "--profile", profile, "--json"}, folder.path()));
  EXPECT_EQ(cost.at("linear_from"), "measured on this network");
  EXPECT_NEAR(cost.at("relus").at("online_seconds").get<double>(), 4 * 21.82e-6, 1e-9);
  EXPECT_TRUE(cost.at("linear").at("online_bytes").is_null());
  EXPECT_EQ(cost.at("layers").size(), 2u + 18u);
  result.model.variant = "resnet18 width=8";
  save_result(result);
  const Outcome scaled = testing::run_program({"cost", "made", "--profile", profile}, folder.path());
  EXPECT_NE(scaled.out.find("scaled by multiply-accumulates from resnet18"), std::string::npos) << scaled.out;
  const Outcome unknown = testing::run_program({"cost", "made", "--profile", "gazelle"}, folder.path());
  EXPECT_EQ(unknown.code, 2);
  EXPECT_NE(unknown.error.find("gazelle.toml: no such file"), std::string::npos) << unknown.error;
}

TEST(Cost, HasColumnsForMultiplicationsWhereThereAreAny) {
  const TemporaryFolder folder;
  Result result = testing::made_result("made", "5%", 1, 0.5);
  result.file = folder / result.file;
  const std::string profile = (kSource / "experiments/costs/delphi.toml").string();
  save_result(result);
  EXPECT_EQ(testing::run_program({"cost", "made", "--profile", profile}, folder.path()).out.find("squares"),
            std::string::npos);
  result.sites[1].multiplications = result.network.multiplications = {1234, 2468};
  save_result(result);
  const std::string shown = testing::run_program({"cost", "made", "--profile", profile}, folder.path()).out;
  EXPECT_NE(shown.find("squares  secret coefficients"), std::string::npos) << shown;
  EXPECT_NE(shown.find("1,234"), std::string::npos) << shown;
  EXPECT_NE(shown.find("what one costs is not in the source"), std::string::npos) << shown;
  const auto cost = json_of(testing::run_program({"cost", "made", "--profile", profile, "--json"}, folder.path()));
  EXPECT_EQ(cost.at("multiplications").at("secret_coefficients"), 2468);
  EXPECT_EQ(cost.at("layers").at(1).at("squares"), 1234);
}

TEST(Run, LeavesTheMasksBesideTheResult) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  ASSERT_EQ(testing::run_program({"run", "tiny.toml", "--threads", "2"}, folder.path()).code, 0);
  const Result result = load_result(folder / "results/tiny/senet-20pct-s1.json");
  const auto masks = load_masks(result);  // refuses counts that are not the result's
  EXPECT_EQ(masks.size(), result.sites.size());
  int64_t macs = 0;
  for (const auto& [name, of_layer] : result.model.layers) macs += of_layer;
  EXPECT_EQ(macs, result.model.macs);
}

}  // namespace
}  // namespace senet
