#include "tools/report/table.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "config/joined.h"
#include "display/format.h"

namespace senet {

namespace {

// Each of some texts in place of another, in one pass from the left.
std::string replaced(const std::string& text, const std::vector<std::pair<std::string, std::string>>& replacements) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    bool found = false;
    for (const auto& [from, to] : replacements) {
      if (text.compare(at, from.size(), from) != 0) continue;
      out += to;
      at += from.size();
      found = true;
      break;
    }
    if (!found) out += text[at++];
  }
  return out;
}

std::string markdown_escaped(const std::string& text) {
  return replaced(text, {{"\\", "\\\\"},
                         {"|", "\\|"},
                         {"`", "\\`"},
                         {"*", "\\*"},
                         {"_", "\\_"},
                         {"[", "\\["},
                         {"]", "\\]"},
                         {"~", "\\~"},
                         {"$", "\\$"},
                         {"&", "&amp;"},
                         {"<", "&lt;"},
                         {"\n", " "}});
}

std::string latex_escaped(const std::string& text) {
  return replaced(text, {{"\\", "\\textbackslash{}"},
                         {"&", "\\&"},
                         {"%", "\\%"},
                         {"$", "\\$"},
                         {"#", "\\#"},
                         {"_", "\\_"},
                         {"{", "\\{"},
                         {"}", "\\}"},
                         {"~", "\\textasciitilde{}"},
                         {"^", "\\textasciicircum{}"},
                         {"<", "\\textless{}"},
                         {">", "\\textgreater{}"},
                         {"\"", "''"},
                         {"\n", " "},
                         {"×", "$\\times$"},
                         {"±", "$\\pm$"},
                         {"−", "$-$"},
                         {"–", "--"},
                         {"β", "$\\beta$"},
                         {"λ", "$\\lambda$"},
                         {"η", "$\\eta$"},
                         {"α", "$\\alpha$"}});
}

std::string csv_escaped(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  return "\"" + replaced(text, {{"\"", "\"\""}}) + "\"";
}

std::string line(const std::vector<std::string>& cells, std::string (*escaped)(const std::string&),
                 const std::string& between) {
  std::vector<std::string> texts;
  for (const std::string& cell : cells) texts.push_back(escaped(cell));
  return joined(texts, between);
}

std::string noted(size_t note) { return "[" + std::to_string(note) + "]"; }

// Each note behind its number, between two texts.
std::string lines_of_notes(const Table& table, const std::string& before, std::string (*escaped)(const std::string&),
                           const std::string& after) {
  std::string out;
  for (size_t i = 0; i < table.notes.size(); ++i) out += before + noted(i + 1) + " " + escaped(table.notes[i]) + after;
  return out;
}

std::string number_text(double number, int digits) {
  return digits > 0 || std::isnan(number) ? fixed(number, digits) : grouped(std::llround(number));
}

// Text or number with its unit, without marks.
std::string content_of(const Table::Cell& cell) {
  if (!cell.number) return cell.text + cell.unit;
  const auto& [n, mean, deviation] = *cell.number;
  std::string content = number_text(cell.with_sign ? std::abs(mean) : mean, cell.digits);
  if (cell.with_sign && !std::isnan(mean)) content.insert(0, mean < 0 ? "−" : "+");
  if (!std::isnan(deviation)) content += " ± " + number_text(deviation, cell.digits);
  return content + (n > 0 ? " (" + std::to_string(n) + ")" : "") + cell.unit;
}

constexpr const char* kCount = " (n)";

// Whether it becomes three columns; its name is without kCount then.
bool has_count(std::string& column) {
  const size_t at = column.rfind(kCount);
  if (at == std::string::npos || at == 0 || at + std::string(kCount).size() != column.size()) return false;
  column.resize(at);
  return true;
}

// Mean, deviation and n.
std::vector<std::string> parts_of(const Table::Cell& cell) {
  if (!cell.number || cell.number->n == 0) return {content_of(cell) + cell.addition, "", ""};
  return {number_text(cell.number->mean, cell.digits), number_text(cell.number->deviation, cell.digits),
          std::to_string(cell.number->n)};
}

}  // namespace

Table::Cell& Table::Cell::mark(size_t note) {
  if (note > 0) marks.push_back(note);
  return *this;
}

Table::Cell number_cell(double number, int digits, const std::string& unit) {
  Table::Cell cell = mean_cell({0, number, std::numeric_limits<double>::quiet_NaN()}, unit);
  cell.digits = digits;
  return cell;
}

Table::Cell count_cell(int64_t count) { return number_cell(static_cast<double>(count), 0); }

Table::Cell mean_cell(const Summary& summary, const std::string& unit) {
  Table::Cell cell("");
  cell.number = summary;
  cell.unit = unit;
  return cell;
}

Table::Cell signed_cell(const Summary& summary) {
  Table::Cell cell = mean_cell(summary);
  cell.with_sign = true;
  return cell;
}

std::string rendered(const Table::Cell& cell) {
  std::string all = content_of(cell);
  for (const size_t note : cell.marks) all += " " + noted(note);
  return all + cell.addition;
}

std::vector<std::string> rendered(const Table::Row& row) {
  std::vector<std::string> cells;
  for (const Table::Cell& cell : row.cells) cells.push_back(rendered(cell));
  return cells;
}

std::string html_escaped(const std::string& text) {
  return replaced(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string to_markdown(const Table& table) {
  std::string out = "**" + markdown_escaped(table.title) + "**\n\n";
  out += "| " + line(table.columns, markdown_escaped, " | ") + " |\n|";
  for (size_t i = 0; i < table.columns.size(); ++i) out += "---|";
  out += "\n";
  for (const Table::Row& row : table.rows) out += "| " + line(rendered(row), markdown_escaped, " | ") + " |\n";
  return out + lines_of_notes(table, "\n", markdown_escaped, "\n");
}

std::string to_latex(const Table& table) {
  std::string out = "% needs \\usepackage{booktabs}\n\\begin{table*}\n\\centering\n\\caption{" +
                    latex_escaped(table.title) + "}\n\\label{tab:" + slug(table.name) + "}\n\\begin{tabular}{" +
                    std::string(table.columns.size(), 'l') + "}\n\\toprule\n" +
                    line(table.columns, latex_escaped, " & ") + " \\\\\n\\midrule\n";
  for (const Table::Row& row : table.rows) {
    const std::string cells = line(rendered(row), latex_escaped, " & ");
    // Behind a line's end LaTeX takes these for an argument.
    const bool taken = !cells.empty() && (cells[0] == '[' || cells[0] == '*');
    out += (taken ? "{}" : "") + cells + " \\\\\n";
  }
  return out + "\\bottomrule\n\\end{tabular}\n" +
         lines_of_notes(table, "\n\\smallskip\\footnotesize ", latex_escaped, "\n") + "\\end{table*}\n";
}

std::string to_csv(const Table& table) {
  std::vector<std::string> columns;
  std::vector<bool> with_count;
  for (std::string column : table.columns) {
    with_count.push_back(has_count(column));
    columns.push_back(column);
    if (with_count.back()) columns.insert(columns.end(), {"deviation of " + column, "n"});
  }
  columns.push_back("notes");
  std::string out = line(columns, csv_escaped, ",") + "\r\n";
  for (const Table::Row& row : table.rows) {
    std::vector<std::string> cells, said;
    for (size_t i = 0; i < row.cells.size(); ++i) {
      const Table::Cell& cell = row.cells[i];
      const std::vector<std::string> parts = parts_of(cell);
      if (with_count[i]) {
        cells.insert(cells.end(), parts.begin(), parts.end());
      } else {
        cells.push_back(content_of(cell) + cell.addition);
      }
      std::vector<size_t> marks = cell.marks;
      std::sort(marks.rbegin(), marks.rend());
      for (const size_t note : marks) {
        const std::string& text = table.notes.at(note - 1);
        if (std::find(said.begin(), said.end(), text) == said.end()) said.push_back(text);
      }
    }
    cells.push_back(joined(said, "; "));
    out += line(cells, csv_escaped, ",") + "\r\n";
  }
  return out;
}

std::string to_html(const Table& table) {
  const auto row_of = [](const std::vector<std::string>& cells, const std::string& tag) {
    return "<tr><" + tag + ">" + line(cells, html_escaped, "</" + tag + "><" + tag + ">") + "</" + tag + "></tr>\n";
  };
  std::string out = "<div class=\"wide\"><table>\n<caption>" + html_escaped(table.title) + "</caption>\n<thead>" +
                    row_of(table.columns, "th") + "</thead>\n<tbody>\n";
  for (const Table::Row& row : table.rows) out += row_of(rendered(row), "td");
  return out + "</tbody></table></div>\n" + lines_of_notes(table, "<p class=\"note\">", html_escaped, "</p>\n");
}

std::string to_text(const Table& table) {
  std::vector<std::vector<std::string>> rows = {table.columns};
  for (const Table::Row& row : table.rows) rows.push_back(rendered(row));
  const auto plain = [](const std::string& text) { return text; };
  return table.title + "\n\n" + aligned(rows) + lines_of_notes(table, "", plain, "\n");
}

}  // namespace senet
