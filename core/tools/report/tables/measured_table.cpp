#include <algorithm>
#include <optional>

#include "config/joined.h"
#include "display/format.h"
#include "senet/error.h"
#include "tools/report/cost.h"
#include "tools/report/measurements.h"
#include "tools/report/tables/every_table.h"
#include "tools/report/tables/rows.h"

namespace senet {

namespace {

// Of a table's columns, those that a source names, in its order; a mark that follows a column's name is part of it.
void keep_columns(Table& table, const Source& source) {
  if (source.texts("columns").empty()) return;
  std::vector<size_t> kept;
  for (const std::string& name : source.texts("columns")) {
    const auto at = std::find_if(table.columns.begin(), table.columns.end(), [&](const std::string& column) {
      return column == name || column.rfind(name + " [", 0) == 0;
    });
    if (at == table.columns.end())
      fail_usage(source.file.string(), ": there is no column '", name, "'; there are: ", joined(table.columns, ", "));
    kept.push_back(static_cast<size_t>(at - table.columns.begin()));
  }
  const auto chosen = [&](const std::vector<std::string>& all) {
    std::vector<std::string> some;
    for (const size_t i : kept) some.push_back(all[i]);
    return some;
  };
  table.columns = chosen(table.columns);
  for (Table::Row& row : table.rows) row.cells = chosen(row.cells);
}

}  // namespace

// What a two-party engine needed for each network that was measured, and what a published cost of one ReLU promises.
Table measured_table(const Source& source, const Evidence& evidence) {
  Table table{
      source.name,
      source.text("title"),
      {"data", "cell", "budget", "seed", "acc %", "MACs, millions", "protocol", "masking", "comparisons",
       "of max-pooling", "ReLUs MB", "linear MB", "one inference MB", "linear share", "rounds", "LAN s", "WAN s"},
      {},
      {}};
  Notes notes;
  std::optional<CostProfile> promised;
  if (!source.text("profile").empty()) {
    promised = load_profile(source.file.parent_path() / source.text("profile"));
    table.columns.push_back(
        promised->name + " online s" +
        notes.mark("not measured here: " + promised->source +
                   "; its time of a ReLU times their number, of linear layers by multiply-accumulates"));
  }
  const std::vector<MeasuredCell> cells = evidence.cells(source);
  check_notes(source, cells);
  const std::vector<std::string>& budgets = source.texts("budgets");
  for (const MeasuredCell& cell : cells) {
    if (!budgets.empty() && std::find(budgets.begin(), budgets.end(), cell.budget()) == budgets.end()) continue;
    for (const Result* result : cell.results) {
      for (const Measurement& measured : measurements_of(*result)) {
        const Json& json = measured.json;
        const ResultWidth network = result->at_width(measured.width());
        const double total = measured.megabytes("linear") + measured.megabytes("relu") + measured.megabytes("max_pool");
        std::string caveats;
        for (const Json& caveat : json.value("caveats", Json::array()))
          caveats += (caveats.empty() ? "" : "; ") + caveat.get<std::string>();
        std::vector<std::string> row = {marked_data(*result, evidence, notes),
                                        marked_label(cell, source, notes) + measured.at_its_width(),
                                        cell.budget(),
                                        std::to_string(result->seed),
                                        fixed(100 * network.scores.accuracy, 2),
                                        fixed(1e-6 * static_cast<double>(network.macs), 2),
                                        json.at("protocol").get<std::string>() + notes.mark(caveats),
                                        json.at("masking").get<std::string>(),
                                        grouped(json.at("comparisons").at("relu").get<int64_t>()),
                                        grouped(json.at("comparisons").at("max_pool").get<int64_t>()),
                                        fixed(measured.megabytes("relu"), 2),
                                        fixed(measured.megabytes("linear"), 2),
                                        fixed(measured.total_megabytes(), 2),
                                        fixed(100 * measured.megabytes("linear") / total, 0) + " %",
                                        std::to_string(measured.whole().at("rounds").get<int64_t>()),
                                        fixed(measured.latency("LAN"), 2),
                                        fixed(measured.latency("WAN"), 2)};
        if (promised && measured.width() == 1) {
          const NetworkCost cost = cost_of(*result, *promised);
          row.push_back(fixed(cost.relus.online_seconds + cost.linear.online_seconds, 3));
        } else if (promised) {
          row.emplace_back(kNone);
        }
        table.rows.push_back({source.name + "/" + slug(result->folder()) + "/" + measured.file.stem().string(),
                              std::move(row),
                              {result}});
      }
    }
  }
  keep_columns(table, source);
  return finished(std::move(table), std::move(notes), evidence);
}

}  // namespace senet
