#include <cmath>
#include <iostream>
#include <sstream>

#include "cli/commands.h"
#include "evaluate/evaluation.h"
#include "report/report.h"
#include "senet/error.h"
#include "senet/phases.h"

namespace senet {

namespace {

struct ModelArguments {
  std::string model;
  std::string input;
  int64_t classes = 0;

  void add(CLI::App& command) {
    command.add_option("--model", model, "a model plugin")->type_name("NAME");
    command.add_option("--input", input, "shape of an image, for example 3x32x32")->type_name("CxHxW");
    command.add_option("--classes", classes, "number of classes")->check(CLI::Range(1, 1000000))->type_name("N");
  }

  NetworkShape shape() const {
    NetworkShape shape{0, 0, 0, classes};
    char x1 = 0, x2 = 0;
    std::istringstream in(input);
    const bool read = static_cast<bool>(in >> shape.channels >> x1 >> shape.height >> x2 >> shape.width);
    const bool sound = read && x1 == 'x' && x2 == 'x' && in.peek() == std::char_traits<char>::eof() && shape.channels > 0 &&
                       shape.height > 0 && shape.width > 0 && std::max({shape.channels, shape.height, shape.width}) <= 1 << 16;
    if (!sound) fail_usage("--input '", input, "': expected channels, height and width as CxHxW, for example 3x32x32");
    return shape;
  }

  std::shared_ptr<Network> build(const CommonArguments& arguments, const PluginHost& plugins) const {
    if (model.empty()) fail_usage("--model is missing: give a model plugin (`senet plugins` lists them), or a RUN");
    if (classes == 0) fail_usage("--classes is missing: give the number of classes, for example --classes 10");
    Document document("command line");
    document.set("model.plugin=\"" + model + "\"");
    for (const std::string& assignment : arguments.sets) document.set(assignment);
    const Options options = resolve_plugin_section(document, plugins, PluginKind::model);
    document.refuse_unread();
    const NetworkShape input_shape = shape();
    std::shared_ptr<Network> network;
    PluginHost::guard(PluginKind::model, model, [&] { network = plugins.make<Model>(model, options)->build(input_shape); });
    network->initialise(0);
    return network;
  }
};

std::string shape_text(const Json& shape) { return shape.at(0).dump() + "×" + shape.at(1).dump() + "×" + shape.at(2).dump(); }

void print_sites(const Json& json) {
  const Json& sites = json.at("sites");
  const bool with_kept = sites.at(0).contains("kept");
  std::vector<std::vector<std::string>> table = {{"site", "shape", "stage", "convolution", "ReLUs"}};
  if (with_kept) table[0].insert(table[0].end(), {"kept", "share"});
  for (const Json& site : sites) {
    std::vector<std::string> row = {site.at("name").get<std::string>(), site.contains("shape") ? shape_text(site.at("shape")) : "",
                                    site.value("stage", Json()).dump(), site.value("conv", ""), site.at("relus").dump()};
    if (with_kept) {
      std::ostringstream share;
      share.precision(3);
      share << 100 * site.at("kept").get<double>() / site.at("relus").get<double>() << " %";
      row.insert(row.end(), {site.at("kept").dump(), share.str()});
    }
    table.push_back(std::move(row));
  }
  std::cout << aligned(table) << "\n";
  for (const char* key : {"budget", "kept", "relus", "parameters", "macs"}) {
    if (json.contains(key)) std::cout << key << ": " << json.at(key).dump() << "\n";
  }
}

int inspect(const std::string& run, const ModelArguments& model, const CommonArguments& arguments) {
  Json json;
  if (!run.empty()) {
    if (!model.model.empty()) fail_usage("inspect takes a RUN or a --model, not both");
    const Json result = find_result(arguments.folders.results, run).json;
    json = {{"relus", result.at("model").at("relus")},
            {"kept", result.at("result").at("relus")},
            {"parameters", result.at("model").at("parameters")},
            {"macs", result.at("model").at("macs")},
            {"sites", result.at("sites")}};
  } else {
    const auto network = model.build(arguments, arguments.plugins());
    const NetworkCounts counts = count(*network, model.shape());
    json = {{"relus", counts.relus}, {"parameters", counts.parameters}, {"macs", counts.macs}, {"sites", describe_sites(*network, false)}};
  }
  if (arguments.json) {
    std::cout << json.dump(2) << "\n";
  } else {
    print_sites(json);
  }
  return 0;
}

std::vector<double> parse_numbers(const std::string& list) {
  std::vector<double> numbers;
  std::istringstream in(list);
  for (std::string item; std::getline(in, item, ',');) {
    size_t used = 0;
    double value = NAN;
    try {
      value = std::stod(item, &used);
    } catch (const std::exception&) {
    }
    if (used == 0 || item.find_first_not_of(" \t", used) != std::string::npos) fail_usage("--sensitivity: '", item, "' is not a number");
    numbers.push_back(value);
  }
  return numbers;
}

int budget(const ModelArguments& model, const std::string& sensitivity, const std::string& asked, const CommonArguments& arguments) {
  const auto network = model.build(arguments, arguments.plugins());
  const std::vector<double> eta = parse_numbers(sensitivity);
  try {
    check_sensitivity(eta, network->sites().size(), "--sensitivity");
  } catch (const Error& error) {
    fail_usage(error.what());
  }
  const int64_t relus = parse_budget(asked, network->relus(), "--budget");
  const std::vector<int64_t> kept = relu_budgets(*network, eta, relus);
  Json json = {{"budget", relus}, {"relus", network->relus()}, {"sites", Json::array()}};
  for (const ReluSite& site : network->sites()) {
    json["sites"].push_back({{"name", site.name()}, {"relus", site.relus()}, {"kept", kept[site.index()]}});
  }
  if (arguments.json) {
    std::cout << json.dump(2) << "\n";
  } else {
    print_sites(json);
  }
  return 0;
}

}  // namespace

void add_inspect(CLI::App& program, Action& run) {
  CLI::App* command = program.add_subcommand("inspect", "a row per ReLU site of a model or of a RUN");
  auto arguments = std::make_shared<CommonArguments>();
  auto model = std::make_shared<ModelArguments>();
  auto which = std::make_shared<std::string>();
  command->add_option("RUN", *which, "a result file, or a part of a result's name")->type_name("");
  model->add(*command);
  arguments->add_set(*command);
  command->add_option("--results", arguments->folders.results, "where RUN is looked for")->type_name("DIR")->capture_default_str();
  arguments->add_plugins(*command);
  arguments->add_json(*command);
  command->callback([=, &run] { run = [=] { return inspect(*which, *model, *arguments); }; });
}

void add_budget(CLI::App& program, Action& run) {
  CLI::App* command = program.add_subcommand("budget", "share a ReLU budget over a model's layers by their sensitivity");
  auto arguments = std::make_shared<CommonArguments>();
  auto model = std::make_shared<ModelArguments>();
  auto sensitivity = std::make_shared<std::string>();
  auto asked = std::make_shared<std::string>();
  model->add(*command);
  command->add_option("--sensitivity", *sensitivity, "a number for each ReLU site, separated by commas; only proportions matter")->required()->type_name("LIST");
  command->add_option("--budget", *asked, "a ReLU count, or a share of the model's such as 10%")->required()->type_name("B");
  arguments->add_set(*command);
  arguments->add_plugins(*command);
  arguments->add_json(*command);
  command->callback([=, &run] { run = [=] { return budget(*model, *sensitivity, *asked, *arguments); }; });
}

}  // namespace senet
