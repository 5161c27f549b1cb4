#include "cli/commands.h"
#include "config/document.h"
#include "display/format.h"
#include "experiment/plan.h"
#include "senet/error.h"

namespace senet {

namespace {

Json option_json(const Option& option) {
  return {{"name", option.name},
          {"default", option.default_value},
          {"allowed", describe(option)},
          {"unit", option.unit},
          {"help", option.help}};
}

Json options_json(const std::vector<Option>& options) {
  Json json = Json::array();
  for (const Option& option : options) json.push_back(option_json(option));
  return json;
}

void print_options(const std::vector<Option>& options) {
  for (const Option& option : options)
    output() << "  " << option.name << "\n      " << option.help << "\n      " << describe(option) << "\n";
  if (options.empty()) output() << "  no options\n";
}

}  // namespace

int list_plugins(const Arguments& arguments) {
  const std::string& name = arguments.subject;
  const PluginHost host = load_plugins(arguments);
  std::vector<const PluginHost::Loaded*> chosen;
  std::set<std::string> names;
  for (const PluginHost::Loaded& plugin : host.loaded()) {
    names.insert(plugin.entry.name);
    if (name.empty() || name == plugin.entry.name) chosen.push_back(&plugin);
  }
  if (!name.empty() && chosen.empty())
    fail_usage("there is no plugin '", name, "'", did_you_mean(name, names), "; `senet plugins` lists them");

  const auto options_of = [](const PluginHost::Loaded& plugin) {
    return std::vector<Option>(plugin.entry.options, plugin.entry.options + plugin.entry.option_count);
  };
  if (arguments.json) {
    Json json = {{"plugins", Json::array()}, {"refused", Json::array()}};
    for (const auto* plugin : chosen) {
      json["plugins"].push_back({{"kind", kind_name(plugin->entry.kind)},
                                 {"name", plugin->entry.name},
                                 {"summary", plugin->entry.summary},
                                 {"file", plugin->file},
                                 {"options", options_json(options_of(*plugin))}});
    }
    for (const auto& refusal : host.refused())
      json["refused"].push_back({{"file", refusal.file}, {"reason", refusal.reason}});
    return answer(arguments, json, "");
  }
  if (name.empty()) {
    std::vector<std::vector<std::string>> table = {{"kind", "name", "summary"}};
    for (const auto* plugin : chosen)
      table.push_back({kind_name(plugin->entry.kind), plugin->entry.name, plugin->entry.summary});
    output() << aligned(table);
    for (const auto& refusal : host.refused())
      output() << "refused: " << refusal.file << ": " << refusal.reason << "\n";
    return 0;
  }
  for (const auto* plugin : chosen) {
    const std::string kind = kind_name(plugin->entry.kind);
    output() << kind << " " << plugin->entry.name << ": " << plugin->entry.summary << "\n  from " << plugin->file
             << "\n\noptions, in the section ["
             << (plugin->entry.kind == PluginKind::baseline ? plugin->entry.name : kind) << "]:\n";
    print_options(options_of(*plugin));
  }
  return 0;
}

int list_options(const Arguments& arguments) {
  const std::string& section = arguments.subject;
  const auto sections = core_sections();
  std::set<std::string> names;
  for (const auto& [name, options] : sections) names.insert(name.empty() ? "experiment" : name);
  if (!section.empty() && !names.count(section)) {
    const std::string meant = did_you_mean(section, names);
    fail_usage("there is no section '", section, "'",
               meant.empty() ? "; a plugin's options: `senet plugins NAME`; [student] takes the model's" : meant);
  }
  Json json = Json::object();
  for (const auto& [key, options] : sections) {
    const std::string name = key.empty() ? "experiment" : key;
    if (!section.empty() && section != name) continue;
    json[name] = options_json(options);
    if (arguments.json) continue;
    output() << (name == "experiment" ? "top level" : name == "cell" ? "[[cell]]" : "[" + name + "]") << "\n";
    print_options(options);
    output() << "\n";
  }
  return answer(arguments, json, "");
}

}  // namespace senet
