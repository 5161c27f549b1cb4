
#include "config/joined.h"
#include "display/format.h"
#include "display/gnuplot.h"
#include "tools/report/figure_kinds.h"
#include "tools/report/measurements.h"

namespace senet {

Figure measured_figure(const Source& source, const Evidence& evidence) {
  Figure figure(source.name, source.text("title") + ", " + source.text("protocol"), 1100, 920);
  std::string lan = "LAN", wan = "WAN";
  std::vector<DrawnSeries> series;
  for (const MeasuredCell& cell : evidence.cells(source)) {
    for (const Result* result : cell.results) {
      if (result->seed != source.seed()) continue;
      for (const Measurement& found : measurements_of(*result)) {
        if (found.protocol != source.text("protocol")) continue;
        for (const Measurement::Latency& row : found.latencies) (row.network == "WAN" ? wan : lan) = row.name();
        origin_of(*result, evidence, figure.notes);
        rows_of_series(series, found.title(cell.label()))
            .push_back({fixed(100 * result->at_width(found.width).scores.accuracy, 4),
                        fixed(found.whole().megabytes(), 6), fixed(found.megabytes("relu"), 6),
                        std::to_string(found.whole().rounds), fixed(found.latency("LAN"), 6),
                        fixed(found.latency("WAN"), 6)});
      }
    }
  }
  if (series.empty()) {
    figure.commands = nothing_to_show("no network was measured under " + source.text("protocol"));
    return figure;
  }
  std::vector<std::string> blocks;
  for (const auto& [title, rows] : series)
    blocks.push_back(figure.add(
        title + ": accuracy in %, MB of one inference, MB of its ReLUs, rounds, s in a LAN, in a WAN", rows));
  const auto panel = [&](const std::string& axis, const std::string& column) {
    std::vector<std::string> plots;
    for (size_t i = 0; i < blocks.size(); ++i) {
      plots.push_back(blocks[i] + " using " + column + ":1 with points " + style(i) + " ps 1.2 title " +
                      gnuplot_text(series[i].title));
    }
    return "set xlabel " + gnuplot_text(axis) + "\nplot " + joined(plots, ", \\\n     ") + "\n";
  };
  figure.commands =
      "set ylabel \"test accuracy, %\"\nset xrange [0:*]\nset offsets 0, graph 0.05, graph 0.05, graph 0.05\n" +
      four_panels(
          figure,
          {panel("measured bytes of one inference, MB", "2"), panel("measured rounds of one inference", "4"),
           panel("latency in a " + lan + ", computed, s", "5"), panel("latency in a " + wan + ", computed, s", "6")},
          series.size());
  return figure;
}

}  // namespace senet
