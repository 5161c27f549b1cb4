#include <cmath>
#include <sstream>

#include "cli/commands.h"
#include "cli/console.h"
#include "display/charges.h"
#include "display/format.h"
#include "evaluate/evaluation.h"
#include "experiment/runner.h"
#include "method/phases.h"
#include "results/result_json.h"
#include "senet/error.h"
#include "storage/safetensors.h"

namespace senet {

namespace {

NetworkShape input_shape(const Arguments& arguments) {
  NetworkShape shape{0, 0, 0, arguments.classes};
  char x1 = 0, x2 = 0;
  std::istringstream in(arguments.input);
  const bool read = static_cast<bool>(in >> shape.channels >> x1 >> shape.height >> x2 >> shape.width);
  const bool sound = read && x1 == 'x' && x2 == 'x' && in.peek() == std::char_traits<char>::eof() &&
                     shape.channels > 0 && shape.height > 0 && shape.width > 0 &&
                     std::max({shape.channels, shape.height, shape.width}) <= 1 << 16;
  if (!sound)
    fail_usage("--input '", arguments.input, "': expected channels, height and width as CxHxW, for example 3x32x32");
  return shape;
}

std::shared_ptr<Network> build_model(const Arguments& arguments) {
  const std::string& model = arguments.model;
  if (model.empty()) fail_usage("--model is missing: give a model plugin (`senet plugins` lists them), or a RUN");
  if (arguments.classes == 0) fail_usage("--classes is missing: give the number of classes, for example --classes 10");
  const PluginHost plugins = load_plugins(arguments);
  const Document document = assigned(Document("command line"), {{"model.plugin", model}}, arguments);
  const Options options = resolve_plugin_section(document, plugins, PluginKind::model);
  document.refuse_unread();
  const NetworkShape shape = input_shape(arguments);
  std::shared_ptr<Network> network;
  PluginHost::guard(PluginKind::model, model, [&] { network = plugins.make<Model>(model, options)->build(shape); });
  network->initialise(0);
  return network;
}

std::string shape_text(const Json& shape) {
  std::string all;
  for (const Json& size : shape) all += (all.empty() ? "" : "×") + size.dump();
  return all;
}

int show_sites(const Arguments& arguments, const Json& json) {
  if (print_json(arguments, json)) return 0;
  const Json& sites = json.at("sites");
  // What is counted in a finished network, or what a budget was shared into.
  const std::string of_each = !sites.empty() && sites[0].contains("counted") ? "counted" : "allocated";
  const bool with_counts = !sites.empty() && sites[0].contains(of_each);
  std::vector<std::vector<std::string>> table = {{"site", "shape", "stage", "convolution", "ReLUs"}};
  if (with_counts) table[0].insert(table[0].end(), {of_each, "share"});
  for (const Json& site : sites) {
    std::vector<std::string> row = {site.at("name").get<std::string>(), shape_text(site.value("shape", Json::array())),
                                    site.value("stage", Json()).dump(), site.value("conv", ""),
                                    site.at("relus").dump()};
    if (with_counts) {
      std::ostringstream share;
      share.precision(3);
      share << 100 * site.at(of_each).get<double>() / site.at("relus").get<double>() << " %";
      row.insert(row.end(), {site.at(of_each).dump(), share.str()});
    }
    table.push_back(std::move(row));
  }
  output() << aligned(table) << "\n";
  for (const char* key :
       {"budget", "counted", "relus", "squares", "secret_coefficients", "max_pool_comparisons", "parameters", "macs",
        "accuracy_before_finetuning", "deployed_image_passes", "image_passes", "trials"}) {
    if (json.contains(key)) output() << key << ": " << json.at(key).dump() << "\n";
  }
  for (const Json& operation : json.value("not_counted", Json::array()))
    output() << "not counted: " << operation.get<std::string>() << "\n";
  return 0;
}

// Nothing is to be counted in a model's site: it keeps all its ReLUs.
Json described(const ReluSite& site) {
  Json json = to_json(describe(site));
  json.erase("counted");
  return json;
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
    if (used == 0 || item.find_first_not_of(" \t", used) != std::string::npos)
      fail_usage("--sensitivity: '", item, "' is not a number");
    numbers.push_back(value);
  }
  return numbers;
}

// What a result is charged for beside comparisons and multiply–accumulates; the teacher's passes are nobody's.
Json charges_of(const Result& result) {
  Json json = to_json(result.network.multiplications);
  if (const auto& before = result.network.accuracy_before_finetuning) json["accuracy_before_finetuning"] = *before;
  const int64_t passes = method_passes(result, &ResultPhase::image_passes).value_or(0),
                deployed = method_passes(result, &ResultPhase::deployed_image_passes).value_or(0);
  if (passes > 0) json["image_passes"] = passes;
  if (deployed > 0) json["deployed_image_passes"] = deployed;
  if (const auto trials = trials_of(result)) json["trials"] = *trials;
  return json;
}

}  // namespace

int inspect(const Arguments& arguments) {
  const std::string& run = arguments.subject;
  Json json;
  if (!run.empty()) {
    if (!arguments.model.empty() || !arguments.sets.empty() || !arguments.input.empty() || arguments.classes > 0)
      fail_usage("inspect takes a RUN, or a --model with its --set, --input and --classes, not both");
    const Result result = find_result(arguments.results, run);
    json = {{"relus", result.model.relus},
            {"counted", result.network.relus},
            {"parameters", result.model.parameters},
            {"macs", result.model.macs},
            {"sites", Json::array()}};
    for (const ResultSite& site : result.sites) json["sites"].push_back(to_json(site));
    json.update(to_json(result.model.outside_sites));
    json.update(charges_of(result));
  } else {
    const auto network = build_model(arguments);
    const NetworkCounts counts = count(*network);
    json = {
        {"relus", counts.relus}, {"parameters", counts.parameters}, {"macs", counts.macs}, {"sites", Json::array()}};
    for (const ReluSite& site : network->sites()) json["sites"].push_back(described(site));
    json.update(to_json(OutsideRecord{counts.max_pool_comparisons, counts.not_counted}));
  }
  return show_sites(arguments, json);
}

int share_budget(const Arguments& arguments) {
  const auto network = build_model(arguments);
  const std::vector<double> eta = parse_numbers(arguments.sensitivity);
  check_sensitivity(eta, network->sites().size(), "--sensitivity");
  const int64_t relus = parse_budget(arguments.budget, network->relus(), "--budget");
  const std::vector<int64_t> allocated = relu_budgets(*network, eta, relus);
  Json json = {{"budget", relus}, {"relus", network->relus()}, {"sites", Json::array()}};
  for (const ReluSite& site : network->sites()) {
    json["sites"].push_back({{"name", site.name()}, {"relus", site.relus()}, {"allocated", allocated[site.index()]}});
  }
  return show_sites(arguments, json);
}

int evaluate_run(const Arguments& arguments) {
  const PluginHost plugins = load_plugins(arguments);
  const auto [result, run] = restore_subject(plugins, arguments);
  const DataSplits& splits = run.laboratory->data;
  const Images& images = arguments.split == "train"      ? splits.train
                         : arguments.split == "held_out" ? splits.held_out
                                                         : splits.test;
  const BatchLoader data = make_loader(*run.laboratory, images);
  SENET_CHECK(data.count() > 0, result.id(), ": has no ", arguments.split, " images");
  torch::Tensor logits;
  const Score score = evaluate(*run.network, data, result.id(), &logits, arguments.limit);
  if (!arguments.logits.empty()) {
    save_safetensors(arguments.logits, {{"logits", logits}, {"labels", images.labels.slice(0, 0, score.images)}},
                     {{"run", result.id()}, {"split", arguments.split}});
  }
  int64_t relus = 0;
  for (const ReluSite& site : run.network->sites()) relus += count_relus(site);
  Json json = {{"run", result.id()}, {"split", arguments.split}, {"width", arguments.width}};
  json.update(to_json(score));
  json["relus"] = relus;
  return answer(arguments, json,
                text(result.id(), " on ", score.images, " ", arguments.split, " images: accuracy ",
                     100 * score.accuracy, " %, loss ", score.loss, ", ", relus, " ReLUs\n"));
}

int import_network_file(const Arguments& arguments) {
  const PluginHost plugins = load_plugins(arguments);
  const Document document =
      assigned(Document::from_toml("name = \"import\"\n[[cell]]\nbudgets = [\"100%\"]\n", "command line"),
               {{"model.plugin", arguments.model},
                {"dataset.plugin", arguments.dataset},
                {"teacher.weights", arguments.subject}},
               arguments);
  const Plan plan = make_plan(document, plugins);
  Console console;
  Runner runner(plugins, run_folders(arguments), prepare_device(arguments), console);
  const auto [phase, network] = runner.import_teacher(plan);
  Json json = {{"key", phase.key}, {"folder", phase.folder.string()}};
  json.update(to_json(network));
  return answer(arguments, json,
                text(arguments.subject, ": ", model_variant(plan.cells.front().section("model")), ", ", network.relus,
                     " ReLUs, test accuracy ", 100 * network.test.accuracy,
                     " %\nuse it with  teacher.weights = ", nlohmann::json(arguments.subject).dump(), "\n"));
}

}  // namespace senet
