#include "experiment/plan.h"

#include <algorithm>
#include <set>

#include "data/splits.h"
#include "evaluate/evaluation.h"
#include "method/methods.h"
#include "method/senet.h"
#include "senet/error.h"
#include "storage/files.h"
#include "train/training_settings.h"

namespace senet {

namespace {

constexpr Option kExperimentOptions[] = {
    text_option("name", "\"\"", "the experiment's name: letters, digits, '.', '_' and '-'"),
    integers_option("seeds", "[1]", "each cell runs once with each; everything random derives from it").at_least(0),
};
constexpr Option kCellOptions[] = {
    text_option("method", "\"senet\"", "senet, or a baseline plugin"),
    budgets_option("budgets", "[]",
                   "ReLU budgets: a count, or a share of the model's ReLUs such as \"10%\", rounded down"),
    text_option("label", "\"\"", "what tables call this cell; empty: the method and what the cell overrides"),
    integers_option("seeds", "[1]", "as at the top level").at_least(0),
};
constexpr Option kDatasetOptions[] = {text_option("plugin", "\"\"", "the data set; a plugin").of_data()};
constexpr Option kModelOptions[] = {text_option(
    "plugin", "\"resnet18\"",
    "the model; a plugin, whose options stand beside this one. A section [student] sets some of them otherwise for the "
    "network that is linearised, which has the teacher's ReLU sites and no weight that the teacher has not. Shares of "
    "a budget are of this model")};
constexpr Option kSharedTrainingOptions[] = {
    text_option("precision", "\"auto\"", "of activations: auto is bfloat16 where the device has it, else float32")
        .one_of("auto float32 bfloat16"),
    integer_option(
        "shards", "1",
        "V, a power of two: each batch is cut into V shards, one a process, whose gradients and sums over the "
        "batch are joined in a fixed tree; `senet run` starts the processes that are not there")
        .between(1, 1024),
    integer_option("shard_threads", "1", "with shards: threads of each, whoever runs it")
        .between(1, 4096)
        .without_effect(),
};

std::string shown(const OptionValue& value) {
  const auto* word = std::get_if<std::string>(&value);
  return word ? *word : to_json(value).dump();
}

}  // namespace

const Options& Cell::section(const std::string& name) const {
  const auto it = sections.find(name);
  SENET_CHECK(it != sections.end(), "cell '", label, "' has no section '", name, "'");
  return it->second;
}

std::vector<Setting> Cell::settings() const {
  std::vector<Setting> settings;
  for (const auto& [name, options] : sections) {
    for (const Options::Item& item : options.items())
      settings.push_back({name + "." + item.declaration.name, item.value, item.declaration.affects_result});
  }
  return settings;
}

std::vector<Change> Cell::changes() const {
  std::vector<Change> changes;
  for (const auto& [name, options] : sections) {
    if (name == "training") continue;  // shown where each phase takes it over
    for (const Options::Item& item : options.items()) {
      if (item.is_default || !item.declaration.affects_result) continue;
      const Option& option = item.declaration;
      changes.push_back({name, option.name, item.value, default_of(option), option.kind});
    }
  }
  return changes;
}

std::map<std::string, TrainingReach> Cell::reach_of_training() const {
  std::map<std::string, TrainingReach> reach;
  // The harness sees to these, whatever the step.
  std::set<std::string> of_harness;
  for (const Option& option : kSharedTrainingOptions) of_harness.insert(option.name);
  for (const Options::Item& general : section("training").items()) {
    const std::string option = general.declaration.name;
    if (general.origin == "default") continue;
    for (const auto& [name, options] : sections) {
      if (name == "dataset" || name == "model" || name == "student" || name == "training") continue;
      for (const std::string& prefix : trainings_of(options)) {
        const std::string own = prefix.empty() ? option : prefix + "." + option;
        const bool known = options.has(own), taken = known && options.item(own).origin == general.origin;
        TrainingReach& of_step = reach[prefix.empty() ? name : name + "." + prefix];
        (taken || of_harness.count(option) ? of_step.taken
         : known                           ? of_step.set_by_itself
                                           : of_step.unknown_to_it)
            .push_back(option);
      }
    }
  }
  return reach;
}

std::map<std::string, std::vector<Option>> core_sections() {
  std::map<std::string, std::vector<Option>> sections = {
      {"", declare(kExperimentOptions)},
      {"cell", declare(kCellOptions)},
      {"dataset", declare(kDatasetOptions, split_options())},
      {"model", declare(kModelOptions)},
      {"training", declare(kSharedTrainingOptions, training_options())},
      {"teacher", teacher_options()}};
  sections.merge(senet_options());
  return sections;
}

Options resolve_plugin_section(const Document& document, const PluginHost& plugins, PluginKind kind, int cell) {
  const std::string section = kind_name(kind);
  const std::vector<Option> own = core_sections().at(section);
  const Options given = document.resolve(section, own, cell);
  if (given.text("plugin").empty())
    fail_usage(document.name(), ": ", section, ".plugin is not set; `senet plugins` lists what there is");
  const std::vector<Option> declared = plugin_options(plugins, kind, given.item("plugin"));
  return document.resolve(section, declare(own.data(), own.size(), declared), cell);
}

Options resolve_student(const Document& document, const PluginHost& plugins, const Options& model, int cell) {
  const std::vector<Option> declared = plugin_options(plugins, PluginKind::model, model.item("plugin"));
  const Options all = document.resolve("student", declared, cell, "model");
  Options otherwise("student");
  for (Options::Item item : all.items()) {
    if (item.value == model.item(item.declaration.name).value) continue;
    item.is_default = false;
    otherwise.add(std::move(item));
  }
  return otherwise;
}

Options model_of_student(Options model, const Options& student) {
  for (const Options::Item& item : student.items()) model.replace(item.declaration.name, item.value, item.origin);
  return model;
}

Plan make_plan(const Document& document, const PluginHost& plugins) {
  Plan plan;
  const Options top = document.resolve("", declare(kExperimentOptions));
  plan.name = top.text("name");
  if (!is_plain_name(plan.name)) {
    fail_usage(top.item("name").origin == "default" ? document.name() : top.item("name").origin, ": name = \"",
               plan.name, "\"; expected ", kPlainName);
  }
  if (holds_no_results(plan.name))
    fail_usage(top.item("name").origin, ": name = \"", plan.name,
               "\" is that of a folder with no results; take another");
  if (document.cells() == 0) fail_usage(document.name(), ": has no [[cell]]: add one with a method and budgets");
  std::set<std::string> labels;
  for (int i = 0; i < static_cast<int>(document.cells()); ++i) {
    const Options own = document.resolve("", declare(kCellOptions), i);
    Cell cell;
    cell.method = own.text("method");
    cell.budgets = own.texts("budgets");
    cell.budgets_origin = own.item("budgets").origin;
    cell.seeds = own.integers("seeds");
    if (cell.budgets.empty()) {
      fail_usage(document.cell_origin(i), ": this [[cell]] has no budgets; for example budgets = [\"10%\", 15000]");
    }
    if (cell.seeds.empty()) fail_usage(own.item("seeds").origin, ": seeds = []: expected at least one");

    cell.sections["dataset"] = resolve_plugin_section(document, plugins, PluginKind::dataset, i);
    cell.sections["model"] = resolve_plugin_section(document, plugins, PluginKind::model, i);
    cell.sections["student"] = resolve_student(document, plugins, cell.section("model"), i);
    cell.sections["training"] = document.resolve("training", declare(kSharedTrainingOptions, training_options()), i);
    cell.sections["teacher"] = resolve_with_training(document, "teacher", teacher_options(), i);
    if (core_sections().count(cell.method)) {
      fail_usage(own.item("method").origin, ": method '", cell.method, "' is the name of a section; expected ", kSenet,
                 " or a baseline plugin");
    }
    cell.sections.merge(method_sections(document, plugins, own.item("method"), i));
    cell.versions = program_versions(plugins);
    cell.label = own.text("label");
    if (cell.label.empty()) {
      cell.label = cell.method;
      for (const auto& [key, value] : document.cell_overrides(i)) {
        if (key.find('.') != std::string::npos) cell.label += " " + key + "=" + shown(value);
      }
    }
    if (!labels.insert(cell.label).second) {
      fail_usage(document.cell_origin(i), ": two cells are called '", cell.label,
                 "'; give one a label = \"…\" of its own");
    }
    plan.cells.push_back(std::move(cell));
  }
  document.refuse_unread();
  return plan;
}

std::map<std::string, int64_t> program_versions(const PluginHost& plugins) {
  std::map<std::string, int64_t> versions = {
      {"teacher", kTeacherVersion}, {"evaluation", kEvaluationVersion}, {"baseline", kBaselineVersion}};
  versions.merge(senet_versions());
  for (const PluginHost::Loaded& plugin : plugins.loaded())
    versions[part_name(plugin.entry.kind, plugin.entry.name)] = plugin.entry.version;
  return versions;
}

std::string model_variant(const Options& model) {
  std::string variant = model.text("plugin");
  for (const Options::Item& item : model.items()) {
    if (std::string(item.declaration.name) == "plugin" || item.is_default) continue;
    variant += text(" ", item.declaration.name, "=", shown(item.value));
  }
  return variant;
}

}  // namespace senet
