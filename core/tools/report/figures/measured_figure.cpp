
#include "config/joined.h"
#include "display/format.h"
#include "display/gnuplot.h"
#include "tools/report/figure_kinds.h"
#include "tools/report/measurements.h"

namespace senet {

Figure measured_figure(const Source& source, const Evidence& evidence) {
  Figure figure(source.name, source.text("title") + ", " + source.text("protocol"), kTwoColumns, 4.95);
  std::string lan = "LAN", wan = "WAN";
  std::vector<DrawnSeries> series;
  const std::vector<MeasuredCell> cells = evidence.cells(source);
  const Origins origins(cells, evidence);
  for (const MeasuredCell& cell : cells) {
    for (const Result* result : cell.results) {
      if (result->seed != source.seed()) continue;
      for (const Measurement& found : measurements_of(*result)) {
        if (found.protocol != source.text("protocol")) continue;
        for (const Measurement::Latency& row : found.latencies) (row.network == "WAN" ? wan : lan) = row.name();
        const double accuracy = 100 * result->at_width(found.width).scores.accuracy;
        const std::string title = found.title(cell.label()) + origins.mark(*result, figure);
        rows_of_series(series, title)
            .push_back({fixed(accuracy, 4), fixed(found.whole().megabytes(), 6), fixed(found.megabytes("relu"), 6),
                        std::to_string(found.whole().rounds), fixed(found.latency("LAN"), 6),
                        fixed(found.latency("WAN"), 6),
                        gnuplot_text(title + ", " + cell.budget() + " | " + fixed(accuracy, 2) + " % | " +
                                     grouped(found.relus) + " ReLUs | " + result->id())});
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
        title + ": accuracy in %, MB of one inference, MB of its ReLUs, rounds, s in a LAN, in a WAN, run", rows));
  figure.remark("One network a point, of seed " + std::to_string(source.seed()) +
                "; bytes and rounds are measured, latencies computed for a " + lan + " and a " + wan);
  const auto panel = [&](const std::string& axis, const std::string& column) {
    std::vector<std::string> plots;
    for (size_t i = 0; i < blocks.size(); ++i) {
      plots.push_back(tips(blocks[i], column + ":1", 7) + blocks[i] + " using " + column + ":1 with points " +
                      point_style(i) + " notitle");
    }
    return "set xlabel " + gnuplot_text(axis) + " offset 0,0.4\nplot " + joined(plots, ", \\\n     ") + "\n";
  };
  std::vector<KeyEntry> key;
  for (size_t i = 0; i < series.size(); ++i) key.push_back({"points " + point_style(i), series[i].title});
  figure.commands =
      "set ylabel \"test accuracy, %\" offset 1.5\nset xrange [0:*]\nset offsets 0, graph 0.05, graph 0.05, graph "
      "0.05\n" +
      four_panels(figure,
                  {panel("bytes of one inference, MB", "2"), panel("rounds of one inference", "4"),
                   panel("latency in a LAN, s", "5"), panel("latency in a WAN, s", "6")},
                  key, 3);
  return figure;
}

}  // namespace senet
