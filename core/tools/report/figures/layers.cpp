#include <algorithm>
#include <cmath>
#include <set>

#include "config/format.h"
#include "senet/error.h"
#include "storage/gnuplot.h"
#include "tools/report/figures/figures.h"

namespace senet {

namespace {

const char* kLayers =
    "set xtics rotate by 40 right noenhanced font \",9\"\nset key bmargin center horizontal font \",9\"\nset lmargin "
    "11\n";

std::string range_of(size_t layers) { return "set xrange [0.5:" + std::to_string(layers) + ".5]\n"; }

const Json& sites_of(const Result& result) { return result.json.at("sites"); }

bool measured(const Result& result) {
  return !sites_of(result).empty() && sites_of(result)[0].contains("pruning_sensitivity");
}

std::string name_of(const Json& site) { return gnuplot_text(site.at("name").get<std::string>()); }

// A column of every site, with its number and name.
std::vector<std::vector<std::string>> rows_of(const Json& sites, const std::vector<const char*>& columns) {
  std::vector<std::vector<std::string>> rows;
  for (size_t l = 0; l < sites.size(); ++l) {
    rows.push_back({std::to_string(l + 1), name_of(sites[l])});
    for (const char* column : columns) {
      const Json value = sites[l].value(column, Json());
      rows.back().push_back(value.is_number_integer() ? value.dump()
                            : value.is_number()       ? fixed(value.get<double>(), 6)
                                                      : "NaN");
    }
  }
  return rows;
}

std::string kept_panel(Figure& figure, const std::vector<std::pair<std::string, const Result*>>& series,
                       const char* column) {
  std::vector<std::string> plots;
  for (const auto& [title, result] : series) {
    const std::string block = figure.add(title + ": layer, name, ReLUs", rows_of(sites_of(*result), {column}));
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
  const Json& sites = sites_of(result);
  const std::string block = figure.add(title + ": layer, name, pruning sensitivity, ReLU sensitivity",
                                       rows_of(sites, {"pruning_sensitivity", "sensitivity"}));
  std::string plots = block + " using 1:3:xtic(2) with linespoints " + style(1) +
                      " title \"pruning: share of weights kept\", \\\n     " + block + " using 1:4 with linespoints " +
                      style(0) + " title \"ReLU: 1 − pruning sensitivity\"";
  if (result.json.at("model").at("plugin") == "resnet18" && authors.size() == sites.size()) {
    double largest = 0;
    for (const Json& site : sites) largest = std::max(largest, site.at("sensitivity").get<double>());
    std::vector<std::vector<std::string>> rows;
    for (size_t l = 0; l < authors.size(); ++l) {
      rows.push_back({std::to_string(l + 1), name_of(sites[l]),
                      largest > 0 ? fixed(sites[l].at("sensitivity").get<double>() / largest, 6) : "NaN",
                      fixed(authors[l], 3)});
    }
    const std::string both = figure.add(title + ": layer, name, ReLU sensitivity over its largest, authors'", rows);
    plots += ", \\\n     " + both +
             " using 1:3 with lines lc rgb \"#0072b2\" dt 3 title \"ReLU, over its largest\", \\\n     " + both +
             " using 1:4 with linespoints " + style(6) +
             " title \"over its largest: the authors' budgets for Tiny-ImageNet, width 64\"";
  }
  return "set title " + gnuplot_text(title) + " noenhanced\nset ylabel \"sensitivity, share\"\nset yrange [0:1.05]\n" +
         range_of(sites.size()) + "plot " + plots + "\n";
}

std::string title_of(const Result& result) {
  return result.json.at("cell").at("label").get<std::string>() + ", " +
         result.json.at("budget").at("asked").get<std::string>();
}

// The results with the source's seed, one a cell and budget.
std::vector<const Result*> with_seed(const Source& source, const Evidence& evidence) {
  std::vector<const Result*> found;
  for (const MeasuredCell& cell : evidence.cells(source)) {
    for (const Result* result : cell.results) {
      if (result->json.at("seed") == source.seed()) found.push_back(result);
    }
  }
  return found;
}

}  // namespace

Figure sensitivity(const Source& source, const Evidence& evidence) {
  const Result* criticality = nullptr;
  std::vector<const Result*> shown;
  std::set<std::string> seen;  // budgets and scores share a sensitivity
  for (const Result* result : with_seed(source, evidence)) {
    if (result->json.value("series", Json::object()).contains("criticality") && !criticality) criticality = result;
    if (!measured(*result)) continue;
    std::string values;
    for (const Json& site : sites_of(*result)) values += site.at("sensitivity").dump() + " ";
    if (seen.insert(values).second) shown.push_back(result);
  }
  const size_t count = shown.size() + (criticality ? 1 : 0);
  Figure figure(source.name, source.text("title"), 1000, static_cast<int>(160 + 370 * std::max<size_t>(count, 1)));
  if (count == 0) {
    figure.commands = nothing_to_show("no results with a measured sensitivity");
    return figure;
  }
  std::string panels;
  for (const Result* result : shown) {
    const Json density = result->json.at("settings").value("sensitivity.density", Json());
    panels += sensitivity_panel(figure,
                                "seed " + result->json.at("seed").dump() +
                                    (density.is_null() ? "" : ", d = " + density.dump()) + " " +
                                    origin_of(*result, evidence, figure.notes),
                                *result, evidence.published().resnet18_sensitivity);
  }
  if (criticality) {
    const Json& series = criticality->json.at("series");
    std::vector<std::vector<std::string>> rows;
    for (size_t k = 0; k < series.at("criticality").size(); ++k) {
      rows.push_back({std::to_string(k + 1), gnuplot_text("stage " + std::to_string(k + 1)),
                      fixed(100 * series.at("criticality")[k].get<double>(), 6),
                      fixed(100 * series.at("stage_accuracy")[k].get<double>(), 4)});
    }
    const std::string block = figure.add("DeepReDuce: stage, name, 100 × criticality, held-out accuracy in %", rows);
    panels +=
        "set title " +
        gnuplot_text("DeepReDuce's criticality of each stage: " + origin_of(*criticality, evidence, figure.notes) +
                     ", seed " + criticality->json.at("seed").dump()) +
        " noenhanced\nset ylabel \"100 × criticality\"\nset yrange [0:*]\nset xtics norotate center\n" +
        range_of(rows.size()) + "set boxwidth 0.5\nset style fill solid 0.6\nplot " + block +
        " using 1:3:xtic(2) with boxes lc rgb \"#0072b2\" title \"criticality\"\n";
  }
  figure.commands = "set multiplot layout " + std::to_string(count) + ",1 title " + figure.heading() + " noenhanced\n" +
                    kLayers + panels + "unset multiplot\n";
  return figure;
}

Figure budgets(const Source& source, const Evidence& evidence) {
  Figure figure(source.name, source.text("title"), 1000, 620);
  std::vector<std::pair<std::string, const Result*>> series;
  for (const Result* result : with_seed(source, evidence)) {
    if (sites_of(*result).empty() || !sites_of(*result)[0].contains("allocated")) continue;
    series.emplace_back(title_of(*result) + ", seed " + result->json.at("seed").dump() + " " +
                            origin_of(*result, evidence, figure.notes),
                        result);
  }
  if (series.empty()) {
    figure.commands = nothing_to_show("no results with allocated budgets");
    return figure;
  }
  figure.commands = std::string(kLayers) + "set title " + figure.heading() + " noenhanced\n" +
                    range_of(sites_of(*series.front().second).size());
  figure.commands += kept_panel(figure, series, "allocated");
  return figure;
}

Figure layers_of(const std::vector<Result>& results, const std::string& name) {
  SENET_CHECK(!results.empty(), "there are no results to draw");
  // The sensitivities of the first result that has both; the counts of every result with the first one's seed.
  const Result& first = results.front();
  const Result* with_sensitivity = nullptr;
  std::vector<std::pair<std::string, const Result*>> series;
  for (const Result& result : results) {
    if (!with_sensitivity && measured(result)) with_sensitivity = &result;
    if (result.json.at("seed") == first.json.at("seed") && sites_of(result).size() == sites_of(first).size())
      series.emplace_back(title_of(result), &result);
  }
  const std::string model = first.json.at("model").at("variant").get<std::string>();
  Figure figure(name, model + " on " + first.json.at("dataset").at("plugin").get<std::string>(), 1100, 900);
  figure.commands = "set multiplot layout 2,1 title " + figure.heading() + " noenhanced\n" + kLayers +
                    range_of(sites_of(first).size());
  if (with_sensitivity) {
    figure.commands +=
        sensitivity_panel(figure, "Pruning sensitivity and ReLU sensitivity of each layer", *with_sensitivity, {});
  } else {
    figure.commands +=
        "set label 1 \"not measured in this experiment\" at graph 0.5,0.5 center\nset yrange [0:1]\nplot NaN "
        "notitle\nunset label 1\n";
  }
  figure.commands += "set title \"ReLUs kept in each layer\"\n";
  figure.commands += kept_panel(figure, series, "kept");
  figure.commands += "unset multiplot\n";
  return figure;
}

}  // namespace senet
