#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/document.h"
#include "method/phases.h"
#include "phase/stored_context.h"
#include "plugin/host.h"
#include "results/result.h"

namespace senet {

// One [[cell]] of an experiment: a method with its settings, to be run at each budget with each seed.
struct Cell {
  std::string label;  // what tables call it: the method and what the cell overrides, or the cell's own `label`
  std::string method;
  std::vector<std::string> budgets;
  std::string budgets_origin;
  std::vector<int64_t> seeds;
  std::map<std::string, Options> sections;  // "dataset", "model", "student", "training", "teacher", …
  std::map<std::string, int64_t> versions;  // of the parts of the program, by their names in results

  const Options& section(const std::string& name) const;
  std::vector<Setting> settings() const;
  // What each step makes of the settings that [training] has. Empty where [training] has none.
  std::map<std::string, TrainingReach> reach_of_training() const;
  std::vector<Change> changes() const;  // of what affects results
};

struct Plan {
  std::string name;
  std::vector<Cell> cells;
};

// Resolves and validates everything an experiment file says, before anything is loaded or trained.
Plan make_plan(const Document& document, const PluginHost& plugins);

// The data set and model of a document, for what needs no cell.
Options resolve_plugin_section(const Document& document, const PluginHost& plugins, PluginKind kind, int cell = -1);

// What [student] says otherwise than [model]: options of the model's plugin.
Options resolve_student(const Document& document, const PluginHost& plugins, const Options& model, int cell = -1);
// The model's options with those of the student in their place: of the network that is linearised.
Options model_of_student(Options model, const Options& student);

// The declared options of every core section, for help and documentation.
std::map<std::string, std::vector<Option>> core_sections();

// What each part of this program computes by, as a result's phases name the parts (versions_of): the core's phases and
// every plugin.
std::map<std::string, int64_t> program_versions(const PluginHost& plugins);

// "resnet18 width=8": the plugin and the options that differ from their defaults.
std::string model_variant(const Options& model);

}  // namespace senet
