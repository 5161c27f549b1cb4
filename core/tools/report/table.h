#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/report/cells.h"
#include "tools/report/notes.h"

namespace senet {

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
    std::string unit;              // behind text or number
    std::optional<int64_t> relus;  // that the number was reached with, for other programs
    std::vector<size_t> marks;     // numbers of notes, from 1
    std::string addition;          // behind the marks
    bool best = false;             // of its column, by more than the error (TableMaker)
  };
  // A condition that is the same in all rows stands above them; a name tells rows apart.
  enum class Role { condition, name, value };
  struct Column {
    Column(std::string title, Role of_column = Role::value) : name(std::move(title)), role(of_column) {}
    Column(const char* title) : name(title) {}

    std::string name;  // "x (n)": of numbers over n results
    Role role = Role::value;
    std::string spread = "deviation";  // what stands behind ±
    bool highest_is_best = false;      // whose best is marked
  };
  struct Row {
    std::string id;  // "<table>/…", what `senet tables --explain` takes
    std::vector<Cell> cells;
    std::vector<const Result*> evidence;
    std::vector<std::string> doubts = {};  // why to doubt its numbers; marked in its first cell
    std::string group = "";                // rows of one group are compared
  };
  std::string name, title;
  std::vector<Column> columns;
  std::vector<Row> rows;
  std::vector<Note> notes;
  std::vector<std::string> remarks = {};  // on the whole table: sentences below it
};

Table::Column condition(const char* name);
Table::Column name_column(const char* name);
Table::Column accuracy_column(const std::string& name);  // whose highest is best

Table::Cell number_cell(double number, int digits, const std::string& unit = "");
Table::Cell count_cell(int64_t count);
Table::Cell mean_cell(const Summary& summary, const std::string& unit = "");
Table::Cell signed_cell(const Summary& summary);  // "+3.30", "−0.40 ± 0.12 (3)"

// As a reader sees it, the marks as "[1]".
std::string rendered(const Table::Cell& cell);
std::vector<std::string> rendered(const Table::Row& row);
// Text or number with its spread and unit, without marks; a number without n on demand.
std::string content_of(const Table::Cell& cell, bool with_count = true);

// The same table for readers of other programs. What a format would read as its own (|, <, &, %, quotes) is escaped.
// All but CSV are laid out for people (table_layout.h).
std::string to_markdown(const Table& table);
std::string to_latex(const Table& table);  // a table* with booktabs
// RFC 4180, every condition in every row. A column "x (n)" becomes three: mean, deviation and n; what notes say of a
// row stands in a last one. Numbers have neither units nor grouped digits; what is not known is empty.
std::string to_csv(const Table& table);
// Folds; a column is sorted by a click on its heading (page.cpp).
std::string to_html(const Table& table, bool open = true);
std::string to_text(const Table& table);  // for a terminal

std::string csv_line(const std::vector<std::string>& cells);
std::string html_escaped(const std::string& text);

}  // namespace senet
