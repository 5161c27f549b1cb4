#pragma once

#include <string>
#include <vector>

#include "tools/report/evidence.h"
#include "tools/report/notes.h"
#include "tools/report/table.h"

namespace senet {

// What tables' rows have in common.

constexpr const char* kMissing = "missing";
constexpr const char* kNone = "–";
constexpr const char* kDifference = "difference";  // from the published accuracy

// Throws (exit code 2) when a note of the source is about no cell of it.
void check_notes(const Source& source, const std::vector<MeasuredCell>& cells);
// A row for each label of the source, and each of its budgets, that has no results: what is missing is shown.
void add_missing(Table& table, const Source& source, const std::vector<MeasuredCell>& cells);
// With its notes, without columns that nothing stands in, and never empty. Each row's first cell is marked with why to
// doubt its numbers (doubts.h), and where it was made in another way than the other rows of its data and model.
Table finished(Table table, Notes notes, const Evidence& evidence);

// How a cell is called in a table: with what it changes of its method, and what the source says of it.
std::string marked_label(const MeasuredCell& cell, const Source& source, Notes& notes);
std::string marked_data(const Result& result, const Evidence& evidence, Notes& notes);
std::string signed_points(double points, int digits = 2);           // "+3.30", "−0.40"; empty for NaN
std::string id_of(const Source& source, const MeasuredCell& cell);  // of a row, for --explain

}  // namespace senet
