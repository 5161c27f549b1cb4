#pragma once

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
std::string text_of(const Summary& summary, int digits);  // "50.08 ± 0.34 (3)", "50.08 (1)"

// The results of one cell of an experiment at one budget: one a seed, in the order of seeds.
struct MeasuredCell {
  std::vector<const Result*> results;

  const Json& first() const { return results.front()->json; }
  // The folder that its results lie in: an experiment's results may be kept twice, under names of their own.
  std::string experiment() const { return results.front()->file.parent_path().filename().string(); }
  std::string label() const { return first().at("cell").at("label").get<std::string>(); }
  std::string method() const { return first().at("cell").at("method").get<std::string>(); }
  std::string budget() const { return first().at("budget").at("asked").get<std::string>(); }
  // What tells its images from those of other cells.
  std::string data() const { return first().at("dataset").value("fingerprint", first().at("dataset").dump()); }
  std::string id() const { return slug(label()) + "-" + slug(budget()); }
  // Of a number at /section/name, over the seeds.
  Summary over_seeds(const std::string& section, const std::string& name, double factor = 1) const;
};

// In the order of experiments and labels as they first appear, then of budgets' ReLUs. Throws (exit code 2)
// with both files' names when two results have the same cell, budget and seed, or differ in more than the seed: data,
// model, precision, or a setting.
std::vector<MeasuredCell> measured_cells(const std::vector<Result>& results);

// Those with one of the labels, in the order of the labels; all when there are none.
std::vector<MeasuredCell> chosen(const std::vector<MeasuredCell>& cells, const std::vector<std::string>& labels);

}  // namespace senet
