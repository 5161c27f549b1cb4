#include "cli/one_batch.h"

#include <algorithm>
#include <iostream>
#include <map>
#include <set>

#include "cli/commands.h"
#include "display/format.h"

namespace senet {

namespace {

constexpr int64_t kOneBatchEpochs = 100;
// At most: an epoch is a single step, so that what a method does at an epoch's end disturbs every step.
constexpr double kOneBatchRate = 0.01;

// Whether a network went through a training, "<kind>/<name>": its phase's record names those; where the network is none
// of the objects that a method trained, each counts.
bool is_deployed(const std::optional<PhaseRecord>& network, const std::string& training) {
  if (!network || network->deployed.empty()) return true;
  return std::find(network->deployed.begin(), network->deployed.end(), training) != network->deployed.end();
}

// A source that a cell's options name: the source cell's label and budget. An empty budget is that of the cell that
// takes from it.
struct Source {
  std::string label, budget;
};
std::vector<Source> sources_of(const Cell& cell) {
  std::vector<Source> sources;
  for (const auto& [section, options] : cell.sections) {
    for (const Options::Item& item : options.items()) {
      const std::string& name = item.declaration.name;
      if (item.declaration.kind != OptionKind::source || name.substr(name.rfind('.') + 1) != "from") continue;
      sources.push_back({std::get<std::string>(item.value), ""});
      if (options.has(name + "_budget")) sources.back().budget = options.text(name + "_budget");
    }
  }
  return sources;
}

// Of each cell its first budget, and those that others need of it.
void keep_needed_budgets(Plan& plan) {
  std::map<std::string, std::set<std::string>> needed;  // by label
  for (const Cell& cell : plan.cells) needed[cell.label].insert(cell.budgets.front());
  for (size_t before = 0, now = 1; now != before;) {  // a source may stand on another one
    before = now;
    now = 0;
    for (const Cell& cell : plan.cells) {
      for (const Source& source : sources_of(cell)) {
        const std::set<std::string> own = needed[cell.label];
        if (source.budget.empty()) needed[source.label].insert(own.begin(), own.end());
        if (!source.budget.empty()) needed[source.label].insert(source.budget);
      }
    }
    for (const auto& [label, budgets] : needed) now += budgets.size();
  }
  for (Cell& cell : plan.cells) {
    const auto is_not_needed = [&](const std::string& budget) { return needed[cell.label].count(budget) == 0; };
    cell.budgets.erase(std::remove_if(cell.budgets.begin(), cell.budgets.end(), is_not_needed), cell.budgets.end());
  }
}

}  // namespace

void reduce_to_one_batch(Plan& plan) {
  plan.name += "-one-batch";
  keep_needed_budgets(plan);
  const std::vector<int64_t> first_seed = {plan.cells.front().seeds.front()};
  for (Cell& cell : plan.cells) {
    cell.seeds = first_seed;
    const int64_t batch = cell.section("teacher").integer("batch");
    const std::map<std::string, OptionValue> changes = {
        {"train_limit", batch}, {"holdout_is_training", true}, {"batch", batch},
        {"flip", false},        {"crop_padding", int64_t{0}},  {"random_resized", false},
        {"cutout", int64_t{0}}, {"weight_decay", 0.0},         {"schedule", "cosine"}};
    for (auto& [section, options] : cell.sections) {
      const Options declared = options;
      for (const Options::Item& item : declared.items()) {
        const std::string name = item.declaration.name, option = name.substr(name.rfind('.') + 1);
        const auto change = changes.find(option);
        if (item.declaration.kind == OptionKind::epochs) {
          // None stays none: what is not trained, or a number that the method finds.
          if (std::get<int64_t>(item.value) > 0) options.replace(name, kOneBatchEpochs, "--overfit-one-batch");
        } else if (option == "lr") {
          options.replace(name, std::min(std::get<double>(item.value), kOneBatchRate), "--overfit-one-batch");
        } else if (change != changes.end()) {
          options.replace(name, change->second, "--overfit-one-batch");
        }
      }
    }
  }
}

// What each training made of the one batch it was given.
int show_one_batch(const std::vector<Result>& results, const RunFolders& folders, const Arguments& arguments) {
  constexpr double kLearned = 0.99;
  const PhaseStore store(folders.runs);
  Json rows = Json::array();
  std::set<std::string> stuck;
  bool imported = false;
  for (const Result& result : results) {
    const std::string& cell = result.label;
    const ResultPhase& network = result.network_phase();
    const auto left_network = store.find(network.kind, network.key);
    // Of an imported teacher that does not know the batch, nobody can learn it by heart.
    const bool is_imported = result.setting("teacher.weights") != "";
    const bool asked = !is_imported || result.teacher.held_out_accuracy.value_or(0) >= kLearned;
    imported = imported || !asked;
    for (const ResultPhase& phase : result.phases) {
      const std::string& kind = phase.kind;
      const auto record = store.find(kind, phase.key);
      if (!record) continue;
      for (const auto& [name, training] : record->trainings) {
        if (training.curves.count("accuracy") == 0) continue;  // it was not trained here
        const double loss = training.curves.at("loss").back(), accuracy = training.curves.at("accuracy").back();
        const bool learned = accuracy >= kLearned;
        const bool deployed = kind == "teacher" || is_deployed(left_network, kind + "/" + name);
        if (deployed && asked && !learned)
          stuck.insert(kind == "teacher" ? kind : text(cell, ": ", kind, ", training ", name));
        rows.push_back({{"cell", cell},
                        {"phase", kind},
                        {"training", name},
                        {"steps", training.epochs},
                        {"loss", loss},
                        {"accuracy", accuracy},
                        {"deployed", deployed},
                        {"learned", learned}});
      }
    }
  }
  if (!print_json(arguments, {{"trainings", rows}})) {
    std::vector<std::vector<std::string>> table = {
        {"cell", "phase", "training", "of the result", "steps", "loss", "accuracy", ""}};
    for (const Json& row : rows)
      table.push_back({row.at("cell").get<std::string>(), row.at("phase").get<std::string>(),
                       row.at("training").get<std::string>(), row.at("deployed").get<bool>() ? "yes" : "no",
                       row.at("steps").dump(), row.at("loss").dump(), row.at("accuracy").dump(),
                       row.at("learned").get<bool>() ? "learned" : "NOT learned"});
    output() << aligned(table);
  }
  if (imported)
    std::cerr << "senet: the imported teacher does not know the batch by heart: what follows it is not asked to\n";
  if (stuck.empty()) return 0;
  std::cerr << "senet: did not learn one batch by heart: suspect the method, model, data or learning rate of\n";
  for (const std::string& training : stuck) std::cerr << "  " << training << "\n";
  return static_cast<int>(Exit::failure);
}

}  // namespace senet
