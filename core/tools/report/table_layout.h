#pragma once

#include <string>
#include <vector>

#include "tools/report/table.h"

namespace senet {

// A table as people read it: conditions and notes that all rows share stand once, above; notes that mark the same
// places are one; a number of results that a column shares stands in its heading.
struct TableLayout {
  struct Cell {
    std::string text;
    std::vector<size_t> marks;  // from 1
    std::string addition;
    bool best;
    double order;  // by which it is sorted; NaN where the text is
  };
  struct Column {
    std::string name;
    bool right;  // of numbers
  };
  struct Row {
    std::vector<Cell> cells;
    bool begins_group;  // of rows that are compared, after another group
  };
  std::vector<std::string> above;  // sentences
  std::vector<Column> columns;
  std::vector<Row> rows;
  std::vector<std::string> notes;
};

TableLayout layout_of(const Table& table);

// The name of a column "x (n)" without the ending; false for another.
bool take_count(std::string& column);

}  // namespace senet
