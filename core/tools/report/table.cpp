#include "tools/report/table.h"

#include <algorithm>

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

}  // namespace

std::string html_escaped(const std::string& text) {
  return replaced(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string to_markdown(const Table& table) {
  std::string out = "**" + markdown_escaped(table.title) + "**\n\n";
  out += "| " + line(table.columns, markdown_escaped, " | ") + " |\n|";
  for (size_t i = 0; i < table.columns.size(); ++i) out += "---|";
  out += "\n";
  for (const Table::Row& row : table.rows) out += "| " + line(row.cells, markdown_escaped, " | ") + " |\n";
  for (size_t i = 0; i < table.notes.size(); ++i) {
    out += "\n[" + std::to_string(i + 1) + "] " + markdown_escaped(table.notes[i]) + "\n";
  }
  return out;
}

std::string to_latex(const Table& table) {
  std::string out = "% needs \\usepackage{booktabs}\n\\begin{table*}\n\\centering\n\\caption{" +
                    latex_escaped(table.title) + "}\n\\label{tab:" + slug(table.name) + "}\n\\begin{tabular}{" +
                    std::string(table.columns.size(), 'l') + "}\n\\toprule\n" +
                    line(table.columns, latex_escaped, " & ") + " \\\\\n\\midrule\n";
  for (const Table::Row& row : table.rows) {
    const std::string cells = line(row.cells, latex_escaped, " & ");
    // Behind a line's end LaTeX takes these for an argument.
    const bool taken = !cells.empty() && (cells[0] == '[' || cells[0] == '*');
    out += (taken ? "{}" : "") + cells + " \\\\\n";
  }
  out += "\\bottomrule\n\\end{tabular}\n";
  for (size_t i = 0; i < table.notes.size(); ++i) {
    out += "\n\\smallskip\\footnotesize [" + std::to_string(i + 1) + "] " + latex_escaped(table.notes[i]) + "\n";
  }
  return out + "\\end{table*}\n";
}

namespace {

// "46.79 ± 0.51 (3)" as 46.79, 0.51, 3.
std::vector<std::string> parts_of(const std::string& cell) {
  const size_t count = cell.rfind(" ("), spread = cell.find(" ± ");
  if (count == std::string::npos || cell.back() != ')') return {cell, "", ""};
  const std::string n = cell.substr(count + 2, cell.size() - count - 3);
  if (spread == std::string::npos) return {cell.substr(0, count), "", n};
  const size_t deviation = spread + std::string(" ± ").size();
  return {cell.substr(0, spread), cell.substr(deviation, count - deviation), n};
}

bool has_count(const std::string& column) {
  return column.size() > 4 && column.compare(column.size() - 4, 4, " (n)") == 0;
}

// A cell without the marks at its end; what they stand for goes into `said`.
std::string without_marks(std::string cell, const Table& table, std::vector<std::string>& said) {
  for (size_t note = table.notes.size(); note > 0; --note) {
    const std::string mark = " [" + std::to_string(note) + "]";
    const size_t at = cell.find(mark);
    if (at == std::string::npos) continue;
    cell.erase(at, mark.size());
    if (std::find(said.begin(), said.end(), table.notes[note - 1]) == said.end()) said.push_back(table.notes[note - 1]);
  }
  return cell;
}

}  // namespace

std::string to_csv(const Table& table) {
  std::vector<std::string> columns;
  for (const std::string& column : table.columns) {
    const std::string name = has_count(column) ? column.substr(0, column.size() - 4) : column;
    columns.push_back(name);
    if (has_count(column)) columns.insert(columns.end(), {"deviation of " + name, "n"});
  }
  columns.push_back("notes");
  std::string out = line(columns, csv_escaped, ",") + "\r\n";
  for (const Table::Row& row : table.rows) {
    std::vector<std::string> cells, said;
    for (size_t i = 0; i < row.cells.size(); ++i) {
      const std::string cell = without_marks(row.cells[i], table, said);
      if (has_count(table.columns[i])) {
        for (const std::string& part : parts_of(cell)) cells.push_back(part);
      } else {
        cells.push_back(cell);
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
  for (const Table::Row& row : table.rows) out += row_of(row.cells, "td");
  out += "</tbody></table></div>\n";
  for (size_t i = 0; i < table.notes.size(); ++i) {
    out += "<p class=\"note\">[" + std::to_string(i + 1) + "] " + html_escaped(table.notes[i]) + "</p>\n";
  }
  return out;
}

std::string to_text(const Table& table) {
  std::vector<std::vector<std::string>> rows = {table.columns};
  for (const Table::Row& row : table.rows) rows.push_back(row.cells);
  std::string out = table.title + "\n\n" + aligned(rows);
  for (size_t i = 0; i < table.notes.size(); ++i) out += "[" + std::to_string(i + 1) + "] " + table.notes[i] + "\n";
  return out;
}

}  // namespace senet
