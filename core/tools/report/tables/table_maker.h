#pragma once

#include <string>
#include <vector>

#include "tools/report/evidence.h"
#include "tools/report/notes.h"
#include "tools/report/table.h"

namespace senet {

// A table while its rows are added, and what all kinds of tables have in common.
struct TableMaker {
  // Throws (exit code 2) when a note of the source is about none of its cells.
  TableMaker(const Source& source, const Evidence& evidence, std::vector<Table::Column> columns);

  const Source& source;
  const Evidence& evidence;
  const std::vector<MeasuredCell> cells;  // that the source asks for
  Table table;
  Notes notes;  // numbered in the order in which they are asked for

  // The name of a result's data set, marked with how its numbers are not the paper's.
  Table::Cell data(const Result& result);
  // What a cell is called, marked with what it changes of its method and with what the source says of it.
  Table::Cell label(const MeasuredCell& cell);
  std::string id_of(const MeasuredCell& cell) const;  // of a row
  void add(const std::string& id, std::vector<Table::Cell> row, std::vector<const Result*> results);
  // Says what a reader misses: each label of the source, and each of its budgets, that has no results.
  void say_what_was_not_run();
  // With its notes, without columns that nothing stands in. Each row's first cell is marked with why to doubt its
  // numbers (doubts.h), and where it was made in another way than the other rows of its data and model. Of a column
  // whose highest is best, that of each group is marked where it is ahead of every other row of the group by more than
  // twice the standard error of their difference, √(s₁²/n₁ + s₂²/n₂).
  Table finished();
};

}  // namespace senet
