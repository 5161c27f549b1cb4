#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "display/charges.h"
#include "tools/report/measurements.h"
#include "tools/report/table_kinds.h"
#include "tools/report/tables/table_maker.h"

namespace senet {

namespace {

constexpr double kNotSaid = std::numeric_limits<double>::quiet_NaN();

// Thousands; NaN where the result does not say it.
double thousands(const std::optional<int64_t>& passes) {
  return passes ? static_cast<double>(*passes) / 1000 : kNotSaid;
}

double trials(const Result& result) {
  const auto trials = trials_of(result);
  return trials ? static_cast<double>(*trials) : kNotSaid;
}

Table::Cell cell_of(double number, int digits) {
  if (std::isnan(number)) return kNone;
  return digits == 0 ? count_cell(std::llround(number)) : number_cell(number, digits);
}

// Of each protocol, over the seeds that were measured with the deployed form of the masks, at full width.
std::map<std::string, std::pair<std::vector<double>, std::vector<double>>> measured(const MeasuredCell& cell) {
  std::map<std::string, std::pair<std::vector<double>, std::vector<double>>> all;
  for (const Result* result : cell.results) {
    for (const Measurement& one : measurements_of(*result)) {
      if (one.width != 1 || one.masking != "gather") continue;
      all[one.protocol].first.push_back(one.whole().megabytes());
      all[one.protocol].second.push_back(static_cast<double>(one.whole().rounds));
    }
  }
  return all;
}

}  // namespace

// What every method is charged for: in the finished network, in an engine, and in training, where a pass is that of one
// image. Means over the seeds.
Table accounting_table(const Source& source, const Evidence& evidence) {
  TableMaker maker(
      source, evidence,
      {condition("data"), condition("model"), name_column("cell"), condition("budget"), accuracy_column("acc % (n)"),
       "before fine-tuning %", "comparisons", condition("of max-pooling"), "squares", "secret coefficients",
       condition("MACs, millions"), "passes of the network, thousands", "passes in all, thousands", "trials"});
  std::set<std::string> protocols;
  for (const MeasuredCell& cell : maker.cells) {
    for (const auto& [protocol, figures] : measured(cell)) protocols.insert(protocol);
  }
  for (const std::string& protocol : protocols) {
    maker.table.columns.emplace_back(protocol + " MB");
    maker.table.columns.emplace_back(protocol + " rounds");
  }
  for (const MeasuredCell& cell : maker.cells) {
    const auto mean = [&](const std::function<double(const Result&)>& value) { return cell.over_seeds(value).mean; };
    const auto before = [](const Result& result) {
      return 100 * result.network.accuracy_before_finetuning.value_or(kNotSaid);
    };
    const auto max_pool = [](const Result& result) {
      return static_cast<double>(result.model.outside_sites.max_pool_comparisons);
    };
    const auto squares = [](const Result& r) { return static_cast<double>(r.network.multiplications.squares); };
    const auto secret = [](const Result& r) { return static_cast<double>(r.network.multiplications.coefficients); };
    std::vector<Table::Cell> row = {
        maker.data(cell.first()),
        cell.variant(),
        maker.label(cell),
        cell.budget(),
        mean_cell(cell.accuracy()),
        cell_of(mean(before), 2),
        count_cell(cell.counted()),
        cell_of(mean(max_pool), 0),
        cell_of(mean(squares), 0),
        cell_of(mean(secret), 0),
        cell_of(mean([](const Result& result) { return 1e-6 * static_cast<double>(result.model.macs); }), 2),
        cell_of(mean([](const Result& result) {
                  return thousands(method_passes(result, &ResultPhase::deployed_image_passes));
                }),
                1),
        cell_of(mean([](const Result& result) { return thousands(method_passes(result, &ResultPhase::image_passes)); }),
                1),
        cell_of(mean(trials), 0)};
    const auto figures = measured(cell);
    for (const std::string& protocol : protocols) {
      const auto found = figures.find(protocol);
      const bool any = found != figures.end();
      row.push_back(any ? cell_of(summary(found->second.first).mean, 2) : Table::Cell(kNone));
      row.push_back(any ? cell_of(summary(found->second.second).mean, 0) : Table::Cell(kNone));
    }
    maker.add(maker.id_of(cell), std::move(row), cell.results);
  }
  maker.say_what_was_not_run();
  return maker.finished();
}

}  // namespace senet
