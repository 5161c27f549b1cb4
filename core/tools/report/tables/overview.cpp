#include <algorithm>
#include <cmath>
#include <map>

#include "config/format.h"
#include "tools/report/tables/rows.h"
#include "tools/report/tables/tables.h"

namespace senet {

// A row a method, a column a budget: accuracy, and the ReLUs counted where they are not the budget's.
Table overview_table(const Source& source, const Evidence& evidence) {
  const std::vector<MeasuredCell> cells = evidence.cells(source);
  check_notes(source, cells);
  std::vector<std::string> budgets = source.texts("budgets");
  if (budgets.empty()) {
    std::map<int64_t, std::string> ascending;
    for (const MeasuredCell& cell : cells) ascending.emplace(cell.first().at("budget").at("relus"), cell.budget());
    for (const auto& [relus, budget] : ascending) budgets.push_back(budget);
  }
  Table table{source.name, source.text("title"), {"data", "model", "ReLUs", "AR acc %", "method"}, {}, {}};
  for (const std::string& budget : budgets) table.columns.push_back("acc % (n) at " + budget);
  Notes notes;
  std::vector<std::vector<const MeasuredCell*>> rows;
  for (const MeasuredCell& cell : cells) {
    const auto same = [&](const auto& row) {
      return row[0]->label() == cell.label() && row[0]->data() == cell.data() &&
             variant(row[0]->first()) == variant(cell.first());
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
      const double relus = cell->over_seeds("result", "relus").mean;
      const auto asked = cell->first().at("budget").at("relus").get<double>();
      accuracies[static_cast<size_t>(at - budgets.begin())] =
          text_of(cell->over_seeds("result", "accuracy", 100), 2) +
          (std::llround(relus) == std::llround(asked) ? "" : " at " + grouped(std::llround(relus)));
      for (const Result* result : cell->results)
        teachers[result->json.at("seed").dump()] = 100 * result->json.at("teacher").at("accuracy").get<double>();
      results.insert(results.end(), cell->results.begin(), cell->results.end());
    }
    if (results.empty()) continue;
    std::vector<double> ar;
    for (const auto& [seed, accuracy] : teachers) ar.push_back(accuracy);
    std::vector<std::string> texts = {marked_data(*first.results.front(), evidence, notes), variant(first.first()),
                                      grouped(std::llround(first.over_seeds("teacher", "relus").mean)),
                                      text_of(summary(ar), 2), marked_label(first, source, notes)};
    texts.insert(texts.end(), accuracies.begin(), accuracies.end());
    table.rows.push_back({source.name + "/" + slug(first.experiment()) + "/" + slug(first.label()), std::move(texts),
                          std::move(results)});
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
