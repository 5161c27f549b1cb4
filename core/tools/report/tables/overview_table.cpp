#include <algorithm>
#include <cmath>
#include <map>

#include "display/format.h"
#include "tools/report/table_kinds.h"
#include "tools/report/tables/table_maker.h"

namespace senet {

// A row a method, a column a budget: accuracy, and the ReLUs counted where they are not the budget's.
Table overview_table(const Source& source, const Evidence& evidence) {
  TableMaker maker(
      source, evidence,
      {condition("data"), condition("model"), condition("ReLUs"), condition("AR acc % (n)"), name_column("method")});
  std::vector<std::string> budgets = source.texts("budgets");
  if (budgets.empty()) {
    std::map<int64_t, std::string> ascending;
    for (const MeasuredCell& cell : maker.cells) ascending.emplace(cell.first().budget, cell.budget());
    for (const auto& [relus, budget] : ascending) budgets.push_back(budget);
  }
  for (const std::string& budget : budgets)
    maker.table.columns.push_back(accuracy_column("acc % at " + budget + " (n)"));
  std::vector<std::vector<const MeasuredCell*>> rows;
  for (const MeasuredCell& cell : maker.cells) {
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
    std::vector<Table::Cell> accuracies(budgets.size(), kNone);
    for (const MeasuredCell* cell : row) {
      const auto at = std::find(budgets.begin(), budgets.end(), cell->budget());
      if (at == budgets.end()) continue;
      const int64_t relus = cell->counted();
      Table::Cell& accuracy = accuracies[static_cast<size_t>(at - budgets.begin())];
      accuracy = mean_cell(cell->accuracy(), relus == cell->first().budget ? "" : " at " + grouped(relus));
      accuracy.relus = relus;
      for (const Result* result : cell->results)
        teachers[std::to_string(result->seed)] = 100 * result->teacher.accuracy;
      results.insert(results.end(), cell->results.begin(), cell->results.end());
    }
    if (results.empty()) continue;
    std::vector<double> ar;
    for (const auto& [seed, accuracy] : teachers) ar.push_back(accuracy);
    std::vector<Table::Cell> cells = {maker.data(first.first()), first.variant(), count_cell(first.teacher_relus()),
                                      mean_cell(summary(ar)), maker.label(first)};
    cells.insert(cells.end(), accuracies.begin(), accuracies.end());
    maker.add(source.name + "/" + slug(first.first().folder()) + "/" + slug(first.label()), std::move(cells),
              std::move(results));
  }
  maker.say_what_was_not_run();
  return maker.finished();
}

}  // namespace senet
