#include "tools/report/table.h"

#include <cmath>

#include "support/support.h"

namespace senet {
namespace {

Table table_of(const std::string& cell) {
  return {"made", "A title", {"x", "y"}, {{"made/1", {cell, "2"}, {}}}, {Note(cell)}};
}

Table::Cell marked(const std::string& text, const std::vector<size_t>& notes) {
  Table::Cell cell = text;
  cell.marks = notes;
  return cell;
}

TEST(Cells, AreRenderedWithSpreadNumberUnitAndMarks) {
  EXPECT_EQ(rendered(mean_cell({3, 5, std::sqrt(3.0)})), "5.00 ± 1.73 (3)");
  EXPECT_EQ(rendered(mean_cell({1, 4, std::nan("")}, " at 97")), "4.00 (1) at 97") << "one seed has no spread";
  EXPECT_EQ(rendered(number_cell(10, 2, "×")), "10.00×");
  EXPECT_EQ(rendered(number_cell(std::nan(""), 2)), "") << "a number that is not known";
  EXPECT_EQ(rendered(count_cell(69632)), "69,632");
  EXPECT_EQ(rendered(signed_cell({2, 11, 1})), "+11.00 ± 1.00 (2)");
  EXPECT_EQ(rendered(signed_cell({1, -0.4, std::nan("")})), "−0.40 (1)");
  Table::Cell cell = marked("label", {2, 1});
  cell.addition = " at width 0.5";
  EXPECT_EQ(rendered(cell), "label [2] [1] at width 0.5");
}

TEST(Notes, OfSectionsThatHaveTheSameStandTogether) {
  EXPECT_EQ(said({"as JPEG",
                  {"epochs 8", "mask"},
                  {"epochs 20", "teacher"},
                  {"batch 64", "mask"},
                  "float32",
                  {"batch 64", "finetune"},
                  {"epochs 8", "finetune"}}),
            "as JPEG; float32; mask, finetune: batch 64, epochs 8; teacher: epochs 20");
}

TEST(Tables, AreWrittenForEachReader) {
  const Table table{"made", "A title", {name_column("x"), "y"}, {{"made/1", {"a", "2"}, {}}}, {}};
  EXPECT_EQ(to_markdown(table), "**A title**\n\n| x | y |\n|:--|--:|\n| a | 2 |\n");
  EXPECT_EQ(to_csv(table), "x,y,notes\r\na,2,\r\n");
  EXPECT_NE(to_latex(table).find("\\begin{tabular}{lr}\n\\toprule\nx & y \\\\\n\\midrule\na & 2 \\\\\n\\bottomrule"),
            std::string::npos);
  EXPECT_NE(to_text(table).find("x  y\n----\na  2\n"), std::string::npos) << to_text(table);
  EXPECT_NE(to_html(table).find("<tr><td>a</td><td class=\"number\">2</td></tr>"), std::string::npos) << to_html(table);
}

TEST(Tables, SayOnceWhatAllRowsShareAndJoinNotesOfOnePlace) {
  const Table table{"made",
                    "A title",
                    {condition("data"), name_column("cell"), condition("budget"), "acc % (n)"},
                    {{"1", {marked("CIFAR-10", {1, 2}), marked("a", {3}), "5%", mean_cell({3, 46.789, 0.512})}, {}},
                     {"2", {marked("CIFAR-10", {1, 4, 5}), "b", "2%", mean_cell({3, 5.5, 0.25})}, {}}},
                    {"as JPEG", "of a", "also of a", {"epochs 8", "mask"}, {"epochs 8", "finetune"}},
                    {"A remark."}};
  EXPECT_EQ(to_markdown(table),
            "**A title**\n\nIn all rows: data CIFAR-10.\n\nas JPEG.\n\n"
            "| cell | budget | acc % (n = 3) |\n|:--|--:|--:|\n"
            "| a <sup>1</sup> | 5% | 46.79 ± 0.51 |\n| b <sup>2</sup> | 2% | 5.50 ± 0.25 |\n\n"
            "1. of a; also of a\n2. mask, finetune: epochs 8\n\nA remark.\n");
  EXPECT_EQ(to_text(table),
            "A title\nIn all rows: data CIFAR-10.\nas JPEG.\n\n"
            "cell   budget  acc % (n = 3)\n----------------------------\n"
            "a [1]      5%   46.79 ± 0.51\nb [2]      2%    5.50 ± 0.25\n"
            "[1] of a; also of a\n[2] mask, finetune: epochs 8\nA remark.\n");
  EXPECT_NE(to_latex(table).find("\\caption{A title. In all rows: data CIFAR-10. as JPEG.}"), std::string::npos)
      << to_latex(table);
  EXPECT_NE(to_csv(table).find("CIFAR-10,b,2%,5.50,0.25,3,\"as JPEG; mask, finetune: epochs 8\"\r\n"),
            std::string::npos)
      << to_csv(table);
}

TEST(Tables, OfOneRowKeepTheirConditionsInIt) {
  const Table table{"made", "A title", {condition("data"), "x"}, {{"1", {marked("CIFAR-10", {1}), "2"}, {}}}, {"said"}};
  EXPECT_NE(to_markdown(table).find("| CIFAR-10 <sup>1</sup> | 2 |\n\n1. said\n"), std::string::npos);
}

TEST(Tables, EscapeWhatTheirFormatWouldRead) {
  const Table table = table_of("a|b & 5% of $x_1 #2 {~^} <i>\"q\"</i>, \\ ± ×");
  EXPECT_NE(to_markdown(table).find("| a\\|b &amp; 5% of \\$x\\_1 #2 {\\~^} &lt;i>\"q\"&lt;/i>, \\\\ ± × |"),
            std::string::npos)
      << to_markdown(table);
  EXPECT_NE(to_latex(table).find("a|b \\& 5\\% of \\$x\\_1 \\#2 \\{\\textasciitilde{}\\textasciicircum{}\\} "
                                 "\\textless{}i\\textgreater{}''q''\\textless{}/"
                                 "i\\textgreater{}, \\textbackslash{} $\\pm$ $\\times$ &"),
            std::string::npos)
      << to_latex(table);
  EXPECT_NE(to_csv(table).find("\"a|b & 5% of $x_1 #2 {~^} <i>\"\"q\"\"</i>, \\ ± ×\",2,\r\n"), std::string::npos);
  EXPECT_NE(to_html(table).find("a|b &amp; 5% of $x_1 #2 {~^} &lt;i&gt;&quot;q&quot;&lt;/i&gt;"), std::string::npos);
  EXPECT_EQ(to_markdown(table_of("two\nlines")).find("two\nlines"), std::string::npos);
}

TEST(Tables, AsCsvAreNumbersWithoutUnitsAndWithTheirNotes) {
  const Table table{
      "made",
      "A title",
      {"data", "acc % (n)", "ReLUs", "saving"},
      {{"1", {marked("CIFAR-10", {1}), mean_cell({3, 46.789, 0.512}), count_cell(69632), number_cell(10, 2, "×")}, {}},
       {"2", {marked("x", {2, 1}), mean_cell({1, 5, std::nan("")}), count_cell(7), kNone}, {}},
       {"3", {"y", "no seed in common", kNone, kNone}, {}}},
      {"as JPEG", "other"}};
  EXPECT_EQ(to_csv(table),
            "data,acc %,deviation of acc %,n of acc %,ReLUs,saving,notes\r\nCIFAR-10,46.79,0.51,3,69632,10.00,as "
            "JPEG\r\nx,5.00,,1,7,,other; as JPEG\r\ny,no seed in common,,,,,\r\n");
}

TEST(Tables, ARowThatLatexWouldTakeForAnArgumentIsGuarded) {
  const Table table{"made", "A title", {"x"}, {{"1", {"[a]"}, {}}}, {}};
  EXPECT_NE(to_latex(table).find("\n{}[a] "), std::string::npos) << to_latex(table);
}

}  // namespace
}  // namespace senet
