#pragma once

#include <functional>
#include <string>
#include <vector>

#include "results/result.h"

namespace senet {

struct Summary {
  int64_t n = 0;
  double mean = 0;
  double deviation = 0;  // √(Σ(x − mean)² / (n − 1)); NaN for one value
};
Summary summary(const std::vector<double>& values);

// The results of one cell of an experiment at one budget: one a seed, in the order of seeds.
struct MeasuredCell {
  std::vector<const Result*> results;
  std::string name = first().label;  // its experiment's label, or what a source calls it

  const Result& first() const { return *results.front(); }
  const std::string& label() const { return name; }
  const std::string& budget() const { return first().budget_asked; }
  const std::string& variant() const { return first().model.variant; }
  // What tells its images from those of other cells.
  const std::string& data() const;
  std::string id() const { return slug(label()) + "-" + slug(budget()); }

  Summary over_seeds(const std::function<double(const Result&)>& value) const;
  Summary accuracy() const;          // of the finished network, in %
  Summary teacher_accuracy() const;  // in %
  Summary relus() const;             // of the finished network
  int64_t counted() const;           // their mean
  int64_t teacher_relus() const;     // the mean
};

// η of each site where it was measured. Empty where it says nothing of the network: where a setting lists it, or where
// every layer or every ReLU has the same.
std::vector<double> measured_sensitivity(const Result& result);

// In the order of experiments and labels as they first appear, then of budgets' ReLUs. Throws (exit code 2)
// with both files' names when two results have the same cell, budget and seed, or differ in more than the seed: data,
// model, precision, or a setting.
std::vector<MeasuredCell> measured_cells(const std::vector<Result>& results);

// Those with one of the labels, in the order of the labels; all when there are none.
std::vector<MeasuredCell> chosen(const std::vector<MeasuredCell>& cells, const std::vector<std::string>& labels);

}  // namespace senet
