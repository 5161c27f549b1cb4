#include "config/joined.h"
#include "display/format.h"
#include "display/gnuplot.h"
#include "tools/report/figure_kinds.h"

#include <algorithm>
#include <cmath>
#include <set>

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
  Figure figure(source.name, source.text("title"), kTwoColumns, 2.3);
  const std::vector<MeasuredCell> cells = evidence.cells(source);
  const Origins origins(cells, evidence);
  std::vector<std::string> movement, last, before_last;
  std::set<std::string> disjoint;
  std::vector<KeyEntry> key;
  size_t epochs = 0;
  for (const MeasuredCell& cell : cells) {
    if (!source.text("budget").empty() && cell.budget() != source.text("budget")) continue;
    const auto nhd = curve_of(cell, "nhd"), one = curve_of(cell, "overlap_1"), two = curve_of(cell, "overlap_2");
    if (nhd.empty()) continue;
    const std::string title =
        cell.label() + (source.text("budget").empty() ? ", " + cell.budget() : "") + origins.mark(cell.first(), figure);
    std::vector<std::vector<std::string>> rows;
    for (size_t epoch = 0; epoch < nhd.size(); ++epoch) {
      rows.push_back({std::to_string(epoch + 1), nhd[epoch], epoch < one.size() ? one[epoch] : "NaN NaN",
                      epoch < two.size() ? two[epoch] : "NaN NaN",
                      gnuplot_text(title + ", epoch " + std::to_string(epoch + 1) + " | " + cell.first().folder() +
                                   "/" + cell.id() + ", " + std::to_string(cell.results.size()) + " seeds")});
    }
    const std::string block = figure.add(
        title + ": epoch, NHD, overlap with the masks one and two updates before, each with its deviation, runs", rows);
    disjoint.insert(fixed(disjoint_distance(cell.first()), 4));
    const size_t i = movement.size();
    // Bars of one epoch stand side by side.
    const std::string x = "($1+" + fixed(0.07 * (static_cast<double>(i) - 2), 2) + ")";
    const auto drawn = [&](int y) {
      const std::string columns = x + ":" + std::to_string(y);
      return tips(block, columns, 8) + error_bars(block, x, y, y + 1, i) + ", \\\n     " + block + " using " + columns +
             " with linespoints " + style(i) + " notitle";
    };
    movement.push_back(drawn(2));
    last.push_back(drawn(4));
    before_last.push_back(drawn(6));
    key.push_back({"linespoints " + style(i), title});
    epochs = std::max(epochs, nhd.size());
  }
  if (movement.empty()) {
    figure.commands = nothing_to_show("no results with masks that were identified");
    return figure;
  }
  figure.remark("Means over seeds; bars: standard deviation; points of one epoch stand side by side");
  figure.remark(disjoint.size() == 1 ? "Line without points: two masks that have no ReLU in common"
                                     : "Lines without points: two masks that have no ReLU in common, a line for each "
                                       "allocation");
  const std::string between = ", \\\n     ";
  std::string lines, none;
  for (const std::string& at : disjoint) {
    const std::string arrow = "arrow " + std::to_string(1 + std::distance(disjoint.begin(), disjoint.find(at)));
    lines += "set " + arrow + " from graph 0, first " + at + " to graph 1, first " + at +
             " nohead dt 2 lc rgb \"#666666\"\n";
    none += "unset " + arrow + "\n";
  }
  figure.commands = "set xtics 1\nset xlabel \"epoch of mask identification\" offset 0,0.4\nset xrange [0.5:" +
                    fixed(static_cast<double>(epochs) + 0.5, 1) +
                    "]\nunset key\nset yrange [0:*]\nset ylabel \"NHD to the masks before\" offset 1.5\n" + lines +
                    figure.panel(0.5, 2.2, 0.08, 1.55) + "plot " + joined(movement, between) + "\n" + none +
                    "set yrange [0:1.05]\nset ytics 0.2\nset ylabel \"shared with 1 update before\" offset 1.5\n" +
                    figure.panel(2.78, 4.5, 0.08, 1.55) + "plot " + joined(last, between) +
                    "\nset ylabel \"shared with 2 updates before\"\n" + figure.panel(5.08, 6.85, 0.08, 1.55) + "plot " +
                    joined(before_last, between) + "\n" + key_panel(figure, 2.02, 5, key);
  return figure;
}

}  // namespace senet
