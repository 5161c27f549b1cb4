#include "config/joined.h"
#include "tools/report/cost.h"

#include "display/format.h"
#include "display/gnuplot.h"
#include "tools/report/figure_kinds.h"

namespace senet {

Figure cost_figure(const Source& source, const Evidence& evidence) {
  const CostProfile profile = load_profile(source.file.parent_path() / source.text("profile"));
  Figure figure(source.name, source.text("title") + ": " + profile.name, kTwoColumns, 4.8);
  std::vector<DrawnSeries> series;
  bool scaled = false;
  const std::vector<MeasuredCell> cells = evidence.cells(source);
  const Origins origins(cells, evidence);
  for (const MeasuredCell& cell : cells) {
    const NetworkCost cost = cost_of(*cell.results.front(), profile);
    scaled = scaled || !cost.linear_measured;
    const Summary accuracy = cell.accuracy();
    // Baselines end under a budget by seed.
    const double relus = cell.relus().mean;
    const std::string title = cell.label() + origins.mark(cell.first(), figure);
    rows_of_series(series, title)
        .push_back({fixed(accuracy.mean, 4), fixed(relus * profile.relu.online_seconds, 6),
                    fixed(cost.linear.online_seconds, 6), fixed(relus * profile.relu.offline_seconds, 6),
                    fixed(cost.linear.offline_seconds, 6), fixed(relus * profile.relu.online_bytes / 1e6, 6),
                    fixed(relus * profile.relu.offline_bytes / 1e6, 6),
                    fixed(accuracy.n > 1 ? accuracy.deviation : 0, 4),
                    gnuplot_text(cell.label() + ", " + cell.budget() + " | " + fixed(accuracy.mean, 2) + " % | " +
                                 grouped(cell.counted()) + " ReLUs | " + cell.first().folder() + "/" + cell.id())});
  }
  if (series.empty()) {
    figure.commands = nothing_to_show("no results");
    return figure;
  }
  std::vector<std::string> blocks;
  for (const auto& [title, rows] : series) {
    blocks.push_back(figure.add(
        title + ": accuracy in %; seconds online of ReLUs, of linear layers; seconds offline of "
                "ReLUs, of linear layers; MB online of ReLUs, offline of ReLUs; deviation of the accuracy; runs",
        rows));
  }
  const auto panel = [&](const std::string& axis, const std::string& column, const std::string& linear_column) {
    std::vector<std::string> plots;
    for (size_t i = 0; i < blocks.size(); ++i) {
      if (!linear_column.empty())
        plots.push_back(blocks[i] + " using " + linear_column +
                        ":1 with points lc rgb \"#999999\" pt 12 ps 0.4*point notitle");
    }
    for (size_t i = 0; i < blocks.size(); ++i) {
      const std::string x = set_aside(std::stoi(column), i, blocks.size());
      plots.push_back(tips(blocks[i], x + ":1", 9) + error_bars(blocks[i], x, 1, 8, i));
      plots.push_back(blocks[i] + " using " + x + ":1 with points " + point_style(i) + " notitle");
    }
    return "set xlabel " + gnuplot_text(axis) + " offset 0,0.4\nplot " + joined(plots, ", \\\n     ") + "\n";
  };
  figure.remark("Small grey diamonds: linear layers" +
                (scaled ? ", scaled by multiply-accumulates from " + profile.linear.model : std::string()));
  figure.remark("Bars: standard deviation over seeds; points of one budget stand side by side");
  figure.remark("Costs of a ReLU and of linear layers: " + profile.source);
  std::vector<KeyEntry> key;
  for (size_t i = 0; i < series.size(); ++i) key.push_back({"points " + point_style(i), series[i].title});
  figure.commands =
      "set logscale x\nset format x \"%g\"\nset ylabel \"test accuracy, %\" offset 1.5\nset offsets graph 0.05, graph "
      "0.05, graph 0.05, "
      "graph 0.05\n" +
      four_panels(
          figure,
          {panel("online latency, s", "2", "3"), panel("offline latency, s", "4", "5"),
           panel("online communication of ReLUs, MB", "6", ""), panel("offline communication of ReLUs, MB", "7", "")},
          key, 5);
  return figure;
}

}  // namespace senet
