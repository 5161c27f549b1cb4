#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>
#include <set>

#include "config/joined.h"
#include "display/format.h"
#include "display/gnuplot.h"
#include "senet/error.h"
#include "tools/report/figure_kinds.h"

namespace senet {

namespace {

constexpr const char* kLayerTics = "set xtics nomirror rotate by 40 right noenhanced font \",10\"\n";

std::string range_of(size_t layers) { return "set xrange [0.5:" + std::to_string(layers) + ".5]\n"; }

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

// ReLUs of each layer, what `relus` says of a site, with the lines' names at their ends.
std::string relus_panel(Figure& figure, const std::vector<std::pair<std::string, const Result*>>& series,
                        const std::function<std::optional<int64_t>(const ResultSite&)>& relus) {
  std::vector<std::string> plots;
  std::vector<LineEnd> ends;
  double most = 1;
  for (size_t i = 0; i < series.size(); ++i) {
    const std::string& title = series[i].first;
    const Result* result = series[i].second;
    double last = 0.5;
    const std::string block =
        figure.add(title + ": layer, name, ReLUs, what it is", rows_of(*result, [&](const ResultSite& site, size_t) {
                     const std::optional<int64_t> count = relus(site);
                     if (count) last = std::max(0.5, static_cast<double>(*count));
                     most = std::max(most, last);
                     return std::vector<std::string>{
                         count ? std::to_string(*count) : "NaN",
                         gnuplot_text(title + " | " + site.name + " | " + (count ? grouped(*count) : "?") + " of " +
                                      grouped(site.relus) + " ReLUs | " + result->id())};
                   }));
    ends.push_back({title, static_cast<double>(result->sites.size()), last, i});
    const std::string y = "($3 > 0 ? $3 : ($3 == 0 ? 0.5 : NaN))";
    plots.push_back(tips(block, "1:" + y, 4) + block + " using 1:" + y + ":xtic(2) with linespoints " + style(i) +
                    " title \"\"");
  }
  return "set ylabel \"ReLUs (bottom: none)\" offset 1.5\nset logscale y\nset yrange [0.5:" + fixed(2 * most, 1) +
         "]\nunset key\n" + names_at_ends(ends, 0.5, 2 * most, 0.075, true) + "plot " + joined(plots, ", \\\n     ") +
         "\nunset label\nunset logscale y\n";
}

// "layer2.0.relu1 | ReLU sensitivity 0.4821, 5.1 % of all layers' | 44 of 4,096 ReLUs kept | run": for a tooltip.
std::string tip_of_layer(const Result& result, size_t l, const std::vector<double>& measured,
                         const std::vector<std::pair<std::string, std::vector<double>>>& recorded, double authors) {
  const ResultSite& site = result.sites[l];
  const double sum = std::accumulate(measured.begin(), measured.end(), 0.0);
  std::string tip = site.name + " | ReLU sensitivity " + fixed(measured[l], 4);
  if (sum > 0) tip += ", " + fixed(100 * measured[l] / sum, 1) + " % of all layers'";
  for (const auto& [name, values] : recorded) tip += " | " + name + " " + fixed(values[l], 4);
  if (!std::isnan(authors)) tip += " | the authors' budget over the largest " + fixed(authors, 3);
  return tip + " | " + grouped(site.counted) + " of " + grouped(site.relus) + " ReLUs kept | " + result.id();
}

// Sensitivity of each layer; beside it the shape of the authors' budgets, which is relative to its largest, and the
// measured one so too. Layers are `named` where no panel below has the same; what lines mean is added to the key.
std::string sensitivity_panel(Figure& figure, const std::string& title, const Result& result,
                              const std::vector<double>& authors, bool named, std::vector<KeyEntry>& key) {
  const std::vector<double> measured = measured_sensitivity(result);
  const auto recorded = sensitivities_of(result);
  const double largest = std::max(0.0, *std::max_element(measured.begin(), measured.end()));
  const bool compared = authors.size() == measured.size() && largest > 0;
  std::string names;
  for (const auto& [name, values] : recorded) names += ", " + name;
  const std::string block = figure.add(
      title + ": layer, name" + names + ", ReLU sensitivity, the same over its largest, authors', what it is",
      rows_of(result, [&](const ResultSite&, size_t l) {
        std::vector<std::string> columns;
        for (const auto& [name, values] : recorded) columns.push_back(gnuplot_number(values[l], 6));
        columns.push_back(gnuplot_number(measured[l], 6));
        columns.push_back(compared ? fixed(measured[l] / largest, 6) : "NaN");
        columns.push_back(compared ? fixed(authors[l], 3) : "NaN");
        columns.push_back(
            gnuplot_text(tip_of_layer(result, l, measured, recorded, compared ? authors[l] : std::nan(""))));
        return columns;
      }));
  const size_t first = 3 + recorded.size(), tip = first + 3;
  std::vector<std::string> plots;
  const auto line = [&](size_t column, const std::string& how, const std::string& name) {
    plots.push_back(tips(block, "1:" + std::to_string(column), static_cast<int>(tip)) + block + " using 1:" +
                    std::to_string(column) + (named ? ":xtic(2)" : ":xtic(\"\")") + " with " + how + " title \"\"");
    if (std::none_of(key.begin(), key.end(), [&](const KeyEntry& entry) { return entry.title == name; }))
      key.push_back({how, name});
  };
  double most = largest;
  for (const auto& [name, values] : recorded) most = std::max(most, *std::max_element(values.begin(), values.end()));
  line(first, "linespoints " + style(0), "ReLU sensitivity");
  for (size_t i = 0; i < recorded.size(); ++i) line(3 + i, "linespoints " + style(i + 1), recorded[i].first);
  if (compared) line(first + 1, "lines lc rgb \"" + colour(0) + "\" dt 3 lw 1", "ReLU sensitivity over its largest");
  if (compared) line(first + 2, "linespoints " + style(6), "the authors' budgets over the largest");
  return "set label 1 " + gnuplot_text(title) +
         " at graph 0, graph 1 left offset 0,0.7 noenhanced font \",13\"\nset ylabel \"sensitivity\" offset 1.5\n" +
         (most > 1 ? "set yrange [0:*]\n" : "set yrange [0:1.05]\nset ytics 0.5\n") + range_of(measured.size()) +
         "unset key\nplot " + joined(plots, ", \\\n     ") + "\nunset label 1\nset ytics autofreq\n";
}

// A result, and what its cell is called.
struct Shown {
  std::string label;
  const Result* result;

  std::string title() const { return label + ", " + result->budget_asked; }
};

// The results with the source's seed, one a cell and budget.
std::vector<Shown> with_seed(const Source& source, const Evidence& evidence) {
  std::vector<Shown> found;
  for (const MeasuredCell& cell : evidence.cells(source)) {
    for (const Result* result : cell.results) {
      if (result->seed == source.seed()) found.push_back({cell.label(), result});
    }
  }
  return found;
}

}  // namespace

namespace {

// DeepReDuce's, or another method's: a bar a stage.
std::string criticality_panel(Figure& figure, const Result& result, const std::string& label,
                              const std::string& title) {
  const std::vector<double>& values = result.series.at("criticality");
  const std::vector<double>& accuracies = result.series.at("stage_accuracy");
  std::vector<std::vector<std::string>> rows;
  for (size_t k = 0; k < values.size(); ++k) {
    const std::string stage = "stage " + std::to_string(k + 1);
    rows.push_back({std::to_string(k + 1), gnuplot_text(stage), fixed(values[k], 6), fixed(accuracies.at(k), 4),
                    gnuplot_text(stage + " | criticality " + fixed(values[k], 4) + " | " + fixed(accuracies.at(k), 2) +
                                 " % of held-out images with its ReLUs alone | " + result.id())});
  }
  const std::string block = figure.add(label + ": stage, name, criticality, held-out accuracy in %, what it is", rows);
  return "set label 1 " + gnuplot_text(title) +
         " at graph 0, graph 1 left offset 0,0.7 noenhanced font \",13\"\nset ylabel \"criticality\" offset 1.5\n"
         "set yrange [0:*]\nset xtics norotate center font \",12\"\nunset key\n" +
         range_of(rows.size()) + "set boxwidth 0.4\nset style fill solid 0.6\nplot " + tips(block, "1:3", 5) + block +
         " using 1:3:xtic(2) with boxes lc rgb \"" + colour(0) + "\" title \"\"\nunset label 1\n";
}

// Of each cell the results to show, and the one whose stages' criticality was measured.
struct ShownSensitivities {
  std::vector<const Result*> layers;
  std::optional<Shown> criticality;
};

bool has_criticality(const Result& result) {
  const auto values = result.series.find("criticality"), accuracies = result.series.find("stage_accuracy");
  return values != result.series.end() && accuracies != result.series.end() && !values->second.empty() &&
         values->second.size() == accuracies->second.size();
}

ShownSensitivities sensitivities_to_show(const Source& source, const Evidence& evidence) {
  ShownSensitivities shown;
  std::set<std::vector<double>> seen;  // budgets and scores share a sensitivity
  for (const Shown& one : with_seed(source, evidence)) {
    if (has_criticality(*one.result) && !shown.criticality) shown.criticality = one;
    const std::vector<double> values = measured_sensitivity(*one.result);
    if (!values.empty() && seen.insert(values).second) shown.layers.push_back(one.result);
  }
  return shown;
}

}  // namespace

Figure sensitivity_figure(const Source& source, const Evidence& evidence) {
  const auto [shown, criticality] = sensitivities_to_show(source, evidence);
  const double panel = 1.0, pitch = 1.3, names = 0.6, of_key = 0.4;  // inches
  const double of_layers = shown.empty() ? 0 : pitch * static_cast<double>(shown.size()) + names + of_key;
  Figure figure(source.name, source.text("title"), kTwoColumns,
                std::max(1.0, 0.1 + of_layers + (criticality ? pitch + 0.25 : 0)));
  if (shown.empty() && !criticality) {
    figure.commands = nothing_to_show("no results with a measured sensitivity");
    return figure;
  }
  const Origins origins(evidence.cells(source), evidence);
  std::vector<KeyEntry> key;
  double top = 0.25;
  for (const Result* result : shown) {
    const Json density = result->setting("sensitivity.density");
    const Json measure = result->setting("sensitivity.plugin");
    const std::string how = !density.is_null()    ? ", density " + density.dump()
                            : measure.is_string() ? ", " + measure.get<std::string>()
                                                  : "";
    const std::string title = result->model.variant + how + origins.mark(*result, figure);
    const bool last = result == shown.back();
    figure.commands +=
        kLayerTics + figure.panel(0.45, 6.9, top, top + panel) +
        sensitivity_panel(figure, title, *result, evidence.published().sensitivity_of(result->model.plugin), last, key);
    top += pitch;
  }
  if (!key.empty()) figure.commands += key_panel(figure, top - pitch + panel + names, 2, key);
  if (criticality) {
    top = of_layers + 0.3;
    figure.commands += figure.panel(0.45, 3.4, top, top + panel) +
                       criticality_panel(figure, *criticality->result, criticality->label,
                                         criticality->label + "'s criticality of each stage" +
                                             origins.mark(*criticality->result, figure));
  }
  figure.remark("Seed " + std::to_string(source.seed()) + "; the authors' budgets are of Tiny-ImageNet at width 64");
  return figure;
}

Figure budgets_figure(const Source& source, const Evidence& evidence) {
  Figure figure(source.name, source.text("title"), kTwoColumns, 2.75);
  const Origins origins(evidence.cells(source), evidence);
  std::vector<std::pair<std::string, const Result*>> series;
  for (const Shown& one : with_seed(source, evidence)) {
    if (one.result->sites.empty() || !one.result->sites.front().allocated) continue;
    series.emplace_back(one.title() + origins.mark(*one.result, figure), one.result);
  }
  if (series.empty()) {
    figure.commands = nothing_to_show("no results with allocated budgets");
    return figure;
  }
  figure.remark("Seed " + std::to_string(source.seed()));
  figure.commands = kLayerTics + range_of(series.front().second->sites.size()) + figure.panel(0.58, 5.85, 0.1, 2.15) +
                    relus_panel(figure, series, [](const ResultSite& site) { return site.allocated; });
  return figure;
}

namespace {

// The sensitivities of the first result that has both; the counts of every result that has as many layers.
Figure layers_of(const std::vector<Shown>& shown, const std::string& name, const std::string& title) {
  const Result& first = *shown.front().result;
  const Result* with_sensitivity = nullptr;
  std::vector<std::pair<std::string, const Result*>> series;
  for (const Shown& one : shown) {
    if (!with_sensitivity && !measured_sensitivity(*one.result).empty()) with_sensitivity = one.result;
    if (one.result->sites.size() == first.sites.size()) series.emplace_back(one.title(), one.result);
  }
  Figure figure(name, title, kTwoColumns, 4.3);
  figure.remark(first.model.variant + " on " + first.dataset.plugin + ", seed " + std::to_string(first.seed));
  if (with_sensitivity) {
    std::vector<KeyEntry> key;
    const std::string drawn = sensitivity_panel(figure, "sensitivity of each layer", *with_sensitivity, {}, false, key);
    figure.commands = key_panel(figure, 0.02, 3, key) + kLayerTics + figure.panel(0.58, 5.1, 0.4, 1.6) + drawn;
  }
  figure.commands += kLayerTics + range_of(first.sites.size()) + figure.panel(0.58, 5.1, 2.0, 3.75) +
                     "set label 99 \"ReLUs kept in each layer\" at graph 0, graph 1 left offset 0,0.7 font \",13\"\n" +
                     relus_panel(figure, series, [](const ResultSite& site) { return site.counted; });
  return figure;
}

}  // namespace

Figure layers_figure(const Source& source, const Evidence& evidence) {
  const std::vector<Shown> shown = with_seed(source, evidence);
  if (!shown.empty()) return layers_of(shown, source.name, source.text("title"));
  Figure figure(source.name, source.text("title"), kTwoColumns, 1);
  figure.commands = nothing_to_show("no results");
  return figure;
}

Figure figure_of_layers(const std::vector<Result>& results, const std::string& name) {
  SENET_CHECK(!results.empty(), "there are no results to draw");
  const Result& first = results.front();
  std::vector<Shown> of_one_seed;
  for (const Result& result : results) {
    if (result.seed == first.seed) of_one_seed.push_back({result.label, &result});
  }
  return layers_of(of_one_seed, name, first.model.variant + " on " + first.dataset.plugin);
}

}  // namespace senet
