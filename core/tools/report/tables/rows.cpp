#include "tools/report/tables/rows.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "display/format.h"
#include "senet/error.h"

namespace senet {

namespace {

// "label: text" of a source's notes.
std::string note_of(const Source& source, const std::string& label) {
  for (const std::string& note : source.texts("notes")) {
    if (note.rfind(label + ": ", 0) == 0) return note.substr(label.size() + 2);
  }
  return "";
}

}  // namespace

void check_notes(const Source& source, const std::vector<MeasuredCell>& cells) {
  std::vector<std::string> labels = source.texts("labels");
  for (const MeasuredCell& cell : cells) labels.push_back(cell.label());
  for (const std::string& note : source.texts("notes")) {
    const bool known = labels.empty() || std::any_of(labels.begin(), labels.end(), [&](const std::string& label) {
                         return note.rfind(label + ": ", 0) == 0;
                       });
    if (!known) fail_usage(source.file.string(), ": the note '", note, "' does not begin with a cell's label and ': '");
  }
}

void add_missing(Table& table, const Source& source, const std::vector<MeasuredCell>& cells) {
  const auto column = [&](const std::vector<const char*>& names) {
    for (const char* name : names) {
      const auto at = std::find(table.columns.begin(), table.columns.end(), name);
      if (at != table.columns.end()) return static_cast<size_t>(at - table.columns.begin());
    }
    return table.columns.size();
  };
  const size_t label_column = column({"method", "cell"}), budget_column = column({"budget"});
  const auto add = [&](const std::string& label, const std::string& budget) {
    std::vector<std::string> row(table.columns.size(), kNone);
    row.at(label_column) = label;
    if (budget_column < row.size()) row[budget_column] = budget.empty() ? kNone : budget;
    row.back() = kMissing;
    table.rows.push_back({source.name + "/missing/" + slug(label + " " + budget), std::move(row), {}});
  };
  const std::vector<std::string> budgets =
      source.options.has("budgets") ? source.texts("budgets") : std::vector<std::string>();
  for (const std::string& label : source.texts("labels")) {
    std::set<std::string> there;
    for (const MeasuredCell& cell : cells) {
      if (cell.label() == label) there.insert(cell.budget());
    }
    if (there.empty() && budgets.empty()) add(label, "");
    for (const std::string& budget : budgets) {
      if (!there.count(budget)) add(label, budget);
    }
  }
}

Table finished(Table table, Notes notes, const Evidence& evidence) {
  // Rows of the same data and model are compared.
  std::map<std::pair<std::string, std::string>, std::vector<const Result*>> compared;
  const auto group = [&](const Table::Row& row) -> std::vector<const Result*>& {
    const MeasuredCell cell{row.evidence};
    return compared[{cell.data(), cell.variant()}];
  };
  for (const Table::Row& row : table.rows) {
    if (!row.evidence.empty()) group(row).insert(group(row).end(), row.evidence.begin(), row.evidence.end());
  }
  for (Table::Row& row : table.rows) {
    if (row.evidence.empty()) continue;
    row.doubts = evidence.doubts(row.evidence);
    const std::string between = doubt_between(environment_fields(row.evidence), environment_fields(group(row)));
    if (!between.empty()) row.doubts.push_back(between);
    for (const std::string& doubt : row.doubts) row.cells.front() += notes.mark(doubt);
  }
  table.notes = notes.texts();
  // Where a source sets nothing beside what is published, the two columns for it go.
  if (table.columns.back() == kDifference &&
      std::all_of(table.rows.begin(), table.rows.end(), [](const Table::Row& row) {
        const std::string& last = row.cells.back();
        return row.cells[row.cells.size() - 2] == kNone && (last == kNone || last == kMissing);
      })) {
    table.columns.resize(table.columns.size() - 2);
    for (Table::Row& row : table.rows) {
      const std::string last = row.cells.back();
      row.cells.resize(table.columns.size());
      if (last == kMissing) row.cells.back() = last;
    }
  }
  if (!table.rows.empty()) return table;
  std::vector<std::string> row(table.columns.size(), kNone);
  row.back() = kMissing;
  table.rows.push_back({table.name + "/missing", std::move(row), {}});
  return table;
}

std::string marked_label(const MeasuredCell& cell, const Source& source, Notes& notes) {
  std::string label = cell.label() + notes.mark(changed_method(cell.first()));
  if (source.options.has("notes")) label += notes.mark(note_of(source, cell.label()));
  return label;
}

std::string marked_data(const Result& result, const Evidence& evidence, Notes& notes) {
  return evidence.data_set(result).title + notes.mark(variant_of(result, evidence));
}

std::string signed_points(double points, int digits) {
  return std::isnan(points) ? "" : (points < 0 ? "−" : "+") + fixed(std::abs(points), digits);
}

std::string id_of(const Source& source, const MeasuredCell& cell) {
  return source.name + "/" + slug(cell.first().folder()) + "/" + cell.id();
}

}  // namespace senet
