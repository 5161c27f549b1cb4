#include <algorithm>
#include <cmath>
#include <set>

#include "display/format.h"
#include "tools/report/tables/every_table.h"
#include "tools/report/tables/rows.h"

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
  Table table{source.name,
              source.text("title"),
              {"data", "model", "cell", "seed", "layers", "smallest ÷ largest", "theirs",
               "mean difference, of the largest", "rank correlation"},
              {},
              {}};
  Notes notes;
  const std::string of_theirs =
      "with the shape of the authors' budgets for Tiny-ImageNet at width 64, which rises with depth in every layer: "
      "ranking layers by "
      "their depth alone gives 1";
  const std::vector<double>& theirs = evidence.published().resnet18_sensitivity;
  const std::vector<MeasuredCell> cells = evidence.cells(source);
  std::set<std::vector<double>> shown;
  for (const MeasuredCell& cell : cells) {
    for (const Result* result : cell.results) {
      const std::vector<double> values = measured_sensitivity(*result);
      if (values.empty()) continue;
      const std::string seed = std::to_string(result->seed);
      // Budgets and scores share it.
      if (!shown.insert(values).second) continue;
      const auto [smallest, largest] = std::minmax_element(values.begin(), values.end());
      const bool comparable = result->model.plugin == "resnet18" && values.size() == theirs.size() && *largest > 0;
      double off = 0;
      for (size_t l = 0; comparable && l < values.size(); ++l)
        off += std::abs(values[l] / *largest - theirs[l]) / static_cast<double>(values.size());
      table.rows.push_back({id_of(source, cell) + "-s" + seed,
                            {marked_data(*result, evidence, notes), cell.variant(), marked_label(cell, source, notes),
                             seed, std::to_string(values.size()), *largest > 0 ? fixed(*smallest / *largest, 3) : kNone,
                             comparable ? fixed(*std::min_element(theirs.begin(), theirs.end()), 3) : kNone,
                             comparable ? fixed(off, 3) : kNone,
                             comparable ? fixed(rank_correlation(values, theirs), 3) + notes.mark(of_theirs) : kNone},
                            {result}});
    }
  }
  add_missing(table, source, cells);
  return finished(std::move(table), std::move(notes), evidence);
}

}  // namespace senet
