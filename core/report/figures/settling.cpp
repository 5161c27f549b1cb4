#include "report/figures/figures.h"
#include "report/format.h"
#include "report/gnuplot.h"

namespace senet {

namespace {

// A curve of the phase `mask`, the mean over seeds epoch by epoch; NaN where a seed has none.
std::vector<std::string> mean_curve(const MeasuredCell& cell, const char* name) {
  std::vector<std::string> means;
  for (size_t epoch = 0;; ++epoch) {
    std::vector<double> values;
    for (const Result* result : cell.results) {
      const Json& curves = result->json.value("curves", Json::object());
      const Json curve = curves.value("mask", Json::object()).value(name, Json::array());
      if (epoch >= curve.size()) return means;
      if (curve[epoch].is_number()) values.push_back(curve[epoch].get<double>());
    }
    means.push_back(values.size() == cell.results.size() ? fixed(summary(values).mean, 6) : "NaN");
  }
}

}  // namespace

Figure settling(const Source& source, const Evidence& evidence) {
  Figure figure(source.name, 1000, 900);
  std::vector<std::string> movement, last, before_last;
  size_t i = 0;
  for (const MeasuredCell& cell : evidence.cells(source)) {
    if (!source.text("budget").empty() && cell.budget() != source.text("budget")) continue;
    const auto nhd = mean_curve(cell, "nhd"), one = mean_curve(cell, "overlap_1"), two = mean_curve(cell, "overlap_2");
    if (nhd.empty()) continue;
    std::vector<std::vector<std::string>> rows;
    for (size_t epoch = 0; epoch < nhd.size(); ++epoch) {
      rows.push_back({std::to_string(epoch + 1), nhd[epoch], epoch < one.size() ? one[epoch] : "NaN",
                      epoch < two.size() ? two[epoch] : "NaN"});
    }
    const std::string title = cell.label() + ", " + cell.budget() + " (" + std::to_string(cell.results.size()) + ")";
    const std::string block =
        figure.add(title + ": epoch, NHD, overlap with the masks one and two updates before", rows);
    const std::string drawn = " with linespoints " + style(i++) + " title " + gnuplot_text(title);
    movement.push_back(block + " using 1:2" + drawn);
    last.push_back(block + " using 1:3" + drawn);
    before_last.push_back(block + " using 1:4" + drawn);
  }
  if (movement.empty()) {
    figure.commands = nothing_to_show("no results with masks that were identified");
    return figure;
  }
  const std::string between = ", \\\n     ";
  figure.commands = "set multiplot layout 3,1 title " + gnuplot_text(source.text("title")) +
                    " noenhanced\nset lmargin 10\nset rmargin 28\nset key outside right top font \",9\"\nset xtics 1\n"
                    "set xlabel \"epoch of mask identification\"\nset yrange [0:*]\n"
                    "set ylabel \"NHD to the masks before\"\nplot " +
                    joined(movement, between) +
                    "\nset yrange [0:1.05]\nset ylabel \"shared with one update before\"\nplot " +
                    joined(last, between) + "\nset ylabel \"shared with two updates before\"\nplot " +
                    joined(before_last, between) + "\nunset multiplot\n";
  return figure;
}

}  // namespace senet
