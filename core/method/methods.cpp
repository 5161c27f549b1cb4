#include "method/methods.h"

#include <algorithm>
#include <set>

#include "method/phases.h"
#include "method/senet.h"
#include "senet/error.h"
#include "senet/sensitivity.h"
#include "storage/files.h"
#include "train/training_settings.h"
#include "train/widths.h"

namespace senet {

namespace {

std::map<std::string, Options> senet_sections(const Document& document, const PluginHost& plugins, int cell) {
  const Options own = resolve_with_training(document, "sensitivity", sensitivity_options({}), cell);
  std::map<std::string, Options> sections;
  sections["sensitivity"] = resolve_with_training(
      document, "sensitivity",
      sensitivity_options(plugin_options(plugins, PluginKind::sensitivity, own.item("plugin"))), cell);
  const Options& mask = sections["mask"] = resolve_with_training(document, "mask", mask_options(), cell);
  sections["finetune"] = resolve_with_training(document, "finetune", finetune_options(), cell);
  check_widths(mask.reals("widths"), mask.item("widths").origin + ": mask.");
  for (const char* section : {"mask", "finetune"}) {
    if (mask.reals("widths").size() == 1 || sections[section].text("pram") != "vector") continue;
    fail_usage(sections[section].item("pram").origin, ": ", section,
               ".pram = \"vector\" compares whole activations, which the narrower ones of mask.widths do not have; "
               "expected attention or none");
  }
  return sections;
}

// "search" of "search.epochs"; empty where there is no prefix.
std::string prefix_of(const std::string& option) {
  const size_t dot = option.rfind('.');
  return dot == std::string::npos ? "" : option.substr(0, dot);
}

Options plugin_section(const Document& document, const std::string& section, std::vector<Option> own, int cell) {
  std::set<std::string> prefixes;
  bool plain_training = false;
  const std::vector<Option> of_trainings = training_options();
  for (Option& option : own) {
    const std::string prefix = prefix_of(option.name);
    const std::string name = std::string(option.name).substr(prefix.empty() ? 0 : prefix.size() + 1);
    const bool declares_training = name == "epochs" && option.kind == OptionKind::epochs;
    if (declares_training && !prefix.empty()) prefixes.insert(prefix);
    plain_training = plain_training || (declares_training && prefix.empty());
    // A plugin's own "finetune.lr" is of the schedule, as every training's "lr".
    for (const Option& known : of_trainings)
      if (name == known.name) option.kind = known.kind;
  }
  std::vector<Option> plain, prefixed, general;
  for (const Option& option : own) (prefixes.count(prefix_of(option.name)) ? prefixed : plain).push_back(option);
  for (const std::string& prefix : prefixes) {
    for (const Option& option : training_options(prefix)) general.push_back(option);
  }
  if (prefixes.empty() || plain_training) plain = declare(plain.data(), plain.size(), training_input_options());
  Options all = resolve_with_training(document, section, plain, cell);
  const Options declared = document.resolve(section, prefixed, cell);
  for (const Options::Item& item : declared.items()) all.add(item);
  const auto known = [&](const Option& option) { return declared.has(option.name); };
  general.erase(std::remove_if(general.begin(), general.end(), known), general.end());
  const Options taken = resolve_with_training(document, section, general, cell);
  for (const Options::Item& item : taken.items()) all.add(item);
  return all;
}

}  // namespace

std::vector<Option> plugin_options(const PluginHost& plugins, PluginKind kind, const Options::Item& name) {
  try {
    return plugins.options(kind, std::get<std::string>(name.value));
  } catch (const Error& error) {
    if (name.origin == "default") throw;
    throw Error(text(name.origin, ": ", error.what()), error.exit());
  }
}

std::map<std::string, Options> method_sections(const Document& document, const PluginHost& plugins,
                                               const Options::Item& method, int cell) {
  const auto& name = std::get<std::string>(method.value);
  if (name == kSenet) return senet_sections(document, plugins, cell);
  std::vector<Option> declared = plugin_options(plugins, PluginKind::baseline, method);
  const auto measure = std::find_if(declared.begin(), declared.end(), [](const Option& option) {
    return option.name == std::string(kMeasurePrefix) + "plugin";
  });
  if (measure != declared.end()) {
    const Options chosen = document.resolve(name, {*measure}, cell);
    if (!chosen.text(measure->name).empty()) {
      for (const Option& option : plugin_options(plugins, PluginKind::sensitivity, chosen.item(measure->name)))
        declared.push_back(with_prefix(option, kMeasurePrefix));
    }
  }
  return {{name, plugin_section(document, name, declared, cell)}};
}

std::vector<std::string> trainings_of(const Options& section) {
  std::vector<std::string> prefixes;
  for (const Options::Item& item : section.items()) {
    const std::string name = item.declaration.name, prefix = prefix_of(name);
    if (!prefix.empty() && name == prefix + ".batch") prefixes.push_back(prefix);
  }
  if (prefixes.empty() || section.has("batch")) prefixes.insert(prefixes.begin(), "");
  return prefixes;
}

std::string part_name(PluginKind kind, const std::string& plugin) {
  return text(kind_name(kind), " plugin '", plugin, "'");
}

Options select(const Options& options, const std::vector<std::string>& names) {
  Options chosen(options.section());
  for (const Options::Item& item : options.items()) {
    const std::string option = item.declaration.name;
    const bool named = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return option == name || (name.back() == '.' && option.compare(0, name.size(), name) == 0);
    });
    if (named) chosen.add(item);
  }
  return chosen;
}

MethodInUse::MethodInUse(const PluginHost& plugins, const std::string& method,
                         const std::map<std::string, Options>& sections, std::map<std::string, int64_t> versions)
    : plugins_(plugins), name_(method), is_plugin_(method != kSenet), versions_(std::move(versions)) {
  if (is_plugin_) options_ = sections.at(method);
  method_ = is_plugin_ ? plugins.make<Method>(method, options_) : std::make_shared<Senet>(plugins, sections);
}

void MethodInUse::guard(const std::function<void()>& call) const {
  if (!is_plugin_) return call();
  PluginHost::guard(PluginKind::baseline, name_, call);
}

// A plugin's phases are called by its name, so that those of two methods are never taken for each other.
std::vector<Step> MethodInUse::checked(std::vector<Step> steps) const {
  std::set<std::string> names;
  for (const Step& step : steps) {
    const bool its_own = !is_plugin_ || step.kind == name_ || step.kind.rfind(name_ + "_", 0) == 0;
    if (!its_own || !is_plain_name(step.kind))
      fail_usage("a step is of the kind '", step.kind, "'; expected '", name_, "' or '", name_, "_…'");
    if (!names.insert(step.name()).second || !is_plain_name(step.name()))
      fail_usage("a step is called '", step.name(), "', as another is, or by what is no plain name");
    if (!step.run) fail_usage("the step '", step.name(), "' has no body");
  }
  return steps;
}

std::vector<Step> MethodInUse::steps(int64_t budget, const NetworkShape& shape,
                                     const std::function<std::shared_ptr<Network>(const NetworkShape&)>& build) {
  std::vector<Step> steps;
  guard([&] {
    steps = checked(method_->steps({name_, options_, budget, shape, build}));
    if (steps.empty()) fail_usage("gave no steps");
  });
  for (Step& step : steps) {
    if (!step.uses || step.uses->first != PluginKind::sensitivity) continue;
    const auto measure = plugins_.make<Sensitivity>(step.uses->second, options_of_measure(step.options));
    step.needs_held_out = step.needs_held_out || measure->needs_held_out();
    PluginHost::guard(PluginKind::sensitivity, step.uses->second, [&] { measure->check(*build(shape)); });
  }
  return steps;
}

std::vector<Step> MethodInUse::announced(const Step& step, const Series& recorded) const {
  std::vector<Step> steps;
  if (step.announce) guard([&] { steps = checked(step.announce(recorded)); });
  return steps;
}

std::vector<LikelyStep> MethodInUse::may_announce(const Step& step) const {
  std::vector<LikelyStep> likely;
  if (step.may_announce) guard([&] { likely = step.may_announce(); });
  return likely;
}

PhaseInputs MethodInUse::inputs(const Step& step, const PhaseBase& base, int64_t budget,
                                const std::map<std::string, PhaseInputs>& before,
                                const std::map<std::string, std::string>& sources) const {
  PhaseInputs phase{step.kind, step.version, base_inputs(base, step.options)};
  phase.step = step.which;
  phase.any_budget = !step.budget;
  std::vector<std::string> on = step.on;
  on.insert(on.begin(), "teacher");
  for (const std::string& name : on) {
    const auto found = before.find(name);
    if (found == before.end())
      guard([&] { fail_usage("step '", step.name(), "' stands on '", name, "', which is no step before it"); });
    phase.inputs[name] = found->second.key();
    phase.any_budget = phase.any_budget && found->second.any_budget;
  }
  if (!step.which.empty()) phase.inputs["training"] = step.which;
  if (step.budget) phase.inputs["budget"] = budget;
  if (!step.like_teacher && !base.student.is_null()) phase.inputs["student"] = base.student;
  for (const auto& [name, value] : step.also) phase.inputs[name] = value;
  for (const auto& [name, key] : sources) phase.inputs["source"][name] = key;
  const auto made_by = [&](const std::string& part, const char* key) {
    const int64_t version = phase.parts[part] = versions_.at(part);
    if (version != 1) phase.inputs[key] = version;  // the first stands in no key
  };
  phase.parts[is_plugin_ ? "baseline" : step.kind] = is_plugin_ ? kBaselineVersion : step.version;
  if (is_plugin_) made_by(part_name(PluginKind::baseline, name_), "plugin_version");
  if (step.uses)
    made_by(part_name(step.uses->first, step.uses->second), is_plugin_ ? "used_version" : "plugin_version");
  return phase;
}

void MethodInUse::run(const Step& step, StoredContext& context, std::optional<int64_t> budget) const {
  std::shared_ptr<Network> network;
  if (is_plugin_) {
    context.run_plugin(PluginKind::baseline, name_, [&] { network = step.run(context); });
  } else {
    network = step.run(context);
  }
  const std::string plugin = part_name(PluginKind::baseline, name_);
  SENET_CHECK(network || !budget || context.has_network(), plugin, " gave no network");
  if (!network) return;
  for (const ReluSite& site : network->sites()) {
    SENET_CHECK(site.activation().is_core(), plugin, " left an activation of its own at ReLU site '", site.name(),
                "'; a finished network holds the harness's own alone (activation.h, Network::set_masks)");
  }
  int64_t relus = 0;
  guard([&] { relus = count(*network).relus; });
  SENET_CHECK(!budget || relus <= *budget, plugin, " gave a network of ", relus,
              " ReLUs, counted by evaluating it, for a budget of ", budget.value_or(0));
  context.keep(kNetwork, *network);
}

}  // namespace senet
