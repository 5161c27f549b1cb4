#include <cmath>
#include <iostream>

#include "cli/commands.h"
#include "cli/tools/tool_verbs.h"
#include "display/format.h"
#include "display/gnuplot.h"
#include "experiment/plan.h"
#include "senet/error.h"
#include "storage/files.h"
#include "tools/report/cost.h"
#include "tools/report/figure_kinds.h"
#include "tools/report/page.h"
#include "tools/report/paired_differences.h"
#include "tools/report/results_list.h"
#include "tools/report/table_kinds.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

// What a source names and no result has is said, so that a slip of the pen is seen.
void say_what_a_source_misses(const Source& source, const Evidence& evidence) {
  if (evidence.empty()) return;
  for (const std::string& missing : evidence.missing(source))
    std::cerr << source.file.string() << ": " << missing << "\n";
}

// The tables or figures (`what`) that the sources ask for; only the one called `name` where it is not empty.
// A page (`of_page`) may have none of one of them.
template <class Made>
std::vector<Made> all_of(const char* what, const std::vector<Kind<Made>>& kinds, const Arguments& arguments,
                         const Evidence& evidence, const std::string& name, bool of_page) {
  std::vector<Made> all;
  for (const auto& [source, kind] : sources(arguments.sources, what, kinds, name, of_page)) {
    say_what_a_source_misses(source, evidence);
    all.push_back(kind->make(source, evidence));
  }
  return all;
}

std::vector<Table> tables_of(const Arguments& arguments, const Evidence& evidence, const std::string& name,
                             bool of_page = false) {
  return all_of("table", table_kinds(), arguments, evidence, name, of_page);
}

std::vector<Figure> figures_of(const Arguments& arguments, const Evidence& evidence, const std::string& name,
                               bool of_page = false) {
  return all_of("figure", figure_kinds(), arguments, evidence, name, of_page);
}

fs::path out_folder(const Arguments& arguments) {
  return arguments.out.empty() ? fs::path(arguments.sources) / "generated" : fs::path(arguments.out);
}

Evidence evidence_of(const Arguments& arguments) {
  return {arguments.results, arguments.sources, program_versions(load_plugins(arguments))};
}

void say_what_is_missing(const Evidence& evidence, const Arguments& arguments) {
  if (evidence.empty()) {
    std::cerr << "there are no results under " << arguments.results
              << ": what is shown is what others published; `senet run FILE` makes results\n";
  }
}

// Those of the experiment that is asked for; of all where none is.
std::vector<Result> results_of(const Arguments& arguments) {
  std::vector<Result> results = load_results(arguments.results, arguments.subject);
  if (results.empty())
    fail_usage("there are no results ", arguments.subject.empty() ? "" : "of '" + arguments.subject + "' ", "under ",
               arguments.results, "; `senet run FILE` makes them");
  return results;
}

Json json_of(const Table& table) {
  Json json = {{"name", table.name}, {"title", table.title}, {"columns", Json::array()}, {"rows", Json::array()}};
  for (const Table::Column& column : table.columns) json["columns"].push_back(column.name);
  for (const Table::Row& row : table.rows) json["rows"].push_back({{"id", row.id}, {"cells", rendered(row)}});
  json["notes"] = Json::array();
  for (const Note& note : table.notes) json["notes"].push_back(said({note}));
  json["remarks"] = table.remarks;
  return json;
}

void write_changed(const fs::path& file, const std::string& content) {
  if (!fs::exists(file) || read_file(file) != content) write_atomically(file, content);
}

// A share as points of a percentage; "" for NaN.
std::string points(double share, bool sign) {
  return (sign && !std::isnan(share) && !std::signbit(share) ? "+" : "") + fixed(100 * share, 2);
}

}  // namespace

int make_tables(const Arguments& arguments) {
  const Evidence evidence = evidence_of(arguments);
  const std::vector<Table> tables = tables_of(arguments, evidence, arguments.subject);
  if (!arguments.explain.empty()) {
    const Json json = explained(tables, arguments.explain);
    output() << (arguments.json ? json.dump(2) : readable(json)) << "\n";
    return 0;
  }
  say_what_is_missing(evidence, arguments);
  Json json = Json::array();
  for (const Table& table : tables) {
    const std::string stem = (out_folder(arguments) / table.name).string();
    write_changed(stem + ".md", to_markdown(table));
    write_changed(stem + ".tex", to_latex(table));
    write_changed(stem + ".csv", to_csv(table));
    json.push_back(json_of(table));
    if (!arguments.json) output() << to_text(table) << "written: " << stem << ".md, .tex, .csv\n\n";
  }
  return answer(arguments, json, "");
}

int make_figures(const Arguments& arguments) {
  const Evidence evidence = evidence_of(arguments);
  say_what_is_missing(evidence, arguments);
  Json json = Json::array();
  for (const Figure& figure : figures_of(arguments, evidence, arguments.subject)) {
    const std::string png = draw(figure, out_folder(arguments)).string();
    json.push_back({{"name", figure.name()}, {"png", png}});
    if (!arguments.json) output() << png << ", with .svg, .pdf, .gp and .dat\n";
  }
  return answer(arguments, json, "");
}

int make_report(const Arguments& arguments) {
  const Evidence evidence = evidence_of(arguments);
  say_what_is_missing(evidence, arguments);
  const std::string file = arguments.out.empty() ? "report.html" : arguments.out;
  if (const std::string missing = gnuplot_missing(); !missing.empty()) std::cerr << "senet: " << missing << "\n";
  write_atomically(file,
                   page(tables_of(arguments, evidence, "", true), figures_of(arguments, evidence, "", true), evidence));
  return answer(arguments, {{"file", file}}, file + "\n");
}

int show_cost(const Arguments& arguments) {
  const bool is_file = arguments.profile.find_first_of("/.") != std::string::npos;
  const CostProfile profile =
      load_profile(is_file ? fs::path(arguments.profile)
                           : installation_prefix() / "share" / "senet" / "costs" / (arguments.profile + ".toml"));
  const Result result = find_result(arguments.results, arguments.subject);
  const NetworkCost cost = cost_of(result, profile);
  const std::string linear_from = cost.linear_measured ? "measured on this network"
                                                       : text("scaled by multiply-accumulates from ",
                                                              profile.linear.model, ", ", profile.linear.macs);
  if (arguments.json) {
    const auto numbers = [](const InferenceCost& of) {
      // What is not known is null.
      return Json{{"online_seconds", of.online_seconds},
                  {"offline_seconds", of.offline_seconds},
                  {"online_bytes", of.online_bytes},
                  {"offline_bytes", of.offline_bytes},
                  {"storage_bytes", of.storage_bytes}};
    };
    Json json = {{"run", result.id()},
                 {"profile", profile.name},
                 {"source", profile.source},
                 {"relus", numbers(cost.relus)},
                 {"relus_from", "measured for one ReLU, times their number"},
                 {"multiplications", to_json(cost.multiplications)},
                 {"linear", numbers(cost.linear)},
                 {"linear_from", linear_from},
                 {"layers", Json::array()}};
    for (const auto* layers : {&cost.relu_layers, &cost.linear_layers}) {
      for (const auto& layer : *layers) {
        Json row = {{"name", layer.name}, {"relus", layer.relus}};
        row.update(numbers(layer.cost));
        if (layer.multiplications.any()) row.update(to_json(layer.multiplications));
        json["layers"].push_back(std::move(row));
      }
    }
    return answer(arguments, json, "");
  }
  std::vector<std::vector<std::string>> table = {
      {"layer", "ReLUs", "online s", "offline s", "online MB", "offline MB", "stored MB"}};
  const bool multiplies = cost.multiplications.any();
  if (multiplies) table[0].insert(table[0].end(), {"squares", "secret coefficients"});
  const auto add = [&](const std::string& name, const std::string& relus, const InferenceCost& of,
                       const Multiplications& multiplied) {
    const auto megabytes = [](double bytes) { return std::isnan(bytes) ? "–" : fixed(bytes / 1e6, 3); };
    const auto seconds = [](double s) { return std::isnan(s) ? "–" : fixed(s, 4); };
    table.push_back({name, relus, seconds(of.online_seconds), seconds(of.offline_seconds), megabytes(of.online_bytes),
                     megabytes(of.offline_bytes), megabytes(of.storage_bytes)});
    const auto counted = [&](int64_t number) { return multiplied.any() ? grouped(number) : ""; };
    if (multiplies)
      table.back().insert(table.back().end(), {counted(multiplied.squares), counted(multiplied.coefficients)});
  };
  for (const auto& layer : cost.relu_layers) add(layer.name, grouped(layer.relus), layer.cost, layer.multiplications);
  for (const auto& layer : cost.linear_layers) add(layer.name, "", layer.cost, {});
  if (cost.linear_layers.empty()) table.push_back({"(each linear layer: not in this result, of an older version)"});
  add("all ReLUs", grouped(result.network.relus), cost.relus, cost.multiplications);
  add("all linear layers", "", cost.linear, {});
  output() << result.id() << ", " << profile.name << ": " << profile.source << "\n\n"
           << aligned(table) << "\nReLUs: measured for one, times their number. Linear layers: " << linear_from
           << "; their communication is not in the source.\n";
  if (multiplies) output() << "Multiplications of secrets are counted; what one costs is not in the source.\n";
  return 0;
}

int list_results(const Arguments& arguments) {
  const std::vector<Result> results = results_of(arguments);
  if (arguments.csv) {
    output() << to_csv(results_list(results));
    return 0;
  }
  std::vector<std::vector<std::string>> table = {{"run", "data", "model", "ReLUs", "acc %", "teacher acc %"}};
  for (const Result& result : results) {
    table.push_back({result.id(), result.dataset.plugin, result.model.variant, grouped(result.network.relus),
                     points(result.network.accuracy, false), points(result.teacher.accuracy, false)});
  }
  return answer(arguments, to_json(results_list(results)), aligned(table));
}

int show_differences(const Arguments& arguments) {
  const auto differences = paired_differences(results_of(arguments), arguments.other);
  if (arguments.json) {
    Json json = {{"experiment", arguments.subject}, {"against", arguments.other}, {"cells", Json::array()}};
    for (const PairedDifference& cell : differences) {
      Json& row = json["cells"].emplace_back(Json{{"label", cell.label},
                                                  {"budget", cell.budget},
                                                  {"seeds", cell.seeds},
                                                  {"accuracy", cell.accuracy},
                                                  {"difference", cell.difference}});
      row["standard_error"] = std::isnan(cell.standard_error) ? Json() : Json(cell.standard_error);
    }
    output() << readable(json) << "\n";
    return 0;
  }
  std::vector<std::vector<std::string>> table = {
      {"cell", "budget", "seeds", "acc %", "against " + arguments.other + ", points", "± standard error"}};
  for (const PairedDifference& cell : differences) {
    table.push_back({cell.label, cell.budget, std::to_string(cell.seeds), points(cell.accuracy, false),
                     points(cell.difference, true), points(cell.standard_error, false)});
  }
  output() << aligned(table);
  return 0;
}

}  // namespace senet
