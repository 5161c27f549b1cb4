#pragma once

#include <string>
#include <vector>

#include "results/result.h"

namespace senet {

// A table of the paper or of a study: texts, and for each row the results that its numbers come from.
struct Table {
  struct Row {
    std::string id;  // "<table>/…", what `senet tables --explain` takes
    std::vector<std::string> cells;
    std::vector<const Result*> evidence;
    std::vector<std::string> doubts = {};  // why to doubt its numbers; marked in its first cell
  };
  std::string name, title;
  std::vector<std::string> columns;
  std::vector<Row> rows;
  std::vector<std::string> notes;  // note i is what "[i]" in a cell means, from 1
};

// The same table for readers of other programs. What a format would read as its own (|, <, &, %, quotes) is escaped.
std::string to_markdown(const Table& table);
std::string to_latex(const Table& table);  // a table* with booktabs
// RFC 4180. A column "x (n)" of "mean ± deviation (n)" becomes three, and what notes say of a row stands in a last one.
std::string to_csv(const Table& table);
std::string to_html(const Table& table);
std::string to_text(const Table& table);  // for a terminal

std::string html_escaped(const std::string& text);

}  // namespace senet
