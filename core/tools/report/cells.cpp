#include "tools/report/cells.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "results/result_json.h"
#include "senet/error.h"

namespace senet {

namespace {

Json changes_of(const Result& result) {
  Json changes = Json::array();
  for (const Change& change : result.changes) {
    changes.push_back(to_json(change));
    changes.back().erase("kind");  // how the option is declared: versions may differ in it
  }
  return changes;
}

// Throws unless the results may be of one cell and budget, but for their seeds.
void check_same_cell(const Result& a, const Result& b) {
  const auto same = [&](const std::string& name, const Json& x, const Json& y) {
    if (x != y) {
      fail_usage(a.file.string(), " and ", b.file.string(), " are of one cell and budget but differ in ", name, ": ",
                 x.dump(), " and ", y.dump(), "; run both again with the same settings, or remove one");
    }
  };
  same("cell.method", a.method, b.method);
  same("budget.relus", a.budget, b.budget);
  same("dataset.fingerprint", a.dataset.fingerprint, b.dataset.fingerprint);
  same("dataset.train", a.dataset.train, b.dataset.train);
  same("dataset.test", a.dataset.test, b.dataset.test);
  same("model.variant", a.model.variant, b.model.variant);
  same("precision", a.precision, b.precision);
  same("changes", changes_of(a), changes_of(b));
  // One side may be of a version that has more options.
  for (const Setting& setting : a.settings) {
    const Json other = b.setting(setting.key);
    if (setting.affects_result && !other.is_null()) same(setting.key, to_json(setting.value), other);
  }
  if (a.seed == b.seed) {
    fail_usage(a.file.string(), " and ", b.file.string(), " are the same cell, budget and seed twice; remove one");
  }
}

}  // namespace

Summary summary(const std::vector<double>& values) {
  Summary summary{static_cast<int64_t>(values.size()), 0, std::numeric_limits<double>::quiet_NaN()};
  const auto n = static_cast<double>(values.size());
  for (const double value : values) summary.mean += value / n;
  if (values.size() < 2) return summary;
  double squares = 0;
  for (const double value : values) squares += (value - summary.mean) * (value - summary.mean);
  summary.deviation = std::sqrt(squares / (n - 1));
  return summary;
}

const std::string& MeasuredCell::data() const {
  const ResultDataset& dataset = first().dataset;
  return dataset.fingerprint.empty() ? dataset.plugin : dataset.fingerprint;
}

Summary MeasuredCell::over_seeds(const std::function<double(const Result&)>& value) const {
  std::vector<double> values;
  for (const Result* result : results) values.push_back(value(*result));
  return summary(values);
}

Summary MeasuredCell::accuracy() const {
  return over_seeds([](const Result& result) { return 100 * result.network.accuracy; });
}

Summary MeasuredCell::teacher_accuracy() const {
  return over_seeds([](const Result& result) { return 100 * result.teacher.accuracy; });
}

Summary MeasuredCell::relus() const {
  return over_seeds([](const Result& result) { return static_cast<double>(result.network.relus); });
}

int64_t MeasuredCell::counted() const { return std::llround(relus().mean); }

int64_t MeasuredCell::teacher_relus() const {
  return std::llround(over_seeds([](const Result& result) { return static_cast<double>(result.teacher.relus); }).mean);
}

std::vector<double> measured_sensitivity(const Result& result) {
  std::vector<double> values;
  for (const ResultSite& site : result.sites) {
    if (!site.sensitivity) return {};
    values.push_back(*site.sensitivity);
  }
  // Whether it is what is given of each layer, or of each of its ReLUs.
  const auto is = [&](const std::vector<double>& given) {
    if (given.size() != values.size()) return false;
    bool of_layers = true, of_relus = true;
    for (size_t l = 0; l < values.size(); ++l) {
      of_layers = of_layers && values[l] == given[l];
      of_relus = of_relus && values[l] == given[l] * static_cast<double>(result.sites[l].relus);
    }
    return of_layers || of_relus;
  };
  const bool listed = std::any_of(result.settings.begin(), result.settings.end(), [&](const Setting& setting) {
    const Json json = to_json(setting.value);
    const bool numbers = json.is_array() && std::all_of(json.begin(), json.end(), std::mem_fn(&Json::is_number));
    return numbers && is(json.get<std::vector<double>>());
  });
  return listed || is(std::vector<double>(values.size(), 1)) ? std::vector<double>() : values;
}

std::vector<MeasuredCell> measured_cells(const std::vector<Result>& results) {
  std::vector<MeasuredCell> cells;
  std::map<std::vector<std::string>, size_t> index;
  for (const Result& result : results) {
    MeasuredCell one{{&result}};
    const auto [at, added] = index.try_emplace({result.folder(), one.label(), one.budget()}, cells.size());
    if (added) {
      cells.push_back(std::move(one));
      continue;
    }
    MeasuredCell& cell = cells[at->second];
    for (const Result* other : cell.results) check_same_cell(*other, result);
    cell.results.push_back(&result);
  }
  for (MeasuredCell& cell : cells) {
    std::sort(cell.results.begin(), cell.results.end(),
              [](const Result* a, const Result* b) { return a->seed < b->seed; });
  }
  // Labels keep the order in which they came; a label's budgets ascend.
  std::map<std::pair<std::string, std::string>, size_t> place;
  for (const MeasuredCell& cell : cells) place.try_emplace({cell.first().folder(), cell.label()}, place.size());
  std::stable_sort(cells.begin(), cells.end(), [&](const MeasuredCell& a, const MeasuredCell& b) {
    return std::pair(place.at({a.first().folder(), a.label()}), a.first().budget) <
           std::pair(place.at({b.first().folder(), b.label()}), b.first().budget);
  });
  return cells;
}

std::vector<MeasuredCell> chosen(const std::vector<MeasuredCell>& cells, const std::vector<std::string>& labels) {
  if (labels.empty()) return cells;
  std::vector<MeasuredCell> found;
  for (const std::string& label : labels) {
    std::copy_if(cells.begin(), cells.end(), std::back_inserter(found),
                 [&](const MeasuredCell& cell) { return cell.label() == label; });
  }
  return found;
}

}  // namespace senet
