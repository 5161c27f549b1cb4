#include "report/table.h"

#include <map>

#include "report/format.h"

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
  return replaced(text,
                  {{"\\", "\\\\"}, {"|", "\\|"}, {"`", "\\`"}, {"*", "\\*"}, {"_", "\\_"}, {"<", "&lt;"}, {"\n", " "}});
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
                         {"\"", "\\textquotedbl{}"},
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
  for (const Table::Row& row : table.rows) out += line(row.cells, latex_escaped, " & ") + " \\\\\n";
  out += "\\bottomrule\n\\end{tabular}\n";
  for (size_t i = 0; i < table.notes.size(); ++i) {
    out += "\n\\smallskip\\footnotesize [" + std::to_string(i + 1) + "] " + latex_escaped(table.notes[i]) + "\n";
  }
  return out + "\\end{table*}\n";
}

std::string to_csv(const Table& table) {
  std::string out = line(table.columns, csv_escaped, ",") + "\r\n";
  for (const Table::Row& row : table.rows) out += line(row.cells, csv_escaped, ",") + "\r\n";
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
