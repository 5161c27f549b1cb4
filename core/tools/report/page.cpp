#include "tools/report/page.h"

#include <algorithm>
#include <map>

#include "config/joined.h"
#include "display/format.h"
#include "display/gnuplot.h"
#include "results/result_json.h"
#include "senet/error.h"
#include "tools/report/cells.h"
#include "tools/report/figure_kinds.h"
#include "tools/report/page_assets.h"
#include "tools/report/summary_tables.h"

namespace senet {

namespace {

// Nothing may be asked for from elsewhere, whatever a result or a source says.
constexpr const char* kHead = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>SENet: results</title>
)";

constexpr const char* kNavigation = R"(<nav><a href="#summary">Summary</a><a href="#tables">Tables</a>
<a href="#figures">Figures</a><a href="#settings">Settings</a><span></span>
<button type="button" id="fold">Fold tables</button><button type="button" id="theme">Light or dark</button></nav>
)";

std::string section(const char* id, const char* title, const std::string& content) {
  return std::string("<section id=\"") + id + "\"><h2>" + title + "</h2>\n" + content + "</section>\n";
}

std::string figure_html(const Figure& figure) {
  return "<figure id=\"figure-" + slug(figure.name()) + "\"><figcaption>" + html_escaped(figure.title()) +
         "</figcaption><div role=\"img\" aria-label=\"" + html_escaped(figure.title()) + "\">" + svg_for_page(figure) +
         "</div></figure>\n";
}

std::string row_html(const std::vector<std::string>& cells, const char* tag) {
  std::string out = "<tr>";
  for (const std::string& cell : cells) out += std::string("<") + tag + ">" + html_escaped(cell) + "</" + tag + ">";
  return out + "</tr>\n";
}

std::string phases_html(const Result& result) {
  std::string out = "<div class=\"wide\"><table><thead>" +
                    row_html({"phase", "minutes", "image passes", "device", "CPU capability", "threads", "precision",
                              "LibTorch", "revision", "key"},
                             "th") +
                    "</thead><tbody>\n";
  for (const ResultPhase& phase : result.phases) {
    const Environment& environment = phase.environment;
    out += row_html(
        {phase.kind, fixed(phase.training_seconds / 60, 1), phase.image_passes ? grouped(*phase.image_passes) : "",
         environment.gpu.empty() ? environment.cpu : environment.gpu, environment.cpu_capability,
         std::to_string(environment.threads), environment.precision, environment.libtorch, environment.revision,
         phase.key},
        "td");
  }
  return out + "</tbody></table></div>\n";
}

std::string settings_html(const Result& result) {
  std::string out = "<details><summary>every setting</summary><pre>";
  for (const Setting& setting : result.settings)
    out += html_escaped(setting.key + " = " + to_json(setting.value).dump()) + "\n";
  return out + "</pre></details>\n";
}

std::string cell_html(const MeasuredCell& cell) {
  const Result& first = cell.first();
  std::string files, changes;
  for (const Result* result : cell.results) files += (files.empty() ? "" : ", ") + result->id();
  for (const std::string& deviation : deviations_of(first)) changes += "<li>" + html_escaped(deviation) + "</li>";
  return "<details class=\"cell\"><summary>" + html_escaped(cell.label()) + ", " + html_escaped(cell.budget()) + ": " +
         rendered(mean_cell(cell.accuracy())) + " %, " + grouped(cell.counted()) +
         " ReLUs</summary>\n<p class=\"note\">" + html_escaped(files) + "</p>\n" +
         (changes.empty() ? "" : "<p>Changes from the defaults, and what else to know:</p><ul>" + changes + "</ul>\n") +
         phases_html(first) + settings_html(first) + "</details>\n";
}

std::string experiments_html(const Evidence& evidence) {
  std::map<std::string, std::string> of_experiment;
  for (const MeasuredCell& cell : evidence.cells()) of_experiment[cell.first().folder()] += cell_html(cell);
  std::string out;
  for (const auto& [name, cells] : of_experiment)
    out += "<details><summary>" + html_escaped(name) + "</summary>\n" + cells + "</details>\n";
  return out.empty() ? "<p>There are no results yet.</p>\n" : out;
}

std::string lead(const Evidence& evidence) {
  std::map<std::string, int> experiments;
  for (const Result& result : evidence.results()) ++experiments[result.folder()];
  return "<p class=\"lead\">" +
         text(evidence.results().size(), " results of ", evidence.cells().size(), " cells in ", experiments.size(),
              " experiments. ± is the standard deviation over n seeds; accuracies are of test images.") +
         "</p>\n";
}

}  // namespace

std::string page(const std::vector<Table>& tables, const std::vector<Figure>& figures, const Evidence& evidence) {
  const std::string missing = gnuplot_missing();
  std::string summary, below, all_tables;
  for (const Table& table : best_of_methods(evidence)) summary += to_html(table, summary.empty());
  bool summed_up = false;
  for (const Figure& figure : figures) {
    if (!missing.empty()) break;
    (figure.sums_up ? summary : below) += figure_html(figure);
    summed_up = summed_up || figure.sums_up;
  }
  if (!summed_up && missing.empty()) summary += figure_html(figure_of_accuracies(evidence));
  if (!missing.empty()) below = "<p class=\"note\">" + html_escaped(missing) + "</p>\n";
  for (const Table& table : tables) all_tables += to_html(table);
  return std::string(kHead) + "<style>" + kPageStyle + "</style>\n</head>\n<body>\n<h1>SENet: results</h1>\n" +
         lead(evidence) + kNavigation + section("summary", "Summary", summary + to_html(where_it_ran(evidence))) +
         section("tables", "Tables", all_tables) + section("figures", "Figures", below) +
         section("settings", "Settings, phases and environment of each cell", experiments_html(evidence)) +
         "<div id=\"tip\" role=\"tooltip\" hidden></div>\n<script>" + kPageScript + "</script>\n</body>\n</html>\n";
}

}  // namespace senet
