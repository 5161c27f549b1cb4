#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/report/cells.h"

namespace senet {

constexpr const char* kMissing = "missing";
constexpr const char* kNone = "–";

// A table of the paper or of a study: values, and for each row the results that they come from.
struct Table {
  // What stands at one place: a text, or a number with its spread over n results.
  struct Cell {
    Cell(std::string said) : text(std::move(said)) {}
    Cell(const char* said) : text(said) {}

    Cell& mark(size_t note);  // 0: with nothing
    bool is(const char* said) const { return !number && text == said; }

    std::string text;               // where there is no number
    std::optional<Summary> number;  // n = 0: of no number of results; no spread where the deviation is NaN
    int digits = 2;                 // behind the point; 0: digits are grouped by thousands
    bool with_sign = false;
    std::string unit;           // behind text or number
    std::vector<size_t> marks;  // numbers of notes, from 1
    std::string addition;       // behind the marks
  };
  struct Row {
    std::string id;  // "<table>/…", what `senet tables --explain` takes
    std::vector<Cell> cells;
    std::vector<const Result*> evidence;
    std::vector<std::string> doubts = {};  // why to doubt its numbers; marked in its first cell
  };
  std::string name, title;
  std::vector<std::string> columns;
  std::vector<Row> rows;
  std::vector<std::string> notes;
};

Table::Cell number_cell(double number, int digits, const std::string& unit = "");
Table::Cell count_cell(int64_t count);
Table::Cell mean_cell(const Summary& summary, const std::string& unit = "");
Table::Cell signed_cell(const Summary& summary);  // "+3.30", "−0.40 ± 0.12 (3)"

// As a reader sees it, the marks as "[1]".
std::string rendered(const Table::Cell& cell);
std::vector<std::string> rendered(const Table::Row& row);

// The same table for readers of other programs. What a format would read as its own (|, <, &, %, quotes) is escaped.
std::string to_markdown(const Table& table);
std::string to_latex(const Table& table);  // a table* with booktabs
// RFC 4180. A column "x (n)" becomes three: mean, deviation and n; what notes say of a row stands in a last one.
std::string to_csv(const Table& table);
std::string to_html(const Table& table);
std::string to_text(const Table& table);  // for a terminal

std::string html_escaped(const std::string& text);

}  // namespace senet
