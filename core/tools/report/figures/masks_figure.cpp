#include "results/masks.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>

#include "display/format.h"
#include "display/gnuplot.h"
#include "tools/report/figure_kinds.h"

namespace senet {

namespace {

// Of each pixel: the share of channels that keep their ReLU there, in per mille.
std::vector<std::vector<std::string>> kept_shares(const torch::Tensor& mask) {
  const torch::Tensor shares = (1000 * mask.to(torch::kFloat64).mean(0)).round().to(torch::kLong).contiguous();
  const int64_t height = shares.size(0), width = shares.size(1);
  std::vector<std::vector<std::string>> rows;
  for (int64_t y = 0; y < height; ++y) {
    rows.emplace_back();
    for (int64_t x = 0; x < width; ++x)
      rows.back().push_back(std::to_string(shares.data_ptr<int64_t>()[y * width + x]));
  }
  return rows;
}

}  // namespace

Figure masks_figure(const Source& source, const Evidence& evidence) {
  const Result* shown = nullptr;
  std::string label;
  std::vector<torch::Tensor> layers;
  for (const MeasuredCell& cell : evidence.cells(source)) {
    if (!source.text("budget").empty() && cell.budget() != source.text("budget")) continue;
    for (const Result* result : cell.results) {
      if (shown || result->seed != source.seed()) continue;
      layers = load_masks(*result);
      if (layers.empty()) continue;
      shown = result;
      label = cell.label();
    }
  }
  const size_t columns = 6, count = std::max<size_t>(layers.size(), 1), rows = (count + columns - 1) / columns;
  const double tile = 1.0, pitch = 1.16, line = 1.38;  // inches
  Figure figure(source.name, source.text("title"), kTwoColumns, 0.1 + line * static_cast<double>(rows));
  if (!shown) {
    figure.commands = nothing_to_show("no results with masks beside them");
    return figure;
  }
  figure.remark(
      label + ", " + shown->budget_asked + ", seed " + std::to_string(shown->seed) +
      ": the share of channels that keep their ReLU at each pixel, from none (white) to the most in the layer "
      "(dark); below a name, ReLUs kept of all");
  figure.remark(short_variant_of(*shown, evidence));
  figure.commands =
      "unset xtics\nunset ytics\nunset grid\nunset key\nunset colorbox\nset border 15 lw 0.5 lc rgb \"#888888\"\n"
      "set palette defined (0 \"#ffffff\", 1 \"#08306b\")\n";
  for (size_t l = 0; l < layers.size(); ++l) {
    const ResultSite& site = shown->sites.at(l);
    const int64_t height = layers[l].size(1), width = layers[l].size(2);
    const std::string block =
        figure.add(site.name + ": channels kept at each pixel, per mille", kept_shares(layers[l]));
    const std::string tip = site.name + " | " + grouped(site.counted) + " of " + grouped(site.relus) + " ReLUs kept, " +
                            fixed(100 * static_cast<double>(site.counted) / static_cast<double>(site.relus), 1) +
                            " % | " + label + ", " + shown->budget_asked + " | " + shown->id();
    const int64_t most = std::llround(1000 * layers[l].to(torch::kFloat64).mean(0).max().item<double>());
    const size_t column = l % columns, row = l / columns;
    const double left = 0.06 + pitch * static_cast<double>(column), top = 0.3 + line * static_cast<double>(row);
    figure.commands +=
        tip_of_square(tip, tile) + figure.panel(left, left + tile, top, top + tile) + "set title " +
        gnuplot_text(site.name) + " . \"\\n\" . " + gnuplot_text(grouped(site.counted) + " of " + grouped(site.relus)) +
        " noenhanced font \",11\" offset 0,-0.75\nset xrange [-0.5:" + fixed(static_cast<double>(width) - 0.5, 1) +
        "]\nset yrange [" + fixed(static_cast<double>(height) - 0.5, 1) +
        ":-0.5]\nset cbrange [0:" + std::to_string(std::max<int64_t>(most, 1)) + "]\nplot " + block +
        " matrix with image\n";
  }
  return figure;
}

}  // namespace senet
