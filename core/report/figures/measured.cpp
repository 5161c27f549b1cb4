#include "report/figures/figures.h"
#include "report/format.h"
#include "report/gnuplot.h"
#include "report/measurements.h"

namespace senet {

Figure measured(const Source& source, const Evidence& evidence) {
  Figure figure(source.name, 1100, 860);
  std::vector<std::pair<std::string, std::vector<std::vector<std::string>>>> series;
  for (const MeasuredCell& cell : evidence.cells(source)) {
    for (const Result* result : cell.results) {
      if (result->json.at("seed") != source.seed()) continue;
      for (const Measurement& found : measurements_of(*result)) {
        if (found.json.at("protocol") != source.text("protocol")) continue;
        const std::string masking = found.json.at("masking").get<std::string>();
        const std::string title = cell.label() + (masking == "gather" ? "" : ", masks by " + masking);
        auto at = std::find_if(series.begin(), series.end(), [&](const auto& one) { return one.first == title; });
        if (at == series.end()) at = series.insert(series.end(), {title, {}});
        at->second.push_back({fixed(100 * result->json.at("result").at("accuracy").get<double>(), 4),
                              fixed(found.total_megabytes(), 6), fixed(found.megabytes("relu"), 6),
                              found.whole().at("rounds").dump(), fixed(found.latency("LAN"), 6),
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
                      gnuplot_text(series[i].first));
    }
    return "set xlabel " + gnuplot_text(axis) + "\nplot " + joined(plots, ", \\\n     ") + "\n";
  };
  figure.commands = "set multiplot layout 2,2 title " +
                    gnuplot_text(source.text("title") + ", " + source.text("protocol")) +
                    " noenhanced\nset ylabel \"test accuracy, %\"\nset key top left font \",8\"\nset xrange [0:*]\n"
                    "set offsets 0, graph 0.05, graph 0.5, graph 0.05\n" +
                    panel("measured bytes of one inference, MB", "2") + panel("measured bytes of its ReLUs, MB", "3") +
                    panel("latency in a LAN (3 Gb/s, 0.8 ms), computed, s", "5") +
                    panel("latency in a WAN (200 Mb/s, 40 ms), computed, s", "6") + "unset multiplot\n";
  return figure;
}

}  // namespace senet
