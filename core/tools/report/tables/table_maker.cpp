#include "tools/report/tables/table_maker.h"

#include <algorithm>
#include <map>
#include <set>

#include "senet/error.h"

namespace senet {

namespace {

std::vector<std::string> texts_if_any(const Source& source, const char* option) {
  return source.options.has(option) ? source.texts(option) : std::vector<std::string>();
}

// What a note says where it is about a label: "label: text".
std::string about(const std::string& label, const std::string& note) {
  return note.rfind(label + ": ", 0) == 0 ? note.substr(label.size() + 2) : "";
}

}  // namespace

TableMaker::TableMaker(const Source& from, const Evidence& known, std::vector<std::string> columns)
    : source(from),
      evidence(known),
      cells(known.cells(from)),
      table{from.name, from.text("title"), std::move(columns), {}, {}} {
  std::vector<std::string> labels = source.texts("labels");
  for (const MeasuredCell& cell : cells) labels.push_back(cell.label());
  for (const std::string& note : texts_if_any(source, "notes")) {
    const bool known_label = labels.empty() || std::any_of(labels.begin(), labels.end(), [&](const std::string& label) {
                               return note.rfind(label + ": ", 0) == 0;
                             });
    if (!known_label)
      fail_usage(source.file.string(), ": the note '", note, "' does not begin with a cell's label and ': '");
  }
}

Table::Cell TableMaker::data(const Result& result) {
  Table::Cell cell = evidence.data_set(result).title;
  return cell.mark(notes.number(variant_of(result, evidence)));
}

Table::Cell TableMaker::label(const MeasuredCell& cell) {
  Table::Cell label = cell.label();
  label.mark(notes.number(changed_method(cell.first())));
  for (const std::string& note : texts_if_any(source, "notes")) {
    const std::string text = about(cell.label(), note);
    if (!text.empty()) return label.mark(notes.number(text));
  }
  return label;
}

std::string TableMaker::id_of(const MeasuredCell& cell) const {
  return source.name + "/" + slug(cell.first().folder()) + "/" + cell.id();
}

void TableMaker::add(const std::string& id, std::vector<Table::Cell> row, std::vector<const Result*> results) {
  table.rows.push_back({id, std::move(row), std::move(results)});
}

void TableMaker::add_missing() {
  const auto column = [&](const std::vector<const char*>& names) {
    for (const char* name : names) {
      const auto at = std::find(table.columns.begin(), table.columns.end(), name);
      if (at != table.columns.end()) return static_cast<size_t>(at - table.columns.begin());
    }
    return table.columns.size();
  };
  const size_t label_column = column({"method", "cell"}), budget_column = column({"budget"});
  const auto add_row = [&](const std::string& label, const std::string& budget) {
    std::vector<Table::Cell> row(table.columns.size(), kNone);
    row.at(label_column) = label;
    if (budget_column < row.size() && !budget.empty()) row[budget_column] = budget;
    row.back() = kMissing;
    add(source.name + "/missing/" + slug(label + " " + budget), std::move(row));
  };
  const std::vector<std::string> budgets = texts_if_any(source, "budgets");
  for (const std::string& label : source.texts("labels")) {
    std::set<std::string> there;
    for (const MeasuredCell& cell : cells) {
      if (cell.label() == label) there.insert(cell.budget());
    }
    if (there.empty() && budgets.empty()) add_row(label, "");
    for (const std::string& budget : budgets) {
      if (!there.count(budget)) add_row(label, budget);
    }
  }
}

Table TableMaker::finished() {
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
    for (const std::string& doubt : row.doubts) row.cells.front().mark(notes.number(doubt));
  }
  table.notes = notes.texts();
  // Where a source sets nothing beside what is published, the two columns for it go.
  if (table.columns.back() == kDifference &&
      std::all_of(table.rows.begin(), table.rows.end(), [](const Table::Row& row) {
        const Table::Cell& last = row.cells.back();
        return row.cells[row.cells.size() - 2].is(kNone) && (last.is(kNone) || last.is(kMissing));
      })) {
    table.columns.resize(table.columns.size() - 2);
    for (Table::Row& row : table.rows) {
      const bool missing = row.cells.back().is(kMissing);
      row.cells.resize(table.columns.size(), kNone);
      if (missing) row.cells.back() = kMissing;
    }
  }
  if (table.rows.empty()) {
    std::vector<Table::Cell> row(table.columns.size(), kNone);
    row.back() = kMissing;
    add(table.name + "/missing", std::move(row));
  }
  return std::move(table);
}

}  // namespace senet
