#include "config/joined.h"
#include "display/format.h"
#include "display/gnuplot.h"
#include "tools/report/figure_kinds.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace senet {

namespace {

// A curve of the training that recorded how its masks move, over seeds: mean and deviation of each epoch; "NaN NaN"
// where a seed has none.
std::vector<std::string> curve_of(const MeasuredCell& cell, const char* name) {
  std::vector<std::string> points;
  for (size_t epoch = 0;; ++epoch) {
    std::vector<double> values;
    for (const Result* result : cell.results) {
      const auto curves = std::find_if(result->curves.begin(), result->curves.end(),
                                       [](const auto& training) { return training.second.count("nhd") > 0; });
      if (curves == result->curves.end()) return points;
      const auto curve = curves->second.find(name);
      if (curve == curves->second.end() || epoch >= curve->second.size()) return points;
      if (!std::isnan(curve->second[epoch])) values.push_back(curve->second[epoch]);
    }
    const Summary over_seeds = summary(values);
    points.push_back(values.size() < cell.results.size()
                         ? "NaN NaN"
                         : fixed(over_seeds.mean, 6) + " " + fixed(values.size() > 1 ? over_seeds.deviation : 0, 6));
  }
}

// The NHD of two masks of a result's counts that have no ReLU in common: 2·Σ_l r_l / (C·H·W of layer l).
double disjoint_distance(const Result& result) {
  double distance = 0;
  for (const ResultSite& site : result.sites)
    distance += 2 * static_cast<double>(site.allocated.value_or(site.counted)) / static_cast<double>(site.relus);
  return distance;
}

}  // namespace

Figure settling_figure(const Source& source, const Evidence& evidence) {
  Figure figure(source.name, source.text("title"), 1000, 960);
  std::vector<std::string> movement, last, before_last;
  size_t i = 0;
  std::optional<double> disjoint;
  for (const MeasuredCell& cell : evidence.cells(source)) {
    if (!source.text("budget").empty() && cell.budget() != source.text("budget")) continue;
    const auto nhd = curve_of(cell, "nhd"), one = curve_of(cell, "overlap_1"), two = curve_of(cell, "overlap_2");
    if (nhd.empty()) continue;
    std::vector<std::vector<std::string>> rows;
    for (size_t epoch = 0; epoch < nhd.size(); ++epoch) {
      rows.push_back({std::to_string(epoch + 1), nhd[epoch], epoch < one.size() ? one[epoch] : "NaN NaN",
                      epoch < two.size() ? two[epoch] : "NaN NaN"});
    }
    const std::string title = cell.label() + ", " + cell.budget() + " (" + std::to_string(cell.results.size()) + ")";
    const std::string block = figure.add(
        title + ": epoch, NHD, overlap with the masks one and two updates before, each with its deviation", rows);
    origin_of(*cell.results.front(), evidence, figure.notes);
    if (!disjoint) disjoint = disjoint_distance(*cell.results.front());
    const std::string drawn = " with yerrorlines " + style(i++) + " title " + gnuplot_text(title);
    movement.push_back(block + " using 1:2:3" + drawn);
    last.push_back(block + " using 1:4:5" + drawn);
    before_last.push_back(block + " using 1:6:7" + drawn);
  }
  if (movement.empty()) {
    figure.commands = nothing_to_show("no results with masks that were identified");
    return figure;
  }
  const std::string between = ", \\\n     ";
  figure.commands =
      "set multiplot layout 3,1 title " + figure.heading() +
      " noenhanced\nset lmargin 10\nset rmargin 28\nset key outside right top font \",9\"\nset xtics 1\n"
      "set xlabel \"epoch of mask identification\"\nset yrange [0:*]\n"
      "set ylabel \"NHD to the masks before\"\nset arrow 1 from graph 0, first " +
      fixed(*disjoint, 4) + " to graph 1, first " + fixed(*disjoint, 4) +
      " nohead dt 2 lc rgb \"#666666\"\nset label 1 \"no ReLU in common\" at graph 0.99, first " + fixed(*disjoint, 4) +
      " right offset 0,0.5 font \",8\"\nplot " + joined(movement, between) +
      "\nunset arrow 1\nunset label 1\nset yrange [0:1.05]\nset ylabel \"shared with one update before\"\nplot " +
      joined(last, between) + "\nset ylabel \"shared with two updates before\"\nplot " + joined(before_last, between) +
      "\nunset multiplot\n";
  return figure;
}

}  // namespace senet
