#include <algorithm>
#include <cmath>
#include <map>

#include "display/format.h"
#include "tools/report/tables/every_table.h"
#include "tools/report/tables/rows.h"

namespace senet {

// A row a method, a column a budget: accuracy, and the ReLUs counted where they are not the budget's.
Table overview_table(const Source& source, const Evidence& evidence) {
  const std::vector<MeasuredCell> cells = evidence.cells(source);
  check_notes(source, cells);
  std::vector<std::string> budgets = source.texts("budgets");
  if (budgets.empty()) {
    std::map<int64_t, std::string> ascending;
    for (const MeasuredCell& cell : cells) ascending.emplace(cell.first().budget, cell.budget());
    for (const auto& [relus, budget] : ascending) budgets.push_back(budget);
  }
  Table table{source.name, source.text("title"), {"data", "model", "ReLUs", "AR acc %", "method"}, {}, {}};
  for (const std::string& budget : budgets) table.columns.push_back("acc % (n) at " + budget);
  Notes notes;
  std::vector<std::vector<const MeasuredCell*>> rows;
  for (const MeasuredCell& cell : cells) {
    const auto same = [&](const auto& row) {
      return row[0]->label() == cell.label() && row[0]->data() == cell.data() && row[0]->variant() == cell.variant();
    };
    const auto at = std::find_if(rows.begin(), rows.end(), same);
    (at == rows.end() ? rows.emplace_back() : *at).push_back(&cell);
  }
  for (const std::vector<const MeasuredCell*>& row : rows) {
    const MeasuredCell& first = *row.front();
    std::map<std::string, double> teachers;  // by seed
    std::vector<const Result*> results;
    std::vector<std::string> accuracies(budgets.size(), kMissing);
    for (const MeasuredCell* cell : row) {
      const auto at = std::find(budgets.begin(), budgets.end(), cell->budget());
      if (at == budgets.end()) continue;
      const int64_t relus = cell->counted();
      accuracies[static_cast<size_t>(at - budgets.begin())] =
          text_of(cell->accuracy(), 2) + (relus == cell->first().budget ? "" : " at " + grouped(relus));
      for (const Result* result : cell->results)
        teachers[std::to_string(result->seed)] = 100 * result->teacher.accuracy;
      results.insert(results.end(), cell->results.begin(), cell->results.end());
    }
    if (results.empty()) continue;
    std::vector<double> ar;
    for (const auto& [seed, accuracy] : teachers) ar.push_back(accuracy);
    std::vector<std::string> texts = {marked_data(first.first(), evidence, notes), first.variant(),
                                      grouped(first.teacher_relus()), text_of(summary(ar), 2),
                                      marked_label(first, source, notes)};
    texts.insert(texts.end(), accuracies.begin(), accuracies.end());
    table.rows.push_back({source.name + "/" + slug(first.first().folder()) + "/" + slug(first.label()),
                          std::move(texts), std::move(results)});
  }
  for (const std::string& label : source.texts("labels")) {
    if (std::any_of(cells.begin(), cells.end(), [&](const MeasuredCell& cell) { return cell.label() == label; }))
      continue;
    std::vector<std::string> row(table.columns.size(), kMissing);
    std::fill(row.begin(), row.begin() + 4, kNone);
    row[4] = label;
    table.rows.push_back({source.name + "/missing/" + slug(label), std::move(row), {}});
  }
  return finished(std::move(table), std::move(notes), evidence);
}

}  // namespace senet
