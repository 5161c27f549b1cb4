#include "tools/report/table.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "config/joined.h"
#include "display/format.h"
#include "tools/report/replaced.h"
#include "tools/report/table_layout.h"

namespace senet {

namespace {

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
                         {"α", "$\\alpha$"},
                         {"β", "$\\beta$"},
                         {"γ", "$\\gamma$"},
                         {"δ", "$\\delta$"},
                         {"ε", "$\\varepsilon$"},
                         {"η", "$\\eta$"},
                         {"θ", "$\\theta$"},
                         {"κ", "$\\kappa$"},
                         {"λ", "$\\lambda$"},
                         {"μ", "$\\mu$"},
                         {"π", "$\\pi$"},
                         {"ρ", "$\\rho$"},
                         {"σ", "$\\sigma$"},
                         {"τ", "$\\tau$"},
                         {"φ", "$\\varphi$"},
                         {"ω", "$\\omega$"},
                         {"Δ", "$\\Delta$"},
                         {"Σ", "$\\Sigma$"},
                         {"≤", "$\\leq$"},
                         {"≥", "$\\geq$"},
                         {"≈", "$\\approx$"},
                         {"∞", "$\\infty$"},
                         {"→", "$\\rightarrow$"},
                         {"÷", "$\\div$"},
                         {"√", "$\\surd$"},
                         {"²", "\\textsuperscript{2}"}});
}

std::string csv_escaped(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  return "\"" + replaced(text, {{"\"", "\"\""}}) + "\"";
}

using Escape = std::string (*)(const std::string&);

std::string plain(const std::string& text) { return text; }

std::string line(const std::vector<std::string>& cells, Escape escaped, const std::string& between) {
  std::vector<std::string> texts;
  for (const std::string& cell : cells) texts.push_back(escaped(cell));
  return joined(texts, between);
}

std::string noted(size_t note) { return "[" + std::to_string(note) + "]"; }

std::string number_text(double number, int digits) {
  return digits > 0 || std::isnan(number) ? fixed(number, digits) : grouped(std::llround(number));
}

// For other programs.
std::string plain_number(double number, int digits) {
  return digits > 0 || std::isnan(number) ? fixed(number, digits) : std::to_string(std::llround(number));
}

bool has_relus(const Table& table, size_t column) {
  return std::any_of(table.rows.begin(), table.rows.end(),
                     [&](const Table::Row& row) { return row.cells[column].relus.has_value(); });
}

// Of a column "x (n)", its mean, deviation and n; with the ReLUs where the column has them.
std::vector<std::string> parts_of(const Table::Cell& cell, bool with_count, bool with_relus) {
  std::vector<std::string> parts;
  if (cell.number) {
    parts.push_back(plain_number(cell.number->mean, cell.digits));
  } else {
    parts.push_back(cell.is(kNone) ? "" : cell.text + cell.unit + cell.addition);
  }
  const bool counted = cell.number && cell.number->n > 0;
  if (with_count) {
    parts.push_back(counted ? plain_number(cell.number->deviation, cell.digits) : "");
    parts.push_back(counted ? std::to_string(cell.number->n) : "");
  }
  if (with_relus) parts.push_back(cell.relus ? std::to_string(*cell.relus) : "");
  return parts;
}

// A cell as a format has it: what is best between two texts, its marks by a function.
std::string laid_out(const TableLayout::Cell& cell, Escape escaped, const std::pair<std::string, std::string>& best,
                     const std::pair<std::string, std::string>& mark,
                     const std::pair<std::string, std::string>& addition = {}) {
  std::string text = escaped(cell.text);
  if (cell.best) text = best.first + text + best.second;
  std::vector<std::string> marks;
  for (const size_t note : cell.marks) marks.push_back(std::to_string(note));
  if (!marks.empty()) text += mark.first + joined(marks, ",") + mark.second;
  return cell.addition.empty() ? text : text + addition.first + escaped(cell.addition) + addition.second;
}

std::vector<std::string> names_of(const TableLayout& layout) {
  std::vector<std::string> names;
  for (const TableLayout::Column& column : layout.columns) names.push_back(column.name);
  return names;
}

// How many columns a text takes on a terminal: one a character of UTF-8.
size_t width_of(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// A heading in lines of a dozen letters, so that its column need not be wide.
std::vector<std::string> lines_of_heading(const std::string& name) {
  constexpr size_t kLetters = 12;
  std::vector<std::string> lines;
  for (size_t at = 0; at < name.size();) {
    size_t end = name.compare(at, 2, "(n") == 0 ? std::string::npos : name.find(' ', at);  // "(n = 3)" is one word
    if (end == std::string::npos) end = name.size();
    const std::string word = name.substr(at, end - at);
    if (lines.empty() || lines.back().size() + 1 + word.size() > kLetters) {
      lines.push_back(word);
    } else {
      lines.back() += " " + word;
    }
    at = end + 1;
  }
  return lines;
}

std::string stacked(const TableLayout::Column& column) {
  const std::vector<std::string> lines = lines_of_heading(column.name);
  if (lines.size() < 2) return latex_escaped(column.name);
  return std::string("\\shortstack[") + (column.right ? "r" : "l") + "]{" + line(lines, latex_escaped, "\\\\") + "}";
}

// How many letters the columns take beside each other, with the spaces between them.
size_t letters_across(const TableLayout& layout) {
  size_t letters = 0;
  for (size_t c = 0; c < layout.columns.size(); ++c) {
    size_t widest = 0;
    for (const std::string& heading : lines_of_heading(layout.columns[c].name))
      widest = std::max(widest, width_of(heading));
    for (const TableLayout::Row& row : layout.rows)
      widest = std::max(widest, width_of(row.cells[c].text + row.cells[c].addition) + row.cells[c].marks.size());
    letters += widest + 2;
  }
  return letters;
}

// What stands before and behind a tabular of so many letters, so that it fits on a page.
std::pair<std::string, std::string> fitted(size_t letters) {
  if (letters <= 90) return {"\\small\n", ""};
  if (letters <= 105) return {"\\footnotesize\n", ""};
  if (letters <= 125) return {"\\scriptsize\\setlength{\\tabcolsep}{2.5pt}\n", ""};
  if (letters <= 140) return {"\\tiny\\setlength{\\tabcolsep}{1.5pt}\n", ""};
  return {"\\tiny\\setlength{\\tabcolsep}{1.5pt}\n\\resizebox{\\textwidth}{!}{%\n", "}"};
}

std::string rows_html(const TableLayout& layout) {
  std::string out = "<div class=\"wide\"><table>\n<thead><tr>";
  for (const TableLayout::Column& column : layout.columns)
    out += std::string("<th scope=\"col\"") + (column.right ? " class=\"number\"" : "") + "><button type=\"button\">" +
           html_escaped(column.name) + "</button></th>";
  out += "</tr></thead>\n<tbody>\n";
  for (const TableLayout::Row& row : layout.rows) {
    out += row.begins_group ? "<tr class=\"group\">" : "<tr>";
    for (size_t c = 0; c < row.cells.size(); ++c) {
      const TableLayout::Cell& cell = row.cells[c];
      out += std::string("<td") + (layout.columns[c].right ? " class=\"number\"" : "") +
             (std::isnan(cell.order) ? "" : " data-order=\"" + fixed(cell.order, 6) + "\"") + ">" +
             laid_out(cell, html_escaped, {"<b>", "</b>"}, {"<sup>", "</sup>"}, {"<small>", "</small>"}) + "</td>";
    }
    out += "</tr>\n";
  }
  out += "</tbody></table></div>\n";
  return out;
}

constexpr const char* kEmpty = "Nothing has been measured for this table.";

}  // namespace

std::string content_of(const Table::Cell& cell, bool with_count) {
  if (!cell.number) return cell.text + cell.unit;
  const auto& [n, mean, deviation] = *cell.number;
  std::string content = number_text(cell.with_sign ? std::abs(mean) : mean, cell.digits);
  if (cell.with_sign && !std::isnan(mean)) content.insert(0, mean < 0 ? "−" : "+");
  if (!std::isnan(deviation)) content += " ± " + number_text(deviation, cell.digits);
  return content + (n > 0 && with_count ? " (" + std::to_string(n) + ")" : "") + cell.unit;
}

Table::Cell& Table::Cell::mark(size_t note) {
  if (note > 0) marks.push_back(note);
  return *this;
}

Table::Column condition(const char* name) { return {name, Table::Role::condition}; }

Table::Column name_column(const char* name) { return {name, Table::Role::name}; }

Table::Column accuracy_column(const std::string& name) {
  Table::Column column(name);
  column.highest_is_best = true;
  return column;
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

std::string csv_line(const std::vector<std::string>& cells) { return line(cells, csv_escaped, ",") + "\r\n"; }

std::string html_escaped(const std::string& text) {
  return replaced(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string to_markdown(const Table& table) {
  const TableLayout layout = layout_of(table);
  std::string out = "**" + markdown_escaped(table.title) + "**\n";
  for (const std::string& sentence : layout.above) out += "\n" + markdown_escaped(sentence) + ".\n";
  if (layout.rows.empty()) {
    out += std::string("\n") + kEmpty + "\n";
  } else {
    out += "\n| " + line(names_of(layout), markdown_escaped, " | ") + " |\n|";
    for (const TableLayout::Column& column : layout.columns) out += column.right ? "--:|" : ":--|";
    out += "\n";
  }
  for (const TableLayout::Row& row : layout.rows) {
    std::vector<std::string> cells;
    for (const TableLayout::Cell& cell : row.cells)
      cells.push_back(laid_out(cell, markdown_escaped, {"**", "**"}, {" <sup>", "</sup>"}));
    out += "| " + joined(cells, " | ") + " |\n";
  }
  for (size_t i = 0; i < layout.notes.size(); ++i)
    out += (i == 0 ? "\n" : "") + std::to_string(i + 1) + ". " + markdown_escaped(layout.notes[i]) + "\n";
  for (const std::string& remark : table.remarks) out += "\n" + markdown_escaped(remark) + "\n";
  return out;
}

std::string to_latex(const Table& table) {
  const TableLayout layout = layout_of(table);
  std::string alignment, caption = latex_escaped(table.title) + ".";
  std::vector<std::string> headings;
  for (const TableLayout::Column& column : layout.columns) {
    alignment += column.right ? 'r' : 'l';
    headings.push_back(stacked(column));
  }
  for (const std::string& sentence : layout.above) caption += " " + latex_escaped(sentence) + ".";
  if (layout.rows.empty()) return "% " + latex_escaped(table.title) + ": " + kEmpty + "\n";
  const auto [before, behind] = fitted(letters_across(layout));
  std::string out = std::string("% needs \\usepackage{booktabs}") +
                    (behind.empty() ? "" : " and \\usepackage{graphicx}") +
                    "\n\\begin{table*}\n\\centering\n\\caption{" + caption + "}\n\\label{tab:" + slug(table.name) +
                    "}\n\\smallskip\n" + before + "\\begin{tabular}{" + alignment + "}\n\\toprule\n" +
                    joined(headings, " & ") + " \\\\\n\\midrule\n";
  for (const TableLayout::Row& row : layout.rows) {
    std::vector<std::string> cells;
    for (const TableLayout::Cell& cell : row.cells)
      cells.push_back(laid_out(cell, latex_escaped, {"\\textbf{", "}"}, {"\\textsuperscript{", "}"}));
    // Behind a line's end LaTeX takes these for an argument.
    const bool taken = !cells[0].empty() && (cells[0][0] == '[' || cells[0][0] == '*');
    out += std::string(row.begins_group ? "\\midrule\n" : "") + (taken ? "{}" : "") + joined(cells, " & ") + " \\\\\n";
  }
  out += "\\bottomrule\n\\end{tabular}" + behind + "\n";
  std::vector<std::string> below;
  for (size_t i = 0; i < layout.notes.size(); ++i)
    below.push_back("\\textsuperscript{" + std::to_string(i + 1) + "}\\," + latex_escaped(layout.notes[i]) + ".");
  for (const std::string& remark : table.remarks) below.push_back(latex_escaped(remark));
  if (!below.empty()) {
    out +=
        "\n\\smallskip\n\\begin{minipage}{\\textwidth}\\footnotesize\n" + joined(below, "\n\n") + "\n\\end{minipage}\n";
  }
  return out + "\\end{table*}\n";
}

std::string to_csv(const Table& table) {
  std::vector<std::string> columns;
  std::vector<bool> with_count;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    std::string name = table.columns[c].name;
    with_count.push_back(take_count(name));
    columns.push_back(name);
    if (with_count.back()) columns.insert(columns.end(), {table.columns[c].spread + " of " + name, "n of " + name});
    if (has_relus(table, c)) columns.push_back("ReLUs of " + name);
  }
  columns.push_back("notes");
  std::string out = csv_line(columns);
  for (const Table::Row& row : table.rows) {
    std::vector<std::string> cells;
    std::vector<Note> notes;
    for (size_t c = 0; c < row.cells.size(); ++c) {
      const std::vector<std::string> parts = parts_of(row.cells[c], with_count[c], has_relus(table, c));
      cells.insert(cells.end(), parts.begin(), parts.end());
      for (const size_t note : row.cells[c].marks) {
        const Note& text = table.notes.at(note - 1);
        if (std::find(notes.begin(), notes.end(), text) == notes.end()) notes.push_back(text);
      }
    }
    cells.push_back(said(notes));
    out += csv_line(cells);
  }
  return out;
}

std::string to_html(const Table& table, bool open) {
  const TableLayout layout = layout_of(table);
  const auto paragraph = [](const std::string& inner) { return "<p class=\"note\">" + inner + "</p>\n"; };
  std::string out = "<details class=\"table\" id=\"table-" + slug(table.name) + "\"" + (open ? " open" : "") +
                    "><summary>" + html_escaped(table.title) + "</summary>\n";
  for (const std::string& sentence : layout.above) out += paragraph(html_escaped(sentence) + ".");
  out += layout.rows.empty() ? paragraph(kEmpty) : rows_html(layout);
  if (!layout.notes.empty()) {
    out += "<ol class=\"note\">\n";
    for (const std::string& note : layout.notes) out += "<li>" + html_escaped(note) + "</li>\n";
    out += "</ol>\n";
  }
  for (const std::string& remark : table.remarks) out += paragraph(html_escaped(remark));
  return out + "</details>\n";
}

std::string to_text(const Table& table) {
  const TableLayout layout = layout_of(table);
  std::vector<std::vector<std::string>> rows = {names_of(layout)};
  const bool any_best = std::any_of(table.rows.begin(), table.rows.end(), [](const Table::Row& row) {
    return std::any_of(row.cells.begin(), row.cells.end(), [](const Table::Cell& cell) { return cell.best; });
  });
  for (const TableLayout::Row& row : layout.rows) {
    rows.emplace_back();
    for (size_t c = 0; c < row.cells.size(); ++c) {
      const bool unmarked = any_best && layout.columns[c].right && !row.cells[c].best;
      rows.back().push_back(laid_out(row.cells[c], plain, {"", "*"}, {" [", "]"}) + (unmarked ? " " : ""));
    }
  }
  for (size_t c = 0; c < layout.columns.size(); ++c) {
    if (!layout.columns[c].right) continue;
    size_t width = 0;
    for (const auto& row : rows) width = std::max(width, width_of(row[c]));
    for (auto& row : rows) row[c].insert(0, width - width_of(row[c]), ' ');
  }
  std::string out = table.title + "\n";
  for (const std::string& sentence : layout.above) out += sentence + ".\n";
  out += "\n" + (layout.rows.empty() ? std::string(kEmpty) + "\n" : aligned(rows));
  for (size_t i = 0; i < layout.notes.size(); ++i) out += noted(i + 1) + " " + layout.notes[i] + "\n";
  for (const std::string& remark : table.remarks) out += remark + "\n";
  return out;
}

}  // namespace senet
