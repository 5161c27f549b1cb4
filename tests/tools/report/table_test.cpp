#include "tools/report/table.h"

#include <cmath>

#include "support/support.h"

namespace senet {
namespace {

Table table_of(const std::string& cell) {
  return {"made", "A title", {"x", "y"}, {{"made/1", {cell, "2"}, {}}}, {cell}};
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

TEST(Tables, AreWrittenForEachReader) {
  const Table table = table_of("1");
  EXPECT_EQ(to_markdown(table), "**A title**\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n[1] 1\n");
  EXPECT_EQ(to_csv(table), "x,y,notes\r\n1,2,\r\n");
  EXPECT_NE(to_latex(table).find("\\begin{tabular}{ll}\n\\toprule\nx & y \\\\\n\\midrule\n1 & 2 \\\\\n\\bottomrule"),
            std::string::npos);
  EXPECT_NE(to_text(table).find("x  y\n----\n1  2\n[1] 1\n"), std::string::npos) << to_text(table);
  EXPECT_NE(to_html(table).find("<tr><td>1</td><td>2</td></tr>"), std::string::npos);
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

TEST(Tables, AsCsvAreNumbersWithTheirNotes) {
  const Table table{"made",
                    "A title",
                    {"data", "acc % (n)"},
                    {{"1", {marked("CIFAR-10", {1}), mean_cell({3, 46.789, 0.512})}, {}},
                     {"2", {marked("x", {2, 1}), mean_cell({1, 5, std::nan("")})}, {}},
                     {"3", {"y", "missing"}, {}}},
                    {"as JPEG", "other"}};
  EXPECT_EQ(to_csv(table),
            "data,acc %,deviation of acc %,n,notes\r\nCIFAR-10,46.79,0.51,3,as JPEG\r\nx,5.00,,1,other; as JPEG\r\n"
            "y,missing,,,\r\n");
}

TEST(Tables, ARowThatLatexWouldTakeForAnArgumentIsGuarded) {
  const Table table{"made", "A title", {"x"}, {{"1", {"[a]"}, {}}}, {}};
  EXPECT_NE(to_latex(table).find("\n{}[a] "), std::string::npos) << to_latex(table);
}

}  // namespace
}  // namespace senet
