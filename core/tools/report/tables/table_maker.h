#pragma once

#include <string>
#include <vector>

#include "tools/report/evidence.h"
#include "tools/report/notes.h"
#include "tools/report/table.h"

namespace senet {

constexpr const char* kDifference = "difference";  // from the published accuracy: the last column, where there is one

// A table while its rows are added, and what all kinds of tables have in common.
struct TableMaker {
  // Throws (exit code 2) when a note of the source is about none of its cells.
  TableMaker(const Source& source, const Evidence& evidence, std::vector<std::string> columns);

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
  void add(const std::string& id, std::vector<Table::Cell> row, std::vector<const Result*> results = {});
  // A row for each label of the source, and each of its budgets, that has no results: what is missing is shown.
  void add_missing();
  // With its notes, without columns that nothing stands in, and never empty. Each row's first cell is marked with why
  // to doubt its numbers (doubts.h), and where it was made in another way than the other rows of its data and model.
  Table finished();
};

}  // namespace senet
