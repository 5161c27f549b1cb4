#include "tools/report/tables/table_maker.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "config/joined.h"
#include "senet/error.h"

namespace senet {

namespace {

// Marks the best of each group in a column where it is ahead by more than the error; whether there is one.
bool mark_best(Table& table, size_t column) {
  if (!table.columns[column].highest_is_best) return false;
  std::map<std::string, std::vector<Table::Row*>> groups;
  for (Table::Row& row : table.rows) {
    if (row.cells[column].number) groups[row.group].push_back(&row);
  }
  bool any = false;
  for (const auto& [name, rows] : groups) {
    const auto best = *std::max_element(rows.begin(), rows.end(), [&](const Table::Row* a, const Table::Row* b) {
      return a->cells[column].number->mean < b->cells[column].number->mean;
    });
    size_t behind = 0;
    bool ahead = true;
    for (const Table::Row* row : rows) {
      if (row->evidence.front() == best->evidence.front()) continue;  // the same cell against another
      const Summary &first = *best->cells[column].number, &other = *row->cells[column].number;
      const auto variance = [](const Summary& of) { return of.deviation * of.deviation / static_cast<double>(of.n); };
      ++behind;
      ahead = ahead && first.mean - other.mean > 2 * std::sqrt(variance(first) + variance(other));  // false for NaN
    }
    if (!ahead || behind == 0) continue;
    best->cells[column].best = any = true;
  }
  return any;
}

// Those in which no row says anything, but for the one that names rows.
void remove_empty_columns(Table& table) {
  for (size_t c = table.columns.size(); c-- > 0;) {
    const bool empty =
        !table.rows.empty() && table.columns[c].role != Table::Role::name &&
        std::all_of(table.rows.begin(), table.rows.end(), [&](const auto& row) { return row.cells[c].is(kNone); });
    if (!empty) continue;
    table.columns.erase(table.columns.begin() + static_cast<std::ptrdiff_t>(c));
    for (Table::Row& row : table.rows) row.cells.erase(row.cells.begin() + static_cast<std::ptrdiff_t>(c));
  }
}

}  // namespace

TableMaker::TableMaker(const Source& from, const Evidence& known, std::vector<Table::Column> columns)
    : source(from),
      evidence(known),
      cells(known.cells(from)),
      table{from.name, from.text("title"), std::move(columns), {}, {}} {
  std::vector<std::string> labels = source.texts("labels");
  for (const MeasuredCell& cell : cells) labels.push_back(cell.label());
  for (const std::string& note : source.texts_if_any("notes")) {
    const bool known_label = labels.empty() || std::any_of(labels.begin(), labels.end(), [&](const std::string& label) {
                               return note.rfind(label + ": ", 0) == 0;
                             });
    if (!known_label)
      fail_usage(source.file.string(), ": the note '", note, "' does not begin with a cell's label and ': '");
  }
}

Table::Cell TableMaker::data(const Result& result) {
  Table::Cell cell = evidence.data_set(result).title;
  for (const Note& note : departures_of(result, evidence)) cell.mark(notes.number(note));
  return cell;
}

Table::Cell TableMaker::label(const MeasuredCell& cell) {
  Table::Cell label = cell.label();
  for (const std::string& section : changed_method(cell.first())) label.mark(notes.number(section));
  for (const std::string& text : source.of_label("notes", cell.label())) label.mark(notes.number(text));
  return label;
}

std::string TableMaker::id_of(const MeasuredCell& cell) const {
  return source.name + "/" + slug(cell.first().folder()) + "/" + cell.id();
}

void TableMaker::add(const std::string& id, std::vector<Table::Cell> row, std::vector<const Result*> results) {
  table.rows.push_back({id, std::move(row), std::move(results)});
}

void TableMaker::say_what_was_not_run() {
  std::vector<std::string> missing;
  const std::vector<std::string> budgets = source.texts_if_any("budgets");
  for (const std::string& label : source.texts("labels")) {
    std::set<std::string> there;
    for (const MeasuredCell& cell : cells) {
      if (cell.label() == label) there.insert(cell.budget());
    }
    std::vector<std::string> without;
    std::copy_if(budgets.begin(), budgets.end(), std::back_inserter(without),
                 [&](const std::string& budget) { return there.count(budget) == 0; });
    if (there.empty()) {
      missing.push_back(label);
    } else if (!without.empty()) {
      missing.push_back(label + " at " + joined(without, ", "));
    }
  }
  if (!missing.empty()) table.remarks.push_back("Not run: " + joined(missing, "; ") + ".");
}

Table TableMaker::finished() {
  std::map<std::string, std::vector<const Result*>> compared;  // rows of the same data and model
  const auto data_and_model = [](const Table::Row& row) {
    const MeasuredCell cell{row.evidence};
    return cell.data() + " " + cell.variant();
  };
  const bool of_budgets = std::any_of(table.columns.begin(), table.columns.end(),
                                      [](const Table::Column& column) { return column.name == "budget"; });
  for (Table::Row& row : table.rows) {
    std::vector<const Result*>& all = compared[data_and_model(row)];
    all.insert(all.end(), row.evidence.begin(), row.evidence.end());
    row.group = data_and_model(row) + (of_budgets ? " " + row.evidence.front()->budget_asked : "");
  }
  for (Table::Row& row : table.rows) {
    row.doubts = evidence.doubts(row.evidence);
    const std::string between =
        doubt_between(environment_fields(row.evidence), environment_fields(compared.at(data_and_model(row))));
    if (!between.empty()) row.doubts.push_back(between);
    for (const std::string& doubt : row.doubts) row.cells.front().mark(notes.number(doubt));
  }
  bool any_best = false;
  for (size_t c = 0; c < table.columns.size(); ++c) any_best = mark_best(table, c) || any_best;
  if (any_best)
    table.remarks.emplace_back("The best of a column is marked where it is ahead of every other row" +
                               std::string(of_budgets ? " of its budget" : "") +
                               " by more than twice the standard error of their difference.");
  table.notes = notes.all();
  remove_empty_columns(table);
  return std::move(table);
}

}  // namespace senet
