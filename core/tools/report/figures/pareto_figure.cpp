#include <algorithm>
#include <cmath>
#include <map>

#include "config/joined.h"
#include "display/format.h"
#include "display/gnuplot.h"
#include "senet/error.h"
#include "tools/report/figure_kinds.h"

namespace senet {

Figure pareto_figure(const Source& source, const Evidence& evidence) {
  Figure figure(source.name, source.text("title"), 1000, 720);
  std::vector<std::string> plots;
  std::vector<DrawnSeries> series;
  for (const MeasuredCell& cell : evidence.cells(source)) {
    const std::string title = cell.label() + " " + origin_of(*cell.results.front(), evidence, figure.notes);
    const Summary accuracy = cell.accuracy();
    rows_of_series(series, title)
        .push_back({fixed(cell.relus().mean / 1000, 4), fixed(accuracy.mean, 4),
                    fixed(accuracy.n > 1 ? accuracy.deviation : 0, 4), std::to_string(accuracy.n)});
  }
  for (size_t i = 0; i < series.size(); ++i) {
    auto& [title, rows] = series[i];
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return std::stod(a[0]) < std::stod(b[0]); });
    const std::string block =
        figure.add(title + ": thousands of ReLUs, accuracy in %, its standard deviation, seeds", rows);
    plots.push_back(block + " using 1:2:3 with yerrorlines " + style(i) + " title " + gnuplot_text(title));
  }
  size_t drawn = 0;
  for (const std::string& dataset : source.texts("published")) {
    std::map<std::string, std::vector<std::vector<std::string>>> published;
    for (const PublishedPoint& point : evidence.published().points) {
      if (point.dataset != dataset) continue;
      const std::string model = point.model + (point.model_certain ? "" : "?");
      const size_t elsewhere = figure.notes.number(point.via);
      const std::string mark = elsewhere > 0 ? " [" + std::to_string(elsewhere) + "]" : "";
      published[point.method + " " + model + mark].push_back({fixed(point.relus_k, 2), fixed(point.accuracy, 2)});
    }
    for (const auto& [title, rows] : published) {
      const std::string block =
          figure.add("published, " + dataset + ", " + title + ": thousands of ReLUs, accuracy in %", rows);
      plots.push_back(block + " using 1:2 with points " + published_style(drawn++) + " title " +
                      gnuplot_text("published: " + title + ", " + evidence.title_of(dataset)));
    }
  }
  if (drawn > 0)
    figure.notes.number(
        "published, where no other source is named: as collected by ReLUPruner (Li et al., AAAI 2026) from each "
        "method's "
        "paper; \"?\": which model is not certain");
  if (plots.empty()) {
    figure.commands = nothing_to_show("no results, and nothing published");
    return figure;
  }
  figure.commands =
      "set title " + figure.heading() +
      " noenhanced\nset logscale x\nset xlabel \"ReLUs, thousands (logarithmic)\" offset 0,0.3\n"
      "set ylabel \"test accuracy, %; bars: standard deviation over seeds\"\n"
      "set key bmargin center horizontal maxcols 3 spacing 1.1 font \",9\"\nset offsets graph 0.02, graph 0.02, "
      "graph 0.02, graph 0.02\n"
      "plot " +
      joined(plots, ", \\\n     ") + "\n";
  return figure;
}

}  // namespace senet
