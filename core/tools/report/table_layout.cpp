#include "tools/report/table_layout.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "config/joined.h"

namespace senet {

namespace {

constexpr const char* kCount = " (n)";

// The places of each note: row and column.
using Places = std::set<std::pair<size_t, size_t>>;

bool same_in_all_rows(const Table& table, size_t column) {
  if (table.columns[column].role != Table::Role::condition || table.rows.size() < 2) return false;
  const std::string first = content_of(table.rows[0].cells[column]) + table.rows[0].cells[column].addition;
  return std::all_of(table.rows.begin(), table.rows.end(), [&](const Table::Row& row) {
    return content_of(row.cells[column]) + row.cells[column].addition == first;
  });
}

// Moves the marks of columns that are not shown to the rows' names, or to the first column that is.
void move_marks(Table& table, const std::vector<bool>& shown) {
  size_t to = table.columns.size();
  for (size_t c = table.columns.size(); c-- > 0;) {
    const bool named = to < table.columns.size() && table.columns[to].role == Table::Role::name;
    if (shown[c] && (table.columns[c].role == Table::Role::name || !named)) to = c;
  }
  for (Table::Row& row : table.rows) {
    for (size_t c = 0; c < row.cells.size(); ++c) {
      if (shown[c]) continue;
      std::vector<size_t>& marks = row.cells[to].marks;
      marks.insert(marks.end(), row.cells[c].marks.begin(), row.cells[c].marks.end());
      row.cells[c].marks.clear();
    }
  }
}

std::vector<Places> places_of_notes(const Table& table) {
  std::vector<Places> places(table.notes.size());
  for (size_t r = 0; r < table.rows.size(); ++r) {
    for (size_t c = 0; c < table.columns.size(); ++c) {
      for (const size_t note : table.rows[r].cells[c].marks) places.at(note - 1).emplace(r, c);
    }
  }
  return places;
}

// In every row, in one column.
bool is_everywhere(const Places& places, size_t rows) {
  return rows > 1 && places.size() == rows &&
         std::all_of(places.begin(), places.end(), [&](const auto& at) { return at.second == places.begin()->second; });
}

// What the numbers of a column are counted over where it is the same for all; 0 where it is not.
int64_t shared_count(const Table& table, size_t column) {
  std::set<int64_t> counts;
  for (const Table::Row& row : table.rows) {
    if (row.cells[column].number) counts.insert(row.cells[column].number->n);
  }
  return counts.size() == 1 ? *counts.begin() : 0;
}

bool is_of_numbers(const Table& table, size_t column) {
  if (table.columns[column].role == Table::Role::name) return false;
  return std::all_of(table.rows.begin(), table.rows.end(), [&](const Table::Row& row) {
    const Table::Cell& cell = row.cells[column];
    return cell.number || cell.is(kNone) || (!cell.text.empty() && cell.text[0] >= '0' && cell.text[0] <= '9');
  });
}

// Each note's new number, by places: notes that mark the same are one. Those of every row go above.
std::vector<size_t> joined_notes(const Table& table, TableLayout& layout) {
  const std::vector<Places> places = places_of_notes(table);
  std::vector<size_t> numbers(places.size(), 0);
  std::vector<Note> shared;
  std::vector<size_t> order;
  for (size_t i = 0; i < places.size(); ++i) {
    if (is_everywhere(places[i], table.rows.size())) {
      shared.push_back(table.notes[i]);
    } else if (!places[i].empty()) {
      order.push_back(i);
    }
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return *places[a].begin() < *places[b].begin(); });
  std::map<Places, size_t> known;
  std::vector<std::vector<Note>> texts;
  for (const size_t i : order) {
    const auto [at, added] = known.emplace(places[i], texts.size() + 1);
    if (added) texts.emplace_back();
    texts[at->second - 1].push_back(table.notes[i]);
    numbers[i] = at->second;
  }
  for (const std::vector<Note>& notes : texts) layout.notes.push_back(said(notes));
  if (!shared.empty()) layout.above.push_back(said(shared));
  return numbers;
}

TableLayout::Cell laid_out(const Table::Cell& cell, bool with_count, const std::vector<size_t>& numbers) {
  std::set<size_t> marks;
  for (const size_t note : cell.marks) {
    if (numbers[note - 1] > 0) marks.insert(numbers[note - 1]);
  }
  return {content_of(cell, with_count),
          {marks.begin(), marks.end()},
          cell.addition,
          cell.best,
          cell.number ? cell.number->mean : std::numeric_limits<double>::quiet_NaN()};
}

// Whether the rows of each group stand together.
bool are_grouped(const Table& table) {
  std::set<std::string> before;
  for (size_t r = 0; r < table.rows.size(); ++r) {
    if (r > 0 && table.rows[r].group == table.rows[r - 1].group) continue;
    if (!before.insert(table.rows[r].group).second) return false;
  }
  return before.size() < table.rows.size();
}

}  // namespace

bool take_count(std::string& column) {
  const size_t at = column.rfind(kCount);
  if (at == std::string::npos || at == 0 || at + std::string(kCount).size() != column.size()) return false;
  column.resize(at);
  return true;
}

TableLayout layout_of(const Table& made) {
  Table table = made;
  TableLayout layout;
  std::vector<bool> shown(table.columns.size());
  std::vector<std::string> conditions;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    shown[c] = !same_in_all_rows(table, c);
    const Table::Cell* cell = shown[c] ? nullptr : &table.rows[0].cells[c];
    if (!cell || cell->is(kNone)) continue;
    std::string name = table.columns[c].name;
    take_count(name);
    conditions.push_back(name + " " + content_of(*cell));
  }
  if (!conditions.empty()) layout.above.push_back("In all rows: " + joined(conditions, "; "));
  move_marks(table, shown);
  const std::vector<size_t> numbers = joined_notes(table, layout);
  std::vector<int64_t> counts(table.columns.size());
  for (size_t c = 0; c < table.columns.size(); ++c) {
    if (!shown[c]) continue;
    std::string name = table.columns[c].name;
    counts[c] = shared_count(table, c);
    if (counts[c] > 0) {
      take_count(name);
      name += " (n = " + std::to_string(counts[c]) + ")";
    }
    layout.columns.push_back({name, is_of_numbers(table, c)});
  }
  const bool grouped = are_grouped(table);
  for (size_t r = 0; r < table.rows.size(); ++r) {
    layout.rows.push_back({{}, grouped && r > 0 && table.rows[r].group != table.rows[r - 1].group});
    for (size_t c = 0; c < table.columns.size(); ++c) {
      if (shown[c]) layout.rows.back().cells.push_back(laid_out(table.rows[r].cells[c], counts[c] == 0, numbers));
    }
  }
  return layout;
}

}  // namespace senet
