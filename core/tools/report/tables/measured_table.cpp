#include <algorithm>
#include <cmath>
#include <optional>

#include "config/joined.h"
#include "senet/error.h"
#include "tools/report/cost.h"
#include "tools/report/measurements.h"
#include "tools/report/table_kinds.h"
#include "tools/report/tables/table_maker.h"

namespace senet {

namespace {

// Of a table's columns, those that a source names, in its order.
void keep_columns(Table& table, const Source& source) {
  if (source.texts("columns").empty()) return;
  std::vector<size_t> kept;
  for (const std::string& name : source.texts("columns")) {
    const auto at = std::find_if(table.columns.begin(), table.columns.end(),
                                 [&](const Table::Column& column) { return column.name == name; });
    if (at == table.columns.end()) {
      std::vector<std::string> names;
      for (const Table::Column& column : table.columns) names.push_back(column.name);
      fail_usage(source.file.string(), ": there is no column '", name, "'; there are: ", joined(names, ", "));
    }
    kept.push_back(static_cast<size_t>(at - table.columns.begin()));
  }
  const auto keep = [&](auto& all) {
    std::remove_reference_t<decltype(all)> some;
    for (const size_t i : kept) some.push_back(all[i]);
    all = some;
  };
  keep(table.columns);
  for (Table::Row& row : table.rows) keep(row.cells);
}

}  // namespace

// What a two-party engine needed for each network that was measured, and what a published cost of one ReLU promises.
Table measured_table(const Source& source, const Evidence& evidence) {
  TableMaker maker(
      source, evidence,
      {condition("data"), condition("model"), name_column("cell"), condition("budget"), condition("seed"), "acc %",
       "MACs, millions", condition("protocol"), condition("masking"), "comparisons", condition("of max-pooling"),
       "ReLUs MB", "polynomials MB", "linear MB", "one inference MB", "linear share, %", "rounds", "LAN s", "WAN s"});
  std::optional<CostProfile> promised;
  if (!source.text("profile").empty()) {
    promised = load_profile(source.file.parent_path() / source.text("profile"));
    maker.table.columns.emplace_back(promised->name + " online s");
    maker.table.remarks.push_back(promised->name + " online s: not measured here, but computed from " +
                                  promised->source +
                                  ": its time of a ReLU times their number, of linear layers by multiply-accumulates.");
  }
  for (const MeasuredCell& cell : maker.cells) {
    if (!source.shows_budget(cell.budget())) continue;
    for (const Result* result : cell.results) {
      if (source.seed() != 0 && result->seed != source.seed()) continue;
      for (const Measurement& measured : measurements_of(*result)) {
        const ResultWidth network = result->at_width(measured.width);
        const double relu = measured.megabytes("relu"), linear = measured.megabytes("linear"),
                     polynomial = measured.megabytes("polynomial");
        std::vector<Table::Cell> row = {
            maker.data(*result),
            cell.variant(),
            maker.label(cell),
            cell.budget(),
            count_cell(result->seed),
            number_cell(100 * network.scores.accuracy, 2),
            number_cell(1e-6 * static_cast<double>(network.macs), 2),
            measured.protocol,
            measured.masking,
            count_cell(measured.relu_comparisons),
            count_cell(measured.max_pool_comparisons),
            number_cell(relu, 2),
            polynomial > 0 ? number_cell(polynomial, 2) : Table::Cell(kNone),
            number_cell(linear, 2),
            number_cell(measured.whole().megabytes(), 2),
            count_cell(std::llround(100 * linear / (linear + relu + polynomial + measured.megabytes("max_pool")))),
            count_cell(measured.whole().rounds),
            number_cell(measured.latency("LAN"), 2),
            number_cell(measured.latency("WAN"), 2)};
        for (const std::string& caveat : measured.caveats) row[7].mark(maker.notes.number(caveat));
        row[2].addition = measured.at_its_width();
        if (promised && measured.width == 1) {
          const NetworkCost cost = cost_of(*result, *promised);
          row.push_back(number_cell(cost.relus.online_seconds + cost.linear.online_seconds, 3));
        }
        row.resize(maker.table.columns.size(), kNone);
        maker.add(source.name + "/" + slug(result->folder()) + "/" + measured.file.stem().string(), std::move(row),
                  {result});
      }
    }
  }
  keep_columns(maker.table, source);
  return maker.finished();
}

}  // namespace senet
