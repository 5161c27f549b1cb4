
#include <algorithm>

#include "config/joined.h"
#include "display/format.h"
#include "display/gnuplot.h"
#include "tools/report/figure_kinds.h"
#include "tools/report/measurements.h"

namespace senet {

namespace {

// A measurement of what a figure shows.
struct MeasuredRun {
  const MeasuredCell& cell;
  const Result& result;
  Measurement measurement;
};

std::vector<MeasuredRun> measurements_to_show(const Source& source, const std::vector<MeasuredCell>& cells) {
  std::vector<MeasuredRun> shown;
  for (const MeasuredCell& cell : cells) {
    if (!source.shows_budget(cell.budget())) continue;
    for (const Result* result : cell.results) {
      if (result->seed != source.seed()) continue;
      for (Measurement& found : measurements_of(*result)) {
        if (found.protocol == source.text("protocol")) shown.push_back({cell, *result, std::move(found)});
      }
    }
  }
  return shown;
}

// The first two networks that latencies were computed for, and what is said of each.
std::vector<std::pair<std::string, std::string>> networks_of(const std::vector<MeasuredRun>& shown) {
  std::vector<std::pair<std::string, std::string>> networks;
  for (const MeasuredRun& one : shown) {
    for (const Measurement::Latency& latency : one.measurement.latencies) {
      const auto known = std::find_if(networks.begin(), networks.end(),
                                      [&](const auto& network) { return network.first == latency.network; });
      if (known == networks.end() && networks.size() < 2) networks.emplace_back(latency.network, latency.name());
    }
  }
  return networks;
}

}  // namespace

Figure measured_figure(const Source& source, const Evidence& evidence) {
  Figure figure(source.name, source.text("title") + ", " + source.text("protocol"), kTwoColumns, 4.95);
  const std::vector<MeasuredCell> cells = evidence.cells(source);
  const std::vector<MeasuredRun> shown = measurements_to_show(source, cells);
  if (shown.empty()) {
    figure.commands = nothing_to_show("no network was measured under " + source.text("protocol"));
    return figure;
  }
  const Origins origins(cells, evidence);
  const auto networks = networks_of(shown);
  std::vector<DrawnSeries> series;
  for (const auto& [cell, result, found] : shown) {
    const double accuracy = 100 * result.at_width(found.width).scores.accuracy;
    const std::string title = found.title(cell.label()) + origins.mark(result, figure);
    std::vector<std::string> row = {fixed(accuracy, 4), fixed(found.whole().megabytes(), 6),
                                    fixed(found.megabytes("relu"), 6), std::to_string(found.whole().rounds)};
    for (const auto& [network, name] : networks) row.push_back(gnuplot_number(found.latency(network.c_str()), 6));
    row.push_back(gnuplot_text(title + ", " + cell.budget() + " | " + fixed(accuracy, 2) + " % | " +
                               grouped(found.relus) + " ReLUs | " + result.id()));
    rows_of_series(series, title).push_back(std::move(row));
  }
  std::string columns, computed;
  for (const auto& [network, name] : networks) {
    columns += (columns.empty() ? ", s in a " : ", in a ") + network;
    computed += (computed.empty() ? ", latencies computed for a " : " and a ") + name;
  }
  std::vector<std::string> blocks;
  for (const auto& [title, rows] : series) {
    blocks.push_back(
        figure.add(title + ": accuracy in %, MB of one inference, MB of its ReLUs, rounds" + columns + ", run", rows));
  }
  figure.remark("One network a point, of seed " + std::to_string(source.seed()) + "; bytes and rounds are measured" +
                computed);
  const auto panel = [&](const std::string& axis, size_t column) {
    const std::string place = std::to_string(column) + ":1";
    std::vector<std::string> plots;
    for (size_t i = 0; i < blocks.size(); ++i) {
      plots.push_back(tips(blocks[i], place, static_cast<int>(5 + networks.size())) + blocks[i] + " using " + place +
                      " with points " + point_style(i) + " notitle");
    }
    return "set xlabel " + gnuplot_text(axis) + " offset 0,0.4\nplot " + joined(plots, ", \\\n     ") + "\n";
  };
  std::vector<std::string> panels = {panel("bytes of one inference, MB", 2), panel("rounds of one inference", 4)};
  for (const auto& [network, name] : networks)
    panels.push_back(panel("latency in a " + network + ", s", 3 + panels.size()));
  panels.resize(4);
  std::vector<KeyEntry> key;
  for (size_t i = 0; i < series.size(); ++i) key.push_back({"points " + point_style(i), series[i].title});
  figure.commands =
      "set ylabel \"test accuracy, %\" offset 1.5\nset xrange [0:*]\nset offsets 0, graph 0.05, graph 0.05, graph "
      "0.05\n" +
      four_panels(figure, panels, key, 3);
  return figure;
}

}  // namespace senet
