#pragma once

#include "config/document.h"
#include "phase/phase_base.h"
#include "phase/stored_context.h"
#include "plugin/host.h"
#include "senet/method.h"

namespace senet {

constexpr const char* kSenet = "senet";
constexpr int kBaselineVersion = 1;  // of what the core does for every baseline, as those of SENet's steps

// The options of the plugin that a setting names. Throws (exit code 2) where there is none, saying where the setting
// stands.
std::vector<Option> plugin_options(const PluginHost& plugins, PluginKind kind, const Options::Item& name);

// The sections of a method's settings, resolved for a cell: SENet's own, or that of a baseline plugin. Options of a
// plugin that count epochs and are called "PREFIX.epochs" each declare a training; beside it stand all other options of
// a training under its prefix, from [training] where the plugin declares no default of its own.
std::map<std::string, Options> method_sections(const Document& document, const PluginHost& plugins,
                                               const Options::Item& method, int cell);
// The prefixes of a section's trainings; the empty one where its options have none.
std::vector<std::string> trainings_of(const Options& section);

// What results call a plugin.
std::string part_name(PluginKind kind, const std::string& plugin);

// The steps of a method for one cell and budget.
class MethodInUse {
 public:
  // `sections`: those of the cell; `versions`: of the parts of the program.
  MethodInUse(const PluginHost& plugins, const std::string& method, const std::map<std::string, Options>& sections,
              std::map<std::string, int64_t> versions);

  // Throws (exit code 2) where the method refuses the target or gives steps that are none.
  std::vector<Step> steps(int64_t budget, const NetworkShape& shape,
                          const std::function<std::shared_ptr<Network>(const NetworkShape&)>& build);
  std::vector<Step> announced(const Step& step, const Series& recorded) const;
  std::vector<LikelyStep> may_announce(const Step& step) const;

  // What a step is a function of. `before`: the teacher ("teacher") and the steps that it stands on; `sources`: the
  // keys of its own.
  PhaseInputs inputs(const Step& step, const PhaseBase& base, int64_t budget,
                     const std::map<std::string, PhaseInputs>& before,
                     const std::map<std::string, std::string>& sources) const;
  // Runs the step's body and keeps the network that it returns under kNetwork. `budget`: of the last step, whose
  // network is the result. Throws when it has activations other than the core's, or more ReLUs than the budget: counted
  // by evaluating each activation.
  void run(const Step& step, StoredContext& context, std::optional<int64_t> budget) const;

 private:
  void guard(const std::function<void()>& call) const;
  std::vector<Step> checked(std::vector<Step> steps) const;

  const PluginHost& plugins_;
  std::string name_;
  bool is_plugin_;
  Options options_;  // of its own section
  std::map<std::string, int64_t> versions_;
  std::shared_ptr<Method> method_;
};

}  // namespace senet
