#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <set>

#include "config/joined.h"
#include "display/format.h"
#include "display/gnuplot.h"
#include "senet/error.h"
#include "tools/report/figure_kinds.h"

namespace senet {

namespace {

const char* kLayers =
    "set xtics rotate by 40 right noenhanced font \",9\"\nset key bmargin center horizontal font \",9\"\nset lmargin "
    "11\n";

std::string range_of(size_t layers) { return "set xrange [0.5:" + std::to_string(layers) + ".5]\n"; }

std::string share(double value) { return std::isnan(value) ? "NaN" : fixed(value, 6); }

// Every site's number, name and columns.
using SiteColumns = std::function<std::vector<std::string>(const ResultSite& site, size_t l)>;
std::vector<std::vector<std::string>> rows_of(const Result& result, const SiteColumns& columns) {
  std::vector<std::vector<std::string>> rows;
  for (size_t l = 0; l < result.sites.size(); ++l) {
    const ResultSite& site = result.sites[l];
    rows.push_back({std::to_string(l + 1), gnuplot_text(site.name)});
    const std::vector<std::string> values = columns(site, l);
    rows.back().insert(rows.back().end(), values.begin(), values.end());
  }
  return rows;
}

// What the measure recorded of each layer beside the ReLU sensitivity: "pruning sensitivity" and the like.
std::vector<std::pair<std::string, std::vector<double>>> sensitivities_of(const Result& result) {
  const std::string ending = "_sensitivity";
  std::vector<std::pair<std::string, std::vector<double>>> found;
  for (const auto& [name, values] : result.series) {
    const bool named = name.size() > ending.size() && name.substr(name.size() - ending.size()) == ending;
    if (!named || values.size() != result.sites.size()) continue;
    std::string title = name;
    std::replace(title.begin(), title.end(), '_', ' ');
    found.emplace_back(std::move(title), values);
  }
  return found;
}

// ReLUs of each layer: what `relus` says of a site.
std::string relus_panel(Figure& figure, const std::vector<std::pair<std::string, const Result*>>& series,
                        const std::function<std::optional<int64_t>(const ResultSite&)>& relus) {
  std::vector<std::string> plots;
  for (const auto& [title, result] : series) {
    const std::string block =
        figure.add(title + ": layer, name, ReLUs", rows_of(*result, [&](const ResultSite& site, size_t) {
                     const std::optional<int64_t> count = relus(site);
                     return std::vector<std::string>{count ? std::to_string(*count) : "NaN"};
                   }));
    plots.push_back(block + " using 1:($3 > 0 ? $3 : ($3 == 0 ? 0.5 : NaN)):xtic(2) with linespoints " +
                    style(plots.size()) + " title " + gnuplot_text(title));
  }
  return std::string(
             "set ylabel \"ReLUs (logarithmic; none: at the bottom)\"\nset logscale y\nset yrange [0.5:*]\nplot ") +
         joined(plots, ", \\\n     ") + "\nunset logscale y\n";
}

// Sensitivity of each layer; beside it the shape of the authors' budgets, which is relative to its largest, and the
// measured one so too.
std::string sensitivity_panel(Figure& figure, const std::string& title, const Result& result,
                              const std::vector<double>& authors) {
  const std::vector<double> measured = measured_sensitivity(result);
  const auto recorded = sensitivities_of(result);
  std::string names;
  for (const auto& [name, values] : recorded) names += ", " + name;
  const std::string block = figure.add(title + ": layer, name" + names + ", ReLU sensitivity",
                                       rows_of(result, [&](const ResultSite&, size_t l) {
                                         std::vector<std::string> columns;
                                         for (const auto& [name, values] : recorded)
                                           columns.push_back(share(values[l]));
                                         columns.push_back(share(measured[l]));
                                         return columns;
                                       }));
  const auto line = [&](size_t column, const std::string& how, const std::string& name) {
    return block + " using 1:" + std::to_string(column) + ":xtic(2) with linespoints " + how + " title " +
           gnuplot_text(name);
  };
  std::string plots;
  for (size_t i = 0; i < recorded.size(); ++i) plots += line(3 + i, style(i + 1), recorded[i].first) + ", \\\n     ";
  plots += line(3 + recorded.size(), style(0), "ReLU sensitivity");
  if (authors.size() == measured.size()) {
    const double largest = std::max(0.0, *std::max_element(measured.begin(), measured.end()));
    const auto rows = rows_of(result, [&](const ResultSite&, size_t l) {
      return std::vector<std::string>{largest > 0 ? fixed(measured[l] / largest, 6) : "NaN", fixed(authors[l], 3)};
    });
    const std::string both = figure.add(title + ": layer, name, ReLU sensitivity over its largest, authors'", rows);
    plots += ", \\\n     " + both +
             " using 1:3 with lines lc rgb \"#0072b2\" dt 3 title \"ReLU, over its largest\", \\\n     " + both +
             " using 1:4 with linespoints " + style(6) +
             " title \"over its largest: the authors' budgets for Tiny-ImageNet, width 64\"";
  }
  return "set title " + gnuplot_text(title) + " noenhanced\nset ylabel \"sensitivity, share\"\nset yrange [0:1.05]\n" +
         range_of(measured.size()) + "plot " + plots + "\n";
}

std::string title_of(const Result& result) { return result.label + ", " + result.budget_asked; }

// The results with the source's seed, one a cell and budget.
std::vector<const Result*> with_seed(const Source& source, const Evidence& evidence) {
  std::vector<const Result*> found;
  for (const MeasuredCell& cell : evidence.cells(source)) {
    for (const Result* result : cell.results) {
      if (result->seed == source.seed()) found.push_back(result);
    }
  }
  return found;
}

}  // namespace

Figure sensitivity_figure(const Source& source, const Evidence& evidence) {
  const Result* criticality = nullptr;
  std::vector<const Result*> shown;
  std::set<std::vector<double>> seen;  // budgets and scores share a sensitivity
  for (const Result* result : with_seed(source, evidence)) {
    if (result->series.count("criticality") && !criticality) criticality = result;
    const std::vector<double> values = measured_sensitivity(*result);
    if (!values.empty() && seen.insert(values).second) shown.push_back(result);
  }
  const size_t count = shown.size() + (criticality ? 1 : 0);
  Figure figure(source.name, source.text("title"), 1000, static_cast<int>(160 + 370 * std::max<size_t>(count, 1)));
  if (count == 0) {
    figure.commands = nothing_to_show("no results with a measured sensitivity");
    return figure;
  }
  std::string panels;
  for (const Result* result : shown) {
    const Json density = result->setting("sensitivity.density");
    panels += sensitivity_panel(figure,
                                "seed " + std::to_string(result->seed) +
                                    (density.is_null() ? "" : ", d = " + density.dump()) + " " +
                                    origin_of(*result, evidence, figure.notes),
                                *result, evidence.published().sensitivity_of(result->model.plugin));
  }
  if (criticality) {
    const std::vector<double>& values = criticality->series.at("criticality");
    const std::vector<double>& accuracies = criticality->series.at("stage_accuracy");
    std::vector<std::vector<std::string>> rows;
    for (size_t k = 0; k < values.size(); ++k) {
      rows.push_back({std::to_string(k + 1), gnuplot_text("stage " + std::to_string(k + 1)), fixed(100 * values[k], 6),
                      fixed(100 * accuracies.at(k), 4)});
    }
    const std::string block =
        figure.add(criticality->label + ": stage, name, 100 × criticality, held-out accuracy in %", rows);
    panels += "set title " +
              gnuplot_text(criticality->label +
                           "'s criticality of each stage: " + origin_of(*criticality, evidence, figure.notes) +
                           ", seed " + std::to_string(criticality->seed)) +
              " noenhanced\nset ylabel \"100 × criticality\"\nset yrange [0:*]\nset xtics norotate center\n" +
              range_of(rows.size()) + "set boxwidth 0.5\nset style fill solid 0.6\nplot " + block +
              " using 1:3:xtic(2) with boxes lc rgb \"#0072b2\" title \"criticality\"\n";
  }
  figure.commands = "set multiplot layout " + std::to_string(count) + ",1 title " + figure.heading() + " noenhanced\n" +
                    kLayers + panels + "unset multiplot\n";
  return figure;
}

Figure budgets_figure(const Source& source, const Evidence& evidence) {
  Figure figure(source.name, source.text("title"), 1000, 620);
  std::vector<std::pair<std::string, const Result*>> series;
  for (const Result* result : with_seed(source, evidence)) {
    if (result->sites.empty() || !result->sites.front().allocated) continue;
    series.emplace_back(
        title_of(*result) + ", seed " + std::to_string(result->seed) + " " + origin_of(*result, evidence, figure.notes),
        result);
  }
  if (series.empty()) {
    figure.commands = nothing_to_show("no results with allocated budgets");
    return figure;
  }
  figure.commands = std::string(kLayers) + "set title " + figure.heading() + " noenhanced\n" +
                    range_of(series.front().second->sites.size());
  figure.commands += relus_panel(figure, series, [](const ResultSite& site) { return site.allocated; });
  return figure;
}

Figure figure_of_layers(const std::vector<Result>& results, const std::string& name) {
  SENET_CHECK(!results.empty(), "there are no results to draw");
  // The sensitivities of the first result that has both; the counts of every result with the first one's seed.
  const Result& first = results.front();
  const Result* with_sensitivity = nullptr;
  std::vector<std::pair<std::string, const Result*>> series;
  for (const Result& result : results) {
    if (!with_sensitivity && !measured_sensitivity(result).empty()) with_sensitivity = &result;
    if (result.seed == first.seed && result.sites.size() == first.sites.size())
      series.emplace_back(title_of(result), &result);
  }
  Figure figure(name, first.model.variant + " on " + first.dataset.plugin, 1100, 900);
  figure.commands =
      "set multiplot layout 2,1 title " + figure.heading() + " noenhanced\n" + kLayers + range_of(first.sites.size());
  if (with_sensitivity) {
    figure.commands += sensitivity_panel(figure, "Sensitivity of each layer", *with_sensitivity, {});
  } else {
    figure.commands +=
        "set label 1 \"not measured in this experiment\" at graph 0.5,0.5 center\nset yrange [0:1]\nplot NaN "
        "notitle\nunset label 1\n";
  }
  figure.commands += "set title \"ReLUs kept in each layer\"\n";
  figure.commands += relus_panel(figure, series, [](const ResultSite& site) { return site.counted; });
  figure.commands += "unset multiplot\n";
  return figure;
}

}  // namespace senet
