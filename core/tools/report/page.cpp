#include "tools/report/page.h"

#include <map>

#include "display/gnuplot.h"
#include "results/result_json.h"
#include "tools/report/cells.h"

namespace senet {

namespace {

constexpr const char* kHead = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>SENet: results</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 1200px; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.5rem; border-bottom: 1px solid #ccc; }
nav a { margin-right: 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; margin: 1rem 0; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #e3e3e3; white-space: nowrap; }
thead th { border-bottom: 2px solid #555; }
.note { font-size: 13px; color: #444; margin: .2rem 0; overflow-wrap: anywhere; }
figure { margin: 1.5rem 0; } figure img { max-width: 100%; height: auto; } figcaption { font-size: 13px; color: #444; }
details { margin: .4rem 0; } pre { overflow-x: auto; background: #f6f6f6; padding: .6rem; font-size: 12px; }
</style>
</head>
<body>
<h1>SENet: results</h1>
)";

std::string base64(const std::string& bytes) {
  static const char* digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (i + k < bytes.size() ? static_cast<uint8_t>(bytes[i + k]) : 0);
    for (size_t k = 0; k < 4; ++k) out += i + k > bytes.size() ? '=' : digits[group >> (18 - 6 * k) & 63];
  }
  return out;
}

std::string block(const Json& json) { return "<pre>" + html_escaped(readable(json)) + "</pre>\n"; }

std::string experiments(const Evidence& evidence) {
  std::string out;
  std::map<std::string, std::string> of_experiment;
  for (const MeasuredCell& cell : evidence.cells()) {
    const Result& first = cell.first();
    std::string seeds;
    for (const Result* result : cell.results) seeds += (seeds.empty() ? "" : ", ") + std::to_string(result->seed);
    Json phases = Json::array();
    for (const ResultPhase& phase : first.phases) phases.push_back(to_json(phase));
    of_experiment[first.folder()] +=
        "<details><summary>" + html_escaped(cell.label()) + ", " + html_escaped(cell.budget()) + ": accuracy " +
        rendered(mean_cell(cell.accuracy())) + " %, seeds " + html_escaped(seeds) + "</summary>\n" +
        block({{"deviations from the paper", deviations_of(first)},
               {"environment", to_json(first.environment)},
               {"phases", phases},
               {"precision", first.precision},
               {"settings", to_json(first.settings)}}) +
        "</details>\n";
  }
  for (const auto& [name, cells] : of_experiment) out += "<h3>" + html_escaped(name) + "</h3>\n" + cells;
  return out.empty() ? "<p>There are no results yet.</p>\n" : out;
}

}  // namespace

std::string page(const std::vector<Table>& tables, const std::vector<Figure>& figures, const Evidence& evidence) {
  std::string out = kHead;
  out +=
      "<nav><a href=\"#tables\">Tables</a><a href=\"#figures\">Figures</a><a href=\"#settings\">Settings</a></nav>\n";
  out += "<h2 id=\"tables\">Tables</h2>\n";
  for (const Table& table : tables) out += to_html(table);
  out += "<h2 id=\"figures\">Figures</h2>\n";
  const std::string missing = gnuplot_missing();
  if (!missing.empty()) out += "<p class=\"note\">" + html_escaped(missing) + "</p>\n";
  for (const Figure& figure : figures) {
    if (!missing.empty()) break;
    out += "<figure><img alt=\"" + html_escaped(figure.title()) + "\" src=\"data:image/svg+xml;base64," +
           base64(svg_of(figure)) + "\"><figcaption>" + html_escaped(figure.title()) + "</figcaption></figure>\n";
  }
  out += "<h2 id=\"settings\">Settings and environment of each cell</h2>\n" + experiments(evidence);
  return out + "</body>\n</html>\n";
}

}  // namespace senet
