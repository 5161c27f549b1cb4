#include <algorithm>
#include <cmath>
#include <set>

#include "tools/report/table_kinds.h"
#include "tools/report/tables/table_maker.h"

namespace senet {

namespace {

// Ranks from 1; ties share the mean of theirs.
std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<double> ranks;
  for (const double x : values) {
    double below = 0, equal = 0;
    for (const double y : values) below += y < x, equal += y == x;
    ranks.push_back(below + (equal + 1) / 2);
  }
  return ranks;
}

// Spearman's: Pearson's correlation of the ranks.
double rank_correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const std::vector<double> x = ranks(a), y = ranks(b);
  const double mean = (static_cast<double>(x.size()) + 1) / 2;
  double xy = 0, xx = 0, yy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mean) * (y[i] - mean);
    xx += (x[i] - mean) * (x[i] - mean);
    yy += (y[i] - mean) * (y[i] - mean);
  }
  return xy / std::sqrt(xx * yy);
}

}  // namespace

// How the measured ReLU sensitivity's shape compares with the one that the authors' published budgets have.
Table sensitivity_table(const Source& source, const Evidence& evidence) {
  TableMaker maker(source, evidence,
                   {condition("data"), condition("model"), name_column("cell"), condition("seed"), condition("layers"),
                    "smallest ÷ largest", "theirs", "mean difference, of the largest", "rank correlation"});
  const std::string of_theirs =
      "with the shape of the authors' budgets for Tiny-ImageNet at width 64, which rises with depth in every layer: "
      "ranking layers by "
      "their depth alone gives 1";
  std::set<std::vector<double>> shown;
  for (const MeasuredCell& cell : maker.cells) {
    for (const Result* result : cell.results) {
      const std::vector<double> values = measured_sensitivity(*result);
      if (values.empty()) continue;
      const std::string seed = std::to_string(result->seed);
      // Budgets and scores share it.
      if (!shown.insert(values).second) continue;
      const auto [smallest, largest] = std::minmax_element(values.begin(), values.end());
      const std::vector<double> theirs = evidence.published().sensitivity_of(result->model.plugin);
      const bool comparable = values.size() == theirs.size() && *largest > 0;
      double off = 0;
      for (size_t l = 0; comparable && l < values.size(); ++l)
        off += std::abs(values[l] / *largest - theirs[l]) / static_cast<double>(values.size());
      std::vector<Table::Cell> row = {maker.data(*result),
                                      cell.variant(),
                                      maker.label(cell),
                                      count_cell(result->seed),
                                      count_cell(static_cast<int64_t>(values.size())),
                                      *largest > 0 ? number_cell(*smallest / *largest, 3) : kNone};
      if (comparable) {
        row.push_back(number_cell(*std::min_element(theirs.begin(), theirs.end()), 3));
        row.push_back(number_cell(off, 3));
        row.push_back(number_cell(rank_correlation(values, theirs), 3).mark(maker.notes.number(of_theirs)));
      }
      row.resize(maker.table.columns.size(), kNone);
      maker.add(maker.id_of(cell) + "-s" + seed, std::move(row), {result});
    }
  }
  maker.say_what_was_not_run();
  return maker.finished();
}

}  // namespace senet
