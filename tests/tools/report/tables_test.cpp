#include "tools/report/table_kinds.h"

#include <cmath>

#include "display/gnuplot.h"
#include "results/masks.h"
#include "support/results.h"
#include "support/support.h"
#include "tools/report/figure_kinds.h"

namespace senet {
namespace {

using testing::error_of;
using testing::made_result;
using testing::mentions;
using testing::TemporaryFolder;
using testing::write_file;

using Texts = std::vector<std::string>;

Texts names(const Table& table) {
  Texts all;
  for (const Table::Column& column : table.columns) all.push_back(column.name);
  return all;
}

// A folder with results, published numbers and sources.
class Reports : public ::testing::Test {
 protected:
  Reports() {
    write_file(folder / "results/published/accuracy.toml", R"(points = [
  ["cifar10", "SENet", "resnet18", 0.1, 60.5, 1.0],
  ["cifar10", "SNL", "wrn22_8?", 240.0, 94.24, 3.04]])");
    write_file(folder / "sources/data_sets.toml", R"([[data_set]]
fingerprint = "jpeg"
title = "CIFAR-10"
published = "cifar10"
variant = "as JPEG"
train_images = 50000
[[data_set]]
plugin = "cifar10"
title = "CIFAR-10"
published = "cifar10"
train_images = 50000
)");
  }
  void add(Result result) {
    result.file = folder / result.file;
    save_result(result);
  }
  void source(const std::string& name, const std::string& toml) {
    write_file(folder / "sources" / (name + ".toml"), toml);
  }
  Table table(const std::string& name) {
    evidence = std::make_unique<Evidence>(folder / "results", folder / "sources");
    const auto found = sources(folder / "sources", "table", table_kinds(), name);
    return found.at(0).second->make(found.at(0).first, *evidence);
  }
  Figure figure(const std::string& name) {
    evidence = std::make_unique<Evidence>(folder / "results", folder / "sources");
    const auto found = sources(folder / "sources", "figure", figure_kinds(), name);
    return found.at(0).second->make(found.at(0).first, *evidence);
  }

  TemporaryFolder folder;
  std::unique_ptr<Evidence> evidence;
};

TEST_F(Reports, TheMainTableHasMeansSavingsAndThePublishedValue) {
  add(made_result("SENet", "100", 1, 0.60));
  add(made_result("SENet", "100", 2, 0.62));
  source("main", "table = \"main\"\npublished = [\"cifar10\"]\nreproduces = [\"SENet: SENet\"]");
  const Table main = table("main");
  ASSERT_EQ(main.rows.size(), 1u);
  EXPECT_EQ(rendered(main.rows[0]),
            (std::vector<std::string>{"CIFAR-10", "resnet18", "1,000", "90.00 ± 0.00 (2)", "100", "SENet", "100",
                                      "61.00 ± 1.41 (2)", "610.00", "10.00×", "60.50", "+0.50", "0.1"}));
  EXPECT_EQ(main.remarks, Texts({"Published and not run here: CIFAR-10: SNL (1). Their figures: "
                                 "results/published/accuracy.toml."}));
  source("main", "table = \"main\"\npublished = [\"cifar99\"]");
  EXPECT_NE(error_of([&] { table("main"); }).find("nothing is published for the data set 'cifar99'"),
            std::string::npos);
}

TEST_F(Reports, AllBudgetsOfATeacherHaveItsAccuracyOverAllItsSeeds) {
  Result other = made_result("SENet", "100", 2, 0.62);
  other.teacher.accuracy = 0.92;
  add(other);
  add(made_result("SENet", "100", 1, 0.60));
  add(made_result("SENet", "50", 1, 0.50, 50));
  Result shorter = made_result("short", "50", 1, 0.50, 50);
  shorter.teacher.accuracy = 0.7;
  shorter.changes = {{"teacher", "epochs", int64_t{1}, int64_t{2}, OptionKind::epochs}};
  add(shorter);
  source("main", "table = \"main\"");
  const Table main = table("main");
  EXPECT_EQ(rendered(main.rows[0].cells[3]), "91.00 ± 1.41 (2)");
  EXPECT_EQ(rendered(main.rows[0].cells[4]), "50") << "budgets ascend";
  EXPECT_EQ(rendered(main.rows[2].cells[3]), "91.00 ± 1.41 (2)");
  EXPECT_EQ(rendered(main.rows[1].cells[3]), "70.00 (1)") << "another teacher";
}

TEST_F(Reports, TheBestOfABudgetIsMarkedWhereItIsAheadByMoreThanTheError) {
  const auto pair = [&](const std::string& label, const std::string& budget, double one, double two) {
    add(made_result(label, budget, 1, one, std::stoll(budget)));
    add(made_result(label, budget, 2, two, std::stoll(budget)));
  };
  // Deviations of √2 points: the standard error of a difference is √(2/2 + 2/2) = 1.41, twice it 2.83.
  pair("a", "100", 0.60, 0.62);
  pair("b", "100", 0.62, 0.64);
  pair("a", "50", 0.50, 0.52);
  pair("b", "50", 0.53, 0.55);
  add(made_result("a", "10", 1, 0.3, 10));
  add(made_result("b", "10", 1, 0.4, 10));
  source("x", "table = \"main\"");
  const Table main = table("x");
  std::vector<bool> best;
  for (const Table::Row& row : main.rows) best.push_back(row.cells[7].best);
  EXPECT_EQ(best, (std::vector<bool>{false, false, false, true, false, false}))
      << "3 points are more than the error, 2 are not; one seed has none";
  EXPECT_NE(main.remarks.at(0).find("twice the standard error"), std::string::npos);
  EXPECT_NE(to_markdown(main).find("| **54.00 ± 1.41 (2)** |"), std::string::npos) << to_markdown(main);
  EXPECT_NE(to_latex(main).find("\\textbf{54.00 $\\pm$ 1.41 (2)}"), std::string::npos) << to_latex(main);
  source("x", "table = \"overview\"");
  const Table overview = table("x");
  EXPECT_FALSE(overview.rows[1].cells[5].best);
  EXPECT_TRUE(overview.rows[1].cells[6].best) << "in its column";
  EXPECT_FALSE(overview.rows[1].cells[7].best);
}

TEST_F(Reports, WhatStandsElsewhereIsDrawnWithItsSourceAndStandsBesideACellAlone) {
  add(made_result("SENet", "100", 1, 0.60));
  write_file(folder / "results/published/accuracy.toml", R"(points = [["cifar10", "SNL", "wrn22_8?", 240.0, 94.24]]
[[elsewhere]]
via = "a plot"
points = [["cifar10", "SENet", "resnet18", 0.1, 60.5], ["cifar10", "SNL", "?", 0.1, 50.0]])");
  source("main", "table = \"main\"\npublished = [\"cifar10\"]\nreproduces = [\"SENet: SENet\"]");
  const Table main = table("main");
  EXPECT_EQ(rendered(main.rows[0].cells[10]), "60.50 [1]");
  EXPECT_EQ(said(main.notes), "a plot");
  EXPECT_NE(main.remarks[0].find("CIFAR-10: SNL (1)."), std::string::npos) << "the plot's is not counted";
  source("x", "figure = \"pareto\"\npublished = [\"cifar10\"]");
  const std::string script = figure("x").script();
  EXPECT_NE(script.find("title \"published, CIFAR-10\""), std::string::npos) << script;
  EXPECT_NE(script.find("lc rgb \"#4c8bb9\" pt 6 lw 1 ps 0.35*point title \"SENet\""), std::string::npos)
      << "light, in the colour of the cell that its method made, small";
  EXPECT_NE(script.find("lc rgb \"#8a8a8a\" pt 8 lw 1 ps 0.55*point title \"SNL\""), std::string::npos)
      << "grey: nobody measured it";
  EXPECT_EQ(script.find("title \"SNL\""), script.rfind("title \"SNL\""))
      << "once in the key, though small ones are a part";
  const size_t measured = script.find("\"x.dat\" index 0 using"), published = script.rfind("\"x.dat\" index 1 using");
  EXPECT_LT(published, measured) << "what is drawn later hides what was drawn before: measured points lie above";
  EXPECT_EQ(script.find("hypertext"), std::string::npos) << "which is for the page alone";
  EXPECT_NE(figure("x").data().find("\"published: SENet resnet18 | 60.50 % | 0.1k ReLUs | a plot\""),
            std::string::npos);
  write_file(folder / "results/published/accuracy.toml", "points = []\n[[elsewhere]]\npoints = []");
  EXPECT_NE(error_of([&] { table("main"); }).find("accuracy.toml:2: an [[elsewhere]] names in 'via'"),
            std::string::npos);
}

TEST_F(Reports, AnOverviewHasARowAMethodAndAColumnABudget) {
  add(made_result("SENet", "100", 1, 0.60));
  add(made_result("SENet", "100", 2, 0.62));
  add(made_result("SENet", "50", 1, 0.50, 50));
  Result under = made_result("SNL", "100", 1, 0.70);
  under.network.relus = 97;
  add(under);
  source("all", "table = \"overview\"");
  const Table all = table("all");
  EXPECT_EQ(names(all),
            Texts({"data", "model", "ReLUs", "AR acc % (n)", "method", "acc % at 50 (n)", "acc % at 100 (n)"}));
  ASSERT_EQ(all.rows.size(), 2u);
  EXPECT_EQ(rendered(all.rows[0]), (std::vector<std::string>{"CIFAR-10", "resnet18", "1,000", "90.00 ± 0.00 (2)",
                                                             "SENet", "50.00 (1)", "61.00 ± 1.41 (2)"}));
  EXPECT_EQ(all.rows[0].evidence.size(), 3u);
  EXPECT_EQ(rendered(all.rows[1].cells[5]), "–");
  EXPECT_EQ(rendered(all.rows[1].cells[6]), "70.00 (1) at 97") << "under its budget, which is said";
  EXPECT_NE(to_csv(all).find(",n of acc % at 100,ReLUs of acc % at 100,"), std::string::npos) << to_csv(all);
  EXPECT_NE(to_csv(all).find("CIFAR-10,resnet18,1000,90.00,,1,SNL,,,,,70.00,,1,97,"), std::string::npos);

  source("asked", "table = \"overview\"\nbudgets = [\"100\", \"10\"]\nlabels = [\"SNL\", \"none\"]");
  const Table asked = table("asked");
  ASSERT_EQ(asked.rows.size(), 1u);
  EXPECT_EQ(names(asked).back(), "acc % at 100 (n)") << "nothing stands at 10";
  EXPECT_EQ(asked.remarks, Texts({"Not run: SNL at 10; none."}));
}

TEST_F(Reports, NumbersFromOtherDataAreNeverSetBesidePublishedOnesUnmarked) {
  Result result = made_result("SENet", "100", 1, 0.60);
  result.dataset.fingerprint = "jpeg";
  result.dataset.train = 7600;
  result.changes = {{"mask", "epochs", int64_t{8}, int64_t{150}, OptionKind::epochs},
                    {"finetune", "epochs", int64_t{8}, int64_t{180}, OptionKind::epochs},
                    {"mask", "score", std::string("pre"), std::string("post"), OptionKind::method},
                    {"finetune", "pram", std::string("none"), std::string("attention"), OptionKind::method},
                    {"mask", "start", std::string("teacher"), std::string("random"), OptionKind::method},
                    {"dataset", "train_limit", int64_t{8000}, int64_t{0}, OptionKind::data}};
  add(result);
  source("main", "table = \"main\"\nreproduces = [\"SENet: SENet\"]");
  const Table main = table("main");
  EXPECT_EQ(rendered(main.rows[0].cells[0]), "CIFAR-10 [1] [2] [3] [4] [5]");
  EXPECT_EQ(rendered(main.rows[0].cells[5]), "SENet [6] [7]") << "a note a section";
  EXPECT_EQ(said(main.notes),
            "as JPEG; 7,600 of 50,000 training images; float32; finetune.pram = \"none\"; mask.score = \"pre\", "
            "mask.start = \"teacher\"; mask, finetune: epochs 8");
  EXPECT_EQ(rendered(main.rows[0].cells[10]), "60.50");
  source("x", "figure = \"pareto\"\npublished = [\"cifar10\"]");
  EXPECT_NE(figure("x").script().find(
                "CIFAR-10, resnet18; as JPEG; 7,600 of 50,000 training images; schedules not the paper's"),
            std::string::npos)
      << figure("x").script();
  const Result other = made_result("other", "100", 1, 0.60);
  add(other);
  EXPECT_NE(figure("x").script().find("title \"SENet [1]\""), std::string::npos) << "where cells differ";
  EXPECT_NE(figure("x").script().find("[2] CIFAR-10, resnet18."), std::string::npos) << figure("x").script();
  testing::fs::remove(folder / other.file);

  result.model.variant = "resnet18 width=8";
  add(result);
  EXPECT_EQ(names(table("main")).back(), "comm. saving") << "another model's count says nothing";
  result.model.variant = "resnet18";
  add(result);
  source("main", "table = \"main\"");
  EXPECT_EQ(names(table("main")).back(), "comm. saving")
      << "the source names no cell that reproduces a published method";
}

TEST_F(Reports, WhatWasNotRunIsOneLine) {
  add(made_result("here", "100", 1, 0.60));
  source("main", "table = \"main\"\nlabels = [\"absent\", \"here\"]");
  const Table main = table("main");
  ASSERT_EQ(main.rows.size(), 1u);
  EXPECT_EQ(main.remarks, Texts({"Not run: absent."}));
  source("main", "table = \"main\"\nlabels = [\"here\"]\nbudgets = [\"100\", \"5%\"]");
  const Table budgets = table("main");
  ASSERT_EQ(budgets.rows.size(), 1u);
  EXPECT_EQ(budgets.remarks, Texts({"Not run: here at 5%."}));
  source("x", "table = \"widths\"");
  EXPECT_NE(to_markdown(table("x")).find("Nothing has been measured for this table."), std::string::npos);
  EXPECT_NE(to_latex(table("x")).find("Nothing has been measured for this table."), std::string::npos);
}

TEST_F(Reports, DifferencesArePairedWithTheFirstOfTheCellsThatHasTheBudget) {
  for (const int seed : {1, 2}) {
    add(made_result("a", "5%", seed, 0.4 + 0.1 * seed, 50));
    add(made_result("b", "5%", seed, 0.5 + 0.1 * seed + (seed == 2 ? 0.02 : 0), 50));
    add(made_result("c", "9%", seed, 0.7, 90));
    add(made_result("d", "9%", seed, 0.6, 90));
  }
  add(made_result("e", "9%", 7, 0.6, 90));
  source("x",
         "table = \"differences\"\nlabels = [\"a\", \"b\", \"d\", \"e\"]\nagainst = [\"d: c\", \"e: c\", \"e: d\", "
         "\"a\"]\n"
         "notes = [\"b: said\"]");
  const Table table_x = table("x");
  ASSERT_EQ(table_x.rows.size(), 5u);
  EXPECT_EQ(names(table_x).back(), "points (n)");
  EXPECT_EQ(rendered(table_x.rows[0].cells[6]), "–");
  // 10 and 12 points: mean 11, s = √2, s/√2 = 1.
  EXPECT_EQ(rendered(table_x.rows[1].cells[7]), "+11.00 ± 1.00 (2)");
  EXPECT_EQ(rendered(table_x.rows[1].cells[2]), "b [1]");
  EXPECT_EQ(rendered(table_x.rows[2].cells[6]), "c");
  EXPECT_EQ(rendered(table_x.rows[2].cells[7]), "−10.00 ± 0.00 (2)");
  EXPECT_EQ(rendered(table_x.rows[3].cells[7]), "no seed in common");
  EXPECT_NE(table_x.rows[3].id, table_x.rows[4].id);
  source("y", "table = \"differences\"\nagainst = [\"nobody\"]");
  EXPECT_NE(error_of([&] { table("y"); }).find("no cell is called 'nobody'"), std::string::npos);
  source("x", "table = \"differences\"\nagainst = [\"a\"]\nnotes = [\"nobody: said\"]");
  EXPECT_NE(error_of([&] { table("x"); }).find("does not begin with a cell's label"), std::string::npos);
}

TEST_F(Reports, DifferencesAreOfCellsByTheNamesThatTheSourceGives) {
  for (const int64_t seed : {1, 2}) {
    add(made_result("a", "5%", seed, 0.4, 50, "one"));
    add(made_result("a", "5%", seed, 0.4 + 0.1 * static_cast<double>(seed), 50, "two"));
  }
  source("x",
         "table = \"differences\"\nnames = [\"two/a: a, longer\", \"one/a: a, shorter\"]\n"
         "labels = [\"a, longer\"]\nagainst = [\"a, longer: a, shorter\"]");
  const Table differences = table("x");
  ASSERT_EQ(differences.rows.size(), 1u);
  // 10 and 20 points.
  EXPECT_EQ(rendered(differences.rows[0].cells[7]), "+15.00 ± 5.00 (2)");
}

TEST_F(Reports, DifferencesAreOfOneTeacher) {
  add(made_result("a", "5%", 1, 0.4, 50));
  Result other = made_result("b", "5%", 1, 0.5, 50);
  other.phases[0].key = "another";
  add(other);
  source("x", "table = \"differences\"\nagainst = [\"a\"]");
  EXPECT_NE(error_of([&] { table("x"); }).find("the teacher's phase is 't' and 'another'"), std::string::npos);
}

TEST_F(Reports, AChoiceIsMadeByHeldOutImagesAlone) {
  const auto tried = [&](const std::string& label, double held_out, double test, int64_t budget = 100) {
    Result result = made_result(label, std::to_string(budget), 1, test, budget);
    result.network.held_out_accuracy = held_out;
    add(result);
  };
  tried("a 0.02", 0.50, 0.40);
  tried("a 0.05", 0.52, 0.20);
  tried("a 0.1", 0.52, 0.90);
  tried("b 1", 0.30, 0.70);
  tried("b 1", 0.60, 0.70, 200);
  add(made_result("earlier", "100", 1, 0.99));
  source("x",
         "table = \"choice\"\nchoices = [\"a 0.02: rate of a\", \"a 0.05: rate of a\", \"a 0.1: rate of a\"]\n"
         "labels = [\"a 0.02\", \"a 0.05\", \"a 0.1\", \"b 1\", \"b 2\", \"earlier\"]");
  const Table choice = table("x");
  std::vector<Texts> rows;
  std::vector<bool> best;
  for (const Table::Row& row : choice.rows) {
    const Texts cells = rendered(row);
    rows.push_back({cells.end() - 3, cells.end()});
    best.push_back(row.cells.back().best);
  }
  EXPECT_EQ(rows, (std::vector<Texts>{{"rate of a", "a 0.02", "50.00 (1)"},
                                      {"rate of a", "a 0.05", "52.00 (1)"},
                                      {"rate of a", "a 0.1", "52.00 (1)"},
                                      {"senet", "b 1", "30.00 (1)"},
                                      {"senet", "b 1", "60.00 (1)"},
                                      {"senet", "earlier", "–"}}));
  EXPECT_EQ(best, (std::vector<bool>{false, true, false, false, false, false}))
      << "of equal ones the first; one alone is no choice, nor is what was tried at another budget";
  EXPECT_EQ(choice.remarks.back(), "Not run: b 2.");
  source("x", "table = \"choice\"\nchoices = [\"b 1: b\", \"a 0.1: a\", \"a 1: a\"]");
  const Table by_choices = table("x");
  EXPECT_EQ(by_choices.rows.size(), 3u) << "without labels, those that the choices name, in their order";
  EXPECT_EQ(rendered(by_choices.rows.back().cells[5]), "a 0.1");
  EXPECT_EQ(by_choices.remarks.back(), "Not run: a 1.");
  source("x", "table = \"choice\"\nchoices = [\"a 0.02: a\", \"a 0.05: a\", \"a 1: a\"]");
  for (const Table::Row& row : table("x").rows)
    EXPECT_FALSE(row.cells.back().best) << "of a choice that waits for a trial nothing is marked";
  source("x", "table = \"choice\"\nchoices = [\"a 0.02\"]");
  EXPECT_NE(error_of([&] { table("x"); }).find("the choice 'a 0.02' is not \"label: choice\""), std::string::npos);
}

TEST_F(Reports, AccountingHasWhatEveryMethodIsChargedFor) {
  Result plain = made_result("a", "5%", 1, 0.4, 50), other = made_result("b", "5%", 1, 0.5, 60);
  plain.phases[1].deployed_image_passes = 0;
  plain.phases[2].deployed_image_passes = 3000;
  plain.network.accuracy_before_finetuning = 0.3;
  plain.candidates = {{"one", 50, 0.4, true, true}, {"two", 40, 0.3, true, false}};
  plain.model.outside_sites.max_pool_comparisons = 7;
  other.network.multiplications = {940, 1880};
  other.series["trials"] = {12};
  add(plain);
  add(other);
  source("x", "table = \"accounting\"");
  const Table accounting = table("x");
  const auto at = [&](size_t row, const std::string& column) {
    const Texts columns = names(accounting);
    const auto found = std::find(columns.begin(), columns.end(), column);
    return rendered(accounting.rows.at(row).cells.at(static_cast<size_t>(found - columns.begin())));
  };
  EXPECT_EQ(at(0, "before fine-tuning %"), "30.00");
  EXPECT_EQ(at(0, "comparisons"), "50");
  EXPECT_EQ(at(0, "of max-pooling"), "7");
  EXPECT_EQ(at(0, "squares"), "0");
  EXPECT_EQ(at(0, "passes of the network, thousands"), "3.0");
  EXPECT_EQ(at(0, "passes in all, thousands"), "5.0");
  EXPECT_EQ(at(0, "trials"), "2") << "the candidates";
  EXPECT_EQ(at(1, "before fine-tuning %"), "–");
  EXPECT_EQ(at(1, "squares"), "940");
  EXPECT_EQ(at(1, "secret coefficients"), "1,880");
  EXPECT_EQ(at(1, "passes of the network, thousands"), "–") << "an earlier program did not say";
  EXPECT_EQ(at(1, "trials"), "12");
}

TEST_F(Reports, WidthsHaveARowEach) {
  Result result = made_result("SENet++", "100", 1, 0.60);
  const auto width = [](double at, double accuracy, int64_t relus, double relu_saving) {
    ResultWidth made;
    made.width = at;
    made.scores.accuracy = accuracy;
    made.scores.relus = relus;
    made.relu_saving = relu_saving;
    return made;
  };
  result.widths = {width(0.5, 0.5, 60, 16.7), width(1, 0.6, 100, 10)};
  add(result);
  source("x", "table = \"widths\"");
  const Table widths = table("x");
  ASSERT_EQ(widths.rows.size(), 2u);
  EXPECT_EQ(rendered(widths.rows[0].cells[4]), "0.5");
  EXPECT_EQ(rendered(widths.rows[0].cells[5]), "50.00 (1)");
  EXPECT_EQ(rendered(widths.rows[1].cells[6]), "100");
  EXPECT_EQ(rendered(widths.rows[0].cells[8]), "16.70×");
  Result other = result;
  other.seed = 2;
  other.file = "results/made/other.json";
  std::swap(other.widths[0], other.widths[1]);
  other.widths[1].scores.accuracy = 0.52;
  other.widths[1].scores.relus = 40;
  add(other);
  const Table both = table("x");
  EXPECT_EQ(rendered(both.rows[0].cells[5]), "51.00 ± 1.41 (2)") << "widths are found by their number";
  EXPECT_EQ(rendered(both.rows[0].cells[6]), "50") << "the mean of 60 and 40";
  EXPECT_EQ(rendered(both.rows[0].cells[8]), "20.04×") << "16.7·60/50";
}

TEST_F(Reports, TheSensitivitysShapeIsRankedAgainstTheAuthors) {
  write_file(folder / "results/published/sensitivity.toml", "[resnet18]\nrelative = [0.1, 0.5, 0.7, 1.0]");
  Result result = made_result("a", "5%", 1, 0.4);
  const ResultSite site = result.sites[0];
  result.sites.clear();
  // Ranks 2, 1, 3, 4 against 1, 2, 3, 4: Spearman's 1 − 6·2/(4·15) = 0.8.
  for (const double value : {0.2, 0.1, 0.4, 0.8}) {
    result.sites.push_back(site);
    result.sites.back().sensitivity = value;
  }
  add(result);
  source("x", "table = \"sensitivity\"");
  EXPECT_EQ(rendered(table("x").rows[0].cells[5]), "0.125");
  // |0.25 − 0.1|, |0.125 − 0.5|, |0.5 − 0.7|, 0: their mean.
  EXPECT_EQ(rendered(table("x").rows[0].cells[7]), "0.181");
  EXPECT_EQ(rendered(table("x").rows[0].cells[8]), "0.800 [1]");
  result.model.plugin = "vgg16";
  add(result);
  EXPECT_EQ(names(table("x")).back(), "smallest ÷ largest") << "the authors' shape is a ResNet18's";
  result.settings.push_back({"sensitivity.values", std::vector<double>{0.2, 0.1, 0.4, 0.8}});
  add(result);
  EXPECT_TRUE(table("x").rows.empty()) << "it was listed";
}

TEST_F(Reports, ExplainNamesTheRunsBehindARow) {
  add(made_result("SENet", "100", 1, 0.60));
  source("main", "table = \"main\"");
  const std::vector<Table> tables = {table("main")};
  const Json json = explained(tables, "main/made/SENet-100");
  EXPECT_EQ(json.at("runs").at(0).at("seed"), 1);
  EXPECT_EQ(json.at("runs").at(0).at("environment").at("revision"), "abc");
  EXPECT_EQ(json.at("settings").at("mask.score"), "post");
  EXPECT_NE(error_of([&] { explained(tables, "none"); }).find("there are:\n  main/made/SENet-100"), std::string::npos);
}

TEST_F(Reports, AMistypedSourceIsAnError) {
  Exit exit{};
  source("x", "table = \"main\"\nlables = [\"a\"]");
  EXPECT_NE(error_of([&] { table("x"); }, &exit).find("x.toml:2"), std::string::npos);
  EXPECT_EQ(exit, Exit::usage);
  source("x", "table = \"mian\"");
  EXPECT_NE(error_of([&] { table("x"); }).find("main"), std::string::npos);
  source("x", "title = \"neither\"");
  EXPECT_NE(error_of([&] { table("x"); }).find("neither 'table' nor 'figure'"), std::string::npos);
  source("x", "table = \"main\"\nfigure = \"pareto\"");
  EXPECT_NE(error_of([&] { table("x"); }).find("both 'table' and 'figure'"), std::string::npos);
  source("x", "table = \"main\"");
  EXPECT_NE(error_of([&] { table("mian"); }).find("there are: x"), std::string::npos);
}

TEST_F(Reports, OneLabelInTwoExperimentsIsAnError) {
  add(made_result("a", "5%", 1, 0.4, 50, "one"));
  add(made_result("a", "5%", 1, 0.4, 50, "two"));
  source("x", "table = \"main\"\nexperiments = [\"one\", \"two\"]");
  for (const char* experiments : {"[\"one\", \"two\"]", "[]"}) {
    source("x", std::string("table = \"main\"\nexperiments = ") + experiments);
    EXPECT_NE(error_of([&] { table("x"); }).find("are both called 'a'"), std::string::npos) << experiments;
  }
  const std::string message = error_of([&] { table("x"); });
  EXPECT_NE(message.find("one/a-5pct-s1.json"), std::string::npos) << message;
  EXPECT_NE(message.find("two/a-5pct-s1.json"), std::string::npos) << message;
}

TEST_F(Reports, ASourceGivesTheCellsOfTwoExperimentsNamesOfItsOwn) {
  add(made_result("a", "5%", 1, 0.4, 50, "one"));
  add(made_result("a", "5%", 1, 0.5, 50, "two"));
  const std::string both = "table = \"main\"\nexperiments = [\"one\", \"two\"]\n";
  source("x", both + "names = [\"two/a: a, longer\"]\nlabels = [\"a, longer\", \"a\"]\nnotes = [\"a, longer: said\"]");
  const Table named = table("x");
  ASSERT_EQ(named.rows.size(), 2u);
  EXPECT_EQ(named.rows[0].evidence.front()->folder(), "two");
  EXPECT_EQ(named.rows[1].evidence.front()->folder(), "one");
  const std::string text = to_markdown(named);
  EXPECT_NE(text.find("| a, longer <sup>1</sup> |"), std::string::npos) << "a note finds a cell by its name: " << text;
  EXPECT_NE(text.find("| a |"), std::string::npos) << text;
  for (const char* entry : {"three/a: b", "two/b: b", "a, longer", ""}) {
    source("x", "table = \"main\"\nexperiments = [\"one\"]\nnames = [\"" + std::string(entry) + "\"]");
    table("x");
    const auto found = sources(folder / "sources", "table", table_kinds(), "x");
    const std::vector<std::string> missing = evidence->missing(found.at(0).first);
    ASSERT_EQ(missing.size(), 1u) << entry;
    EXPECT_NE(missing[0].find("'" + std::string(entry) + "'"), std::string::npos) << missing[0];
  }
}

TEST(FigureStyles, StayApartInGrey) {
  // Of 255, as a black-and-white printer has it (ITU-R BT.601).
  const auto lightness = [](size_t series) {
    const auto part = [&](size_t at) { return std::stoul(colour(series).substr(at, 2), nullptr, 16); };
    return 0.299 * part(1) + 0.587 * part(3) + 0.114 * part(5);
  };
  const auto after = [](const std::string& style, const std::string& word) {
    return std::stoi(style.substr(style.find(word) + word.size()));
  };
  for (size_t i = 0; i < 10; ++i) {
    for (size_t j = 0; j < i; ++j) {
      EXPECT_NE(after(style(i), " pt "), after(style(j), " pt ")) << i << ", " << j;
      if (after(style(i), " dt ") == after(style(j), " dt ")) {
        EXPECT_GT(std::abs(lightness(i) - lightness(j)), 30) << i << ", " << j;
      }
    }
  }
}

TEST_F(Reports, LettersThatNoFontHasAreQuestionMarks) {
  const auto picture = [&](const std::string& label) {
    Figure figure("x", "x", 2, 1);
    figure.commands = "set label 1 \"" + label + ", 5 %\" at graph 0.1,0.5\nplot [0:1][0:1] x\n";
    draw(figure, folder / label);
    return testing::slurp(folder / label / "x.png");
  };
  const std::string of_no_font = "\xf4\x8f\xbf\xbd";  // U+10FFFD, for private use
  EXPECT_EQ(picture(of_no_font), picture("?"));
  EXPECT_NE(picture("\xc3\x97"), picture("?")) << "×, which fonts have";
  EXPECT_NE(testing::slurp(folder / of_no_font / "x.gp").find(of_no_font), std::string::npos) << "as the label is";
}

TEST_F(Reports, FewLinesHaveTheirNamesAtTheirEndsAndBarsHideNothing) {
  for (const char* label : {"a", "b"}) {
    for (const int seed : {1, 2}) add(made_result(label, "100", seed, 0.5 + 0.02 * seed));
  }
  source("x", "figure = \"pareto\"");
  const std::string script = figure("x").script();
  EXPECT_NE(script.find("\nwidth = 3.400\n"), std::string::npos) << "one column of a paper: " << script;
  EXPECT_NE(script.find("set label 1 \"a\" at first 0.1000, graph "), std::string::npos) << script;
  EXPECT_NE(script.find("using ($1*0.9911):($2-$3):(0):(2*$3) with vectors nohead lc rgb \"#005a9c\""),
            std::string::npos)
      << "gnuplot's own bars erase what they cross: " << script;
  EXPECT_NE(script.find("using ($1*1.0090):2 with linespoints lc rgb \"#d55e00\""), std::string::npos)
      << "beside the other: " << script;
  for (const char* label : {"c", "d", "e"}) add(made_result(label, "100", 1, 0.5));
  const std::string many = figure("x").script();
  EXPECT_NE(many.find("\nwidth = 7.000\n"), std::string::npos);
  EXPECT_NE(many.find("title \"a\""), std::string::npos) << "in a key";
}

TEST_F(Reports, ANetworkWithoutReLUsIsDrawnAndATrainingWithoutImagesIsNot) {
  for (const int64_t relus : {0, 100}) {
    Result result = made_result("a", std::to_string(relus), 1, 0.5, relus);
    for (ResultPhase& phase : result.phases) phase.deployed_image_passes = relus;
    add(result);
  }
  source("x", "figure = \"pareto\"");
  draw(figure("x"), folder / "drawn");
  EXPECT_TRUE(std::filesystem::exists(folder / "drawn/x.svg"));
  source("x", "figure = \"trend\"");
  draw(figure("x"), folder / "drawn");
}

TEST(NamesAtEnds, AreMovedApart) {
  const std::string labels = names_at_ends({{"b", 1, 10.1, 1}, {"a", 1, 10, 0}, {"c", 1, 90, 2}}, 0, 100, 0.1, false);
  EXPECT_NE(labels.find("set label 1 \"a\" at first 1.0000, graph 0.0505 "), std::string::npos) << labels;
  EXPECT_NE(labels.find("set label 2 \"b\" at first 1.0000, graph 0.1505 "), std::string::npos) << labels;
  EXPECT_NE(labels.find("set label 3 \"c\" at first 1.0000, graph 0.9000 "), std::string::npos) << labels;
}

TEST_F(Reports, FiguresQuoteTextsFromOutside) {
  add(made_result("a \"b\" `c` \\n {/Symbol x}", "5%", 1, 0.4));
  add(made_result("two\n1 2 3 4\n\n\n9 9", "5%", 1, 0.4));
  source("x", "figure = \"pareto\"\ntitle = \"with `date` in it\"");
  const Figure pareto = figure("x");
  EXPECT_EQ(pareto.script().find('`'), std::string::npos) << "gnuplot would run it";
  EXPECT_NE(pareto.script().find("a \\\"b\\\" 'c' \\\\n {/Symbol x}"), std::string::npos) << pareto.script();
  draw(pareto, folder / "drawn");
  const std::string svg = testing::slurp(folder / "drawn/x.svg");
  EXPECT_NE(svg.find("a \"b\" 'c' \\n {/Symbol x}"), std::string::npos);
  EXPECT_EQ(testing::slurp(folder / "drawn/x.pdf").substr(0, 5), "%PDF-");
}

// Two cells of one line; the published point is of width 64 and 2,000 ReLUs, as many as 500 at width 16.
TEST_F(Reports, ATrendJoinsCellsAndEndsAtWhatTheirPaperHas) {
  const auto add_cell = [&](const std::string& label, int64_t width, int64_t passes, double accuracy, int64_t relus) {
    for (const int64_t seed : {1, 2}) {
      Result result =
          made_result(label, std::to_string(relus), seed, accuracy + 0.01 * static_cast<double>(seed), relus);
      result.model.variant = "resnet18 width=" + std::to_string(width);
      result.settings.push_back({"model.width", width});
      for (ResultPhase& phase : result.phases) phase.deployed_image_passes = 0;
      result.phases.back().deployed_image_passes = passes;
      add(result);
    }
  };
  add_cell("short", 8, 3000, 0.50, 250);
  add_cell("long, wide", 16, 12000, 0.60, 500);
  add_cell("alone", 8, 3000, 0.40, 250);
  write_file(
      folder / "results/published/accuracy.toml",
      "points = [[\"cifar10\", \"SENet\", \"resnet18\", 2.0, 93.6], [\"cifar10\", \"SENet\", \"resnet18\", 2.3, 95.0],"
      "[\"cifar10\", \"SNL\", \"resnet18\", 2.0, 90.0]]");
  const std::string lines = "lines = [\"short: SENet\", \"long, wide: SENet\"]\nreproduces = [\"SENet: SENet\"]\n";
  source("x", "figure = \"trend\"\naxis = \"width\"\n" + lines);
  const Figure by_width = figure("x");
  EXPECT_NE(by_width.data().find("8.0000 51.5000 0.7071 2 "), std::string::npos) << by_width.data();
  EXPECT_NE(by_width.data().find("16.0000 61.5000 0.7071 2 "), std::string::npos);
  EXPECT_NE(by_width.data().find("64.0000 93.60 "), std::string::npos);
  EXPECT_EQ(by_width.data().find("95.00"), std::string::npos) << "15 % more ReLUs";
  EXPECT_EQ(by_width.data().find("90.00"), std::string::npos) << "no line reproduces it";
  EXPECT_NE(by_width.script().find("set label 1 \"alone\""), std::string::npos) << by_width.script();
  EXPECT_NE(by_width.script().find("set xtics (\"8\" 8.0000, \"16\" 16.0000, \"64\" 64.0000)"), std::string::npos);
  draw(by_width, folder / "drawn");
  source("x", "figure = \"trend\"\n" + lines);
  const Figure by_images = figure("x");
  EXPECT_NE(by_images.data().find("3.0000 51.5000 0.7071 2 "), std::string::npos) << by_images.data();
  EXPECT_NE(by_images.data().find("12.0000 61.5000 0.7071 2 "), std::string::npos);
  EXPECT_EQ(by_images.data().find("published"), std::string::npos);
  source("x", "figure = \"trend\"\naxis = \"time\"");
  EXPECT_NE(error_of([&] { figure("x"); }).find("images width"), std::string::npos);

  add_cell("short", 8, 3000, 0.30, 100);
  source("x", "figure = \"trend\"\naxis = \"width\"\n" + lines);
  EXPECT_NE(error_of([&] { figure("x"); }).find("short-250-s1.json are points of the line 'SENet' at one place, 8"),
            std::string::npos)
      << error_of([&] { figure("x"); });
  source("x", "figure = \"trend\"\naxis = \"width\"\nbudgets = [\"250\", \"500\"]\n" + lines);
  EXPECT_EQ(figure("x").data(), by_width.data());
  Result of_other_data = made_result("long, wide", "500", 3, 0.7, 500, "other");
  of_other_data.dataset.plugin = "cifar100";
  of_other_data.settings.push_back({"model.width", 32});
  add(of_other_data);
  source("x", "figure = \"trend\"\naxis = \"width\"\nbudgets = [\"500\"]\n" + lines);
  EXPECT_NE(error_of([&] { figure("x"); }).find("of two data sets"), std::string::npos);
}

TEST_F(Reports, FiguresOfLayersHaveTheNamesThatTheSourceGives) {
  add(made_result("a", "5%", 1, 0.4, 50, "one"));
  add(made_result("a", "5%", 1, 0.5, 50, "two"));
  source("x", "figure = \"layers\"\nnames = [\"two/a: the other\"]");
  const std::string data = figure("x").data();
  EXPECT_NE(data.find("# the other, 5%: layer"), std::string::npos) << data;
  EXPECT_NE(data.find("# a, 5%: layer"), std::string::npos) << data;
}

TEST_F(Reports, APointNamesTheFilesBehindItWhateverTheSourceCallsTheCell) {
  add(made_result("a", "5%", 1, 0.4, 50, "one"));
  add(made_result("a", "5%", 1, 0.5, 50, "two"));
  source("x", "figure = \"pareto\"\nnames = [\"two/a: the other\"]");
  const std::string data = figure("x").data();
  EXPECT_NE(data.find("the other, 5% | 50.00 (1) % | 50 ReLUs | two/a-5pct, seed 1"), std::string::npos) << data;
}

TEST_F(Reports, ASensitivityIsDrawnToItsLargest) {
  Result result = made_result("a", "5%", 1, 0.4);
  for (size_t l = 0; l < 2; ++l) result.sites[l].sensitivity = 0.5 + 0.5 * static_cast<double>(l);
  add(result);
  source("x", "figure = \"sensitivity\"");
  EXPECT_TRUE(mentions(figure("x").script(), "set yrange [0:1.05]")) << figure("x").script();
  result.sites[1].sensitivity = 12.5;
  result.settings.push_back({"sensitivity.plugin", std::string("stage_criticality")});
  add(result);
  EXPECT_FALSE(mentions(figure("x").script(), "[0:1.05]")) << figure("x").script();
  EXPECT_TRUE(mentions(figure("x").script(), "set label 1 \"resnet18, stage_criticality")) << figure("x").script();
}

TEST_F(Reports, MasksOfEachBudgetHaveALineForNoReluInCommon) {
  for (const auto& [budget, allocated] : {std::pair<const char*, int64_t>{"5%", 1}, {"10%", 3}}) {
    Result result = made_result("a", budget, 1, 0.4);
    result.sites[0].allocated = result.sites[1].allocated = allocated;
    result.curves["mask"]["nhd"] = {0.5, 0.25};
    add(result);
  }
  source("x", "figure = \"settling\"");
  const std::string script = figure("x").script();
  // Twice a quarter, and twice three quarters, of each of two sites of four ReLUs.
  for (const char* line : {"from graph 0, first 1.0000 to", "from graph 0, first 3.0000 to", "unset arrow 2"})
    EXPECT_TRUE(mentions(script, line)) << line << script;
}

TEST_F(Reports, ACriticalityWithoutTheAccuraciesItWasMadeOfIsNotDrawn) {
  Result result = made_result("a", "5%", 1, 0.4);
  result.series["criticality"] = {1, 2};
  add(result);
  source("x", "figure = \"sensitivity\"");
  EXPECT_EQ(figure("x").data().find("criticality in"), std::string::npos);
}

TEST_F(Reports, AQuoteInATextOfAFiguresDataDoesNotEndIt) {
  Figure made("x", "x", 1, 1);
  made.add("heading", {{"1", gnuplot_text("say \"so\"")}});
  EXPECT_NE(made.data().find("1 \"say ”so”\"\n"), std::string::npos) << made.data();
}

TEST_F(Reports, WhatASourceNamesAndNoResultHasIsSaid) {
  add(made_result("a", "5%", 1, 0.4));
  const auto missing = [&](const std::string& what, const std::string& toml) {
    source("x", what + toml);
    evidence = std::make_unique<Evidence>(folder / "results", folder / "sources");
    const bool is_table = what.rfind("table", 0) == 0;
    const auto found = is_table ? sources(folder / "sources", "table", table_kinds(), "x").at(0).first
                                : sources(folder / "sources", "figure", figure_kinds(), "x").at(0).first;
    return evidence->missing(found);
  };
  const std::string main = "table = \"main\"\n", trend = "figure = \"trend\"\n";
  EXPECT_EQ(missing(main, "reproduces = [\"a: SNL\"]\nbudgets = [\"5%\"]"), Texts());
  EXPECT_EQ(missing(main, "reproduces = [\"aa: SNL\"]"),
            Texts({"no results that 'reproduces' has something for by 'aa: SNL'"}));
  EXPECT_EQ(missing(main, "budgets = [\"6%\"]"), Texts({"no results at the budget '6%'"}));
  EXPECT_EQ(missing("table = \"differences\"\n", "against = [\"a\", \"b: a\"]"),
            Texts({"no results that 'against' has something for by 'b: a'"}));
  EXPECT_EQ(missing(trend, "lines = [\"a: all\"]\nreproduces = [\"all: SNL\"]"), Texts());
  EXPECT_EQ(missing(trend, "reproduces = [\"all: SNL\"]"),
            Texts({"no results that 'reproduces' has something for by 'all: SNL'"}));
}

TEST_F(Reports, AFigureWithNothingToShowSaysSo) {
  for (const char* kind : {"sensitivity", "budgets", "settling", "masks", "trend"}) {
    source("x", "figure = \"" + std::string(kind) + "\"");
    EXPECT_NE(figure("x").script().find("no results"), std::string::npos) << kind;
  }
  draw(figure("x"), folder / "drawn");
}

TEST_F(Reports, MasksAreDrawnAsShareOfChannelsAtEachPixel) {
  Result result = made_result("a", "5%", 1, 0.4);
  add(result);
  result.file = folder / result.file;
  // Site a, 1×2×2, keeps one; b, 2×1×2, keeps both channels at one pixel and one at the other.
  const auto bytes = [](std::vector<int> values, torch::IntArrayRef shape) {
    return torch::tensor(values).to(torch::kUInt8).reshape(shape);
  };
  save_masks(result, {bytes({0, 1, 0, 0}, {1, 2, 2}), bytes({1, 1, 1, 0}, {2, 1, 2})});
  const auto loaded = load_masks(result);
  ASSERT_EQ(loaded.size(), 2u);
  EXPECT_TRUE(loaded[1].equal(bytes({1, 1, 1, 0}, {2, 1, 2})));
  source("x", "figure = \"masks\"");
  EXPECT_NE(figure("x").data().find("0 1000\n0 0\n"), std::string::npos) << figure("x").data();
  EXPECT_NE(figure("x").data().find("1000 500\n"), std::string::npos);

  save_masks(result, {bytes({0, 1, 1, 0}, {1, 2, 2}), bytes({1, 1, 0, 0}, {2, 1, 2})});
  EXPECT_NE(error_of([&] { load_masks(result); }).find("keeps 2 ReLUs at site 'a', the result 1"), std::string::npos);
  save_masks(result, {bytes({0, 1, 0, 0}, {1, 2, 2})});
  testing::write_file(folder / "results/made/a-5pct-s1.masks", "too long");
  EXPECT_NE(error_of([&] { load_masks(result); }).find("a-5pct-s1.masks"), std::string::npos);
}

const Json kPart = {{"seconds", 1.0}, {"sent", {1000000, 500000}}, {"messages", {3, 4}}, {"rounds", 5}};

// As `senet measure` writes it, without later images and latencies.
Json made_measurement(const std::string& label) {
  return {{"schema", kMeasurementSchema},
          {"run", "made/" + label + "-100-s1"},
          {"width", 1.0},
          {"relus", 100},
          {"masking", "gather"},
          {"protocol", "cheetah"},
          {"comparisons", {{"relu", 100}, {"max_pool", 7}}},
          {"caveats", {"said"}},
          {"first", kPart},
          {"cost", {{"linear", kPart}, {"relu", kPart}}},
          {"latency", Json::array()}};
}

TEST_F(Reports, MeasurementsAreThoseOfTheResultsNetwork) {
  add(made_result("SENet", "100", 1, 0.60));
  Json json = made_measurement("SENet");
  json["later"] = kPart;
  json["latency"].push_back({{"network", "LAN"}, {"first", 9.0}, {"later", 2.5}});
  const auto file = folder / "results/made/measured/SENet-100-s1.cheetah.json";
  write_file(file, json.dump());
  source("x", "table = \"measured\"");
  const Table table_x = table("x");
  ASSERT_EQ(table_x.rows.size(), 1u) << "a measurement is no result of its own";
  EXPECT_EQ(rendered(table_x.rows[0]),
            Texts({"CIFAR-10", "resnet18", "SENet", "100", "1", "60.00", "0.00", "cheetah [1]", "gather", "100", "7",
                   "1.50", "1.50", "1.50", "50", "5", "2.50", ""}));
  write_file(folder / "costs.toml", R"(source = "made up"
per_relu = {online_us = 1e4, offline_us = 1, online_bytes = 1, offline_bytes = 1, storage_bytes = 1}
linear = {model = "resnet18", input = [3, 32, 32], macs = 4000, offline_s = [1.0], online_s = 0.25}
)");
  source("z", "table = \"measured\"\nprofile = \"../costs.toml\"");
  const Table promised = table("z");
  EXPECT_EQ(names(promised).back(), "costs online s");
  EXPECT_NE(promised.remarks[0].find("not measured here, but computed from made up"), std::string::npos);
  EXPECT_EQ(rendered(promised.rows[0].cells.back()), "0.290") << "four ReLUs of 10 ms, and the linear layers";
  source("z", "table = \"measured\"\ncolumns = [\"rounds\", \"cell\"]\nbudgets = [\"100\"]");
  EXPECT_EQ(names(table("z")), Texts({"rounds", "cell"}));
  EXPECT_EQ(rendered(table("z").rows[0]), Texts({"5", "SENet"}));
  for (const char* others : {"budgets = [\"5%\"]", "seed = 2"}) {
    source("z", std::string("table = \"measured\"\n") + others);
    EXPECT_TRUE(table("z").rows.empty()) << others;
  }
  source("z", "table = \"measured\"\ncolumns = [\"round\"]");
  EXPECT_NE(error_of([&] { table("z"); }).find("there is no column 'round'; there are: data, model"),
            std::string::npos);
  testing::fs::remove(folder / "sources/z.toml");
  source("y", "figure = \"measured\"");
  EXPECT_NE(figure("y").data().find("60.0000 1.500000 1.500000 5 2.500000 \""), std::string::npos)
      << figure("y").data();
  source("y", "figure = \"measured\"\nbudgets = [\"5%\"]");
  EXPECT_EQ(figure("y").data().find("60.0000"), std::string::npos) << "of another budget";
  json["width"] = 0.5;
  write_file(file, json.dump());
  EXPECT_NE(error_of([&] { table("x"); }).find("says nothing of the width 0.5"), std::string::npos);
  json["width"] = 1.0;
  json["relus"] = 99;
  write_file(file, json.dump());
  EXPECT_NE(error_of([&] { table("x"); }).find("SENet-100-s1.cheetah.json: was measured of another network"),
            std::string::npos);
  write_file(file, "[]");
  EXPECT_NE(error_of([&] { table("x"); }).find("is not a measurement"), std::string::npos);
  write_file(file, "{}");
  EXPECT_NE(error_of([&] { table("x"); }).find("has the schema null, this program reads"), std::string::npos);
}

TEST_F(Reports, LatenciesAreDrawnOfTheNetworksThatTheyWereComputedFor) {
  const auto measured = [&](const std::string& label, const std::vector<std::string>& networks) {
    add(made_result(label, "100", 1, 0.60));
    Json json = made_measurement(label);
    for (size_t i = 0; i < networks.size(); ++i)
      json["latency"].push_back({{"network", networks[i]}, {"first", 2.5 + static_cast<double>(i)}});
    write_file(folder / ("results/made/measured/" + label + "-100-s1.cheetah.json"), json.dump());
  };
  source("x", "figure = \"measured\"");
  const auto has = [&](const std::string& part) { return mentions(figure("x").data() + figure("x").script(), part); };
  measured("a", {"WAN"});
  EXPECT_TRUE(has("60.0000 1.500000 1.500000 5 2.500000 \"a, 100")) << figure("x").data();
  EXPECT_TRUE(has("latency in a WAN, s") && !has("in a LAN")) << figure("x").script();
  measured("b", {"5G", "WAN"});
  EXPECT_TRUE(has("60.0000 1.500000 1.500000 5 2.500000 NaN \"a, 100")) << figure("x").data();
  EXPECT_TRUE(has("60.0000 1.500000 1.500000 5 3.500000 2.500000 \"b, 100")) << figure("x").data();
  EXPECT_TRUE(has(" and a 5G (")) << figure("x").script();
  measured("a", {});
  measured("b", {});
  EXPECT_TRUE(has("60.0000 1.500000 1.500000 5 \"a, 100") && !has("latenc")) << figure("x").script();
  draw(figure("x"), folder / "drawn");
}

TEST_F(Reports, UnsoundResultsAreRefusedByName) {
  const Result result = made_result("a", "5%", 1, 0.4);
  source("x", "table = \"main\"");
  const auto error_with = [&](const std::string& key, const Json& value) {
    Json json = to_json(result);
    json[Json::json_pointer("/" + key)] = value;
    write_file(folder / result.file, json.dump());
    return error_of([&] { table("x"); });
  };
  EXPECT_NE(error_with("schema", 99).find("a-5pct-s1.json: has the schema 99"), std::string::npos);
  EXPECT_NE(error_with("result/accuracy", 61.0).find("a-5pct-s1.json: result/accuracy is 61.0, expected"),
            std::string::npos)
      << error_with("result/accuracy", 61.0);
  for (const char* gone :
       {"experiment", "cell/label", "budget/relus", "model/variant", "teacher/relus", "result/accuracy"}) {
    const std::string message = error_with(gone, nullptr);
    EXPECT_NE(message.find("a-5pct-s1.json: " + std::string(gone)), std::string::npos) << message;
  }
  EXPECT_NE(error_with("settings/mask.epochs", nullptr).find("a-5pct-s1.json: "), std::string::npos);
}

TEST_F(Reports, NamesOfDataSetsAreStrict) {
  for (const char* wrong :
       {"[[data_set]]\nplugin = \"x\"\ntitle = \"X\"\nvarient = \"as JPEG\"",
        "[[data_set]]\nplugin = \"x\"\ntitle = \"X\"\ntrain_images = \"50000\"", "[[data_set]]\ntitle = \"X\""}) {
    write_file(folder / "sources/data_sets.toml", wrong);
    source("x", "table = \"main\"");
    EXPECT_NE(error_of([&] { table("x"); }).find("data_sets.toml:"), std::string::npos) << wrong;
  }
}

TEST_F(Reports, APictureIsThatOfTheScriptBesideItAlsoAfterAFailure) {
  add(made_result("a", "5%", 1, 0.4));
  source("x", "figure = \"pareto\"");
  draw(figure("x"), folder / "drawn");
  const std::string script = testing::slurp(folder / "drawn/x.gp"), picture = testing::slurp(folder / "drawn/x.svg");
  Figure broken = figure("x");
  broken.commands = "no command of gnuplot\n";
  EXPECT_NE(error_of([&] { draw(broken, folder / "drawn"); }).find("gnuplot could not draw"), std::string::npos);
  EXPECT_EQ(testing::slurp(folder / "drawn/x.gp"), script);
  EXPECT_EQ(testing::slurp(folder / "drawn/x.svg"), picture);
}

}  // namespace
}  // namespace senet
