#include "config/document.h"

#include <toml++/toml.h>
#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "senet/choice.h"
#include "senet/error.h"

namespace senet {

namespace {

// As a file would have it: TOML++ prints seventeen digits of 0.1.
std::string written(const toml::node& node) {
  if (const auto real = node.value_exact<double>(); real && std::isfinite(*real)) return nlohmann::json(*real).dump();
  std::ostringstream out;
  node.visit([&](const auto& n) { out << n; });
  return out.str();
}

std::string at(const std::string& name, const toml::source_region& region) {
  return text(name, ":", region.begin.line, ":", region.begin.column);
}

constexpr Choice<OptionType> kOptionTypes[] = {
    {"true or false", OptionType::boolean},
    {"an integer", OptionType::integer},
    {"a number", OptionType::real},
    {"a text", OptionType::text},
    {"a list of integers", OptionType::integers},
    {"a list of numbers", OptionType::reals},
    {"a list of texts", OptionType::texts},
    {"a list of budgets, each a count or a share such as \"10%\"", OptionType::budgets}};
constexpr Choice<OptionKind> kOptionKinds[] = {{"method", OptionKind::method},
                                               {"schedule", OptionKind::schedule},
                                               {"epochs", OptionKind::epochs},
                                               {"data", OptionKind::data},
                                               {"source", OptionKind::source}};

std::string bounds(const Option& option) {
  const bool low = std::isfinite(option.minimum), high = std::isfinite(option.maximum);
  if (low && high) return text(" in [", option.minimum, ", ", option.maximum, "]");
  if (low) return text(" of at least ", option.minimum);
  if (high) return text(" of at most ", option.maximum);
  return "";
}

std::string allowed(const Option& option) {
  if (*option.choices) return text("one of: ", option.choices);
  return text(name_of(option.type, kOptionTypes), bounds(option), *option.unit ? text(" (", option.unit, ")") : "");
}

template <class T>
std::vector<T> elements_of(const toml::array& array) {
  std::vector<T> elements;
  for (const toml::node& element : array) elements.push_back(*element.value<T>());
  return elements;
}

// A TOML value as an OptionValue, where an option can hold it. A list has the widest type of its elements; texts and
// integers may share a list.
std::optional<OptionValue> converted(const toml::node& node) {
  if (const auto value = node.value_exact<bool>()) return *value;
  if (const auto value = node.value_exact<int64_t>()) return *value;
  if (const auto value = node.value_exact<double>()) return *value;
  if (const auto value = node.value_exact<std::string>()) return *value;
  const toml::array* array = node.as_array();
  if (!array) return std::nullopt;
  const auto all = [&](auto test) { return std::all_of(array->begin(), array->end(), test); };
  if (all([](const toml::node& e) { return e.is_integer(); })) return elements_of<int64_t>(*array);
  if (all([](const toml::node& e) { return e.is_number(); })) return elements_of<double>(*array);
  if (!all([](const toml::node& e) { return e.is_number() || e.is_string(); })) return std::nullopt;
  std::vector<std::string> texts;
  for (const toml::node& element : *array) texts.push_back(element.value<std::string>().value_or(written(element)));
  return texts;
}

template <class T>
std::optional<OptionValue> exactly(const OptionValue& found) {
  return std::holds_alternative<T>(found) ? std::optional(found) : std::nullopt;
}

// The value in the type that the option declares, if that loses nothing.
std::optional<OptionValue> coerced(const OptionValue& found, OptionType type) {
  const auto* integer = std::get_if<int64_t>(&found);
  const auto* integers = std::get_if<std::vector<int64_t>>(&found);
  switch (type) {
    case OptionType::boolean:
      return exactly<bool>(found);
    case OptionType::integer:
      return exactly<int64_t>(found);
    case OptionType::real:
      if (integer) return static_cast<double>(*integer);
      if (const auto* real = std::get_if<double>(&found); real && std::isfinite(*real)) return found;
      return std::nullopt;
    case OptionType::text:
      return exactly<std::string>(found);
    case OptionType::integers:
      return exactly<std::vector<int64_t>>(found);
    case OptionType::reals:
      if (integers) return std::vector<double>(integers->begin(), integers->end());
      return exactly<std::vector<double>>(found);
    case OptionType::texts:
      if (integers && integers->empty()) return std::vector<std::string>();
      return exactly<std::vector<std::string>>(found);
    case OptionType::budgets: {
      if (!integers) return exactly<std::vector<std::string>>(found);
      std::vector<std::string> texts;
      for (const int64_t count : *integers) texts.push_back(std::to_string(count));
      return texts;
    }
  }
  return std::nullopt;
}

std::set<std::string> choices_of(const Option& option) {
  std::istringstream choices(option.choices);
  std::set<std::string> names;
  for (std::string choice; choices >> choice;) names.insert(choice);
  return names;
}

bool in_bounds(const Option& option, const OptionValue& value) {
  const auto inside = [&](auto number) {
    const auto x = static_cast<double>(number);
    return x >= option.minimum && x <= option.maximum;
  };
  const auto all_inside = [&](const auto& list) { return std::all_of(list.begin(), list.end(), inside); };
  if (const auto* x = std::get_if<int64_t>(&value)) return inside(*x);
  if (const auto* x = std::get_if<double>(&value)) return inside(*x);
  if (const auto* x = std::get_if<std::vector<int64_t>>(&value)) return all_inside(*x);
  if (const auto* x = std::get_if<std::vector<double>>(&value)) return all_inside(*x);
  const auto* x = std::get_if<std::string>(&value);
  return !x || !*option.choices || choices_of(option).count(*x) != 0;
}

std::string join_key(const std::string& section, const std::string& name) {
  return section.empty() ? name : section + "." + name;
}

// "lr" of "finetune.lr".
std::string last_name(const std::string& key) { return key.substr(key.rfind('.') + 1); }

// The options that an unknown key may mean, where the trainings of its section have prefixes: "snl.finetune_lr" means
// "snl.finetune.lr", and "snl.batch" means the option of every training.
std::string with_prefix(const std::string& key, const std::set<std::string>& known) {
  const std::string section = key.substr(0, key.find('.') + 1);
  std::string named, meant;
  const auto add = [](std::string& list, const std::string& name) { list += (list.empty() ? "" : " or ") + name; };
  for (const std::string& name : known) {
    if (section.empty() || name.compare(0, section.size(), section) != 0) continue;
    std::string joined = name;
    std::replace(joined.begin() + static_cast<int64_t>(section.size()), joined.end(), '.', '_');
    if (joined == key) add(named, name);
    if (section + last_name(name) == key) add(meant, name);
  }
  return named.empty() ? meant : named;
}

// What an unknown key may mean: one of its own section, where one is near there.
std::string nearest_key(const std::string& key, const std::set<std::string>& known) {
  const std::string section = key.substr(0, key.find('.') + 1);
  std::set<std::string> beside;
  for (const std::string& name : known) {
    if (name.compare(0, section.size(), section) == 0) beside.insert(name.substr(section.size()));
  }
  const std::string nearest = nearest_name(key.substr(section.size()), beside);
  return nearest.empty() ? did_you_mean(key, known) : "; did you mean '" + section + nearest + "'?";
}

// A key in quotes is one name. With a dot in it, or empty, it would pass for the path of another key, and one of the
// two would win.
[[noreturn]] void refuse_quoted(const toml::key& key, const std::string& path, const toml::table& whole,
                                const std::string& name) {
  const toml::node* other = &whole;
  std::istringstream parts(path);
  for (std::string part; other && std::getline(parts, part, '.');)
    other = other->as_table() ? other->as_table()->get(part) : nullptr;
  fail_usage(at(name, key.source()), ": \"", std::string(key.str()), "\" in quotes is one name, which no option has",
             other ? text("; ", path, " is also set at ", at(name, other->source())) : "",
             key.str().empty() ? "" : "; a path has no quotes: " + path);
}

void flatten(const toml::table& table, const std::string& prefix, const std::string& name, const toml::table& whole,
             Document::Settings& into) {
  for (const auto& [key, node] : table) {
    const std::string path = join_key(prefix, std::string(key.str()));
    if (key.str().empty() || key.str().find('.') != std::string_view::npos) refuse_quoted(key, path, whole, name);
    if (const toml::table* child = node.as_table()) {
      flatten(*child, path, name, whole, into);
    } else {
      into[path] = {converted(node), written(node), at(name, node.source())};
    }
  }
}

}  // namespace

std::vector<Option> declare(const Option* first, size_t count, const std::vector<Option>& more) {
  std::vector<Option> all(first, first + count);
  for (const Option& option : more) {
    const bool known =
        std::any_of(all.begin(), all.end(), [&](const Option& o) { return std::string(o.name) == option.name; });
    if (!known) all.push_back(option);
  }
  return all;
}

Document Document::from_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) fail_usage(path, ": no such file, or it cannot be read; give the path of a TOML file");
  std::ostringstream content;
  content << in.rdbuf();
  if (!in || in.bad()) fail_usage(path, ": cannot be read as a file");
  return from_toml(content.str(), path);
}

Document Document::from_toml(const std::string& toml, const std::string& name) {
  if (toml.find_first_not_of(" \t\r\n") == std::string::npos) {
    fail_usage(name, ": is empty; an experiment needs [dataset], [model] and at least one [[cell]]");
  }
  toml::table table;
  try {
    table = toml::parse(toml, name);
  } catch (const toml::parse_error& error) {
    fail_usage(at(name, error.source()), ": not valid TOML: ", error.description());
  }
  Document document(name);
  if (const toml::node* cells = table.get("cell")) {
    const toml::array* array = cells->as_array();
    const bool tables =
        array && std::all_of(array->begin(), array->end(), [](const toml::node& n) { return n.is_table(); });
    if (!tables) fail_usage(at(name, cells->source()), ": 'cell' has to be an array of tables: write [[cell]]");
    for (const toml::node& cell : *array) {
      flatten(*cell.as_table(), "", name, *cell.as_table(), document.cells_.emplace_back());
      document.cell_origins_.push_back(at(name, cell.source()));
    }
    table.erase("cell");
  }
  flatten(table, "", name, table, document.file_);
  for (const auto& [key, node] : table) {
    const std::string section(key.str());
    if (node.is_array_of_tables() && !nearest_name(section, {"cell"}).empty())
      fail_usage(at(name, key.source()), ": there is no [[", section, "]]; did you mean [[cell]]?");
    // A section without keys, which somebody has to know, too.
    if (node.is_table() && node.as_table()->empty())
      document.file_[section + "."] = {std::nullopt, "no keys", at(name, key.source())};
  }
  return document;
}

Document Document::from_settings(const std::vector<Setting>& settings, const std::string& name) {
  Document document(name);
  for (const Setting& setting : settings)
    document.file_[setting.key] = {setting.value, to_json(setting.value).dump(), name};
  return document;
}

void Document::set(const std::string& assignment) {
  const size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) {
    fail_usage("--set ", assignment, ": expected key.path=value, for example --set mask.epochs=2");
  }
  const std::string key = assignment.substr(0, equals);
  const std::string value = assignment.substr(equals + 1);
  Entry setting{std::nullopt, value, "--set " + assignment};
  try {
    const toml::table table = toml::parse("x = " + value);
    if (table.size() == 1) setting.value = converted(*table.get("x"));
  } catch (const toml::parse_error&) {
    const bool bare_word = !value.empty() && value.find_first_of("\"'[]{}\n=,") == std::string::npos;
    if (!bare_word)
      fail_usage("--set ", assignment, ": '", value, "' is not a TOML value; quote texts: '", key, "=\"…\"'");
    setting.value = value;
  }
  command_line_[key] = std::move(setting);
}

std::map<std::string, OptionValue> Document::cell_overrides(int cell) const {
  std::map<std::string, OptionValue> overrides;
  for (const auto& [key, setting] : cells_.at(cell)) overrides[key] = setting.value.value_or(false);
  return overrides;
}

const Document::Entry* Document::find(const std::string& key, int cell) const {
  const Entry* found = nullptr;
  const auto look = [&](const Settings& settings) {
    const auto it = settings.find(key);
    if (it == settings.end()) return;
    it->second.read = true;
    if (!found) found = &it->second;
  };
  look(command_line_);
  if (cell >= 0) look(cells_.at(cell));
  look(file_);
  return found;
}

Options Document::resolve(const std::string& section, const std::vector<Option>& declared, int cell,
                          const std::string& fallback, const std::vector<Option>& shared) const {
  Options options(section);
  for (const Option& option : declared) {
    const std::string key = join_key(section, option.name);
    SENET_CHECK(option.kind != OptionKind::epochs || option.type == OptionType::integer, "option '", key,
                "' counts epochs and is no integer");
    known_.insert(key);
    const Entry* setting = find(key, cell);
    const auto is_shared = [&](const Option& general) { return last_name(option.name) == general.name; };
    if (!fallback.empty() && (shared.empty() || std::any_of(shared.begin(), shared.end(), is_shared))) {
      const std::string general_key = join_key(fallback, last_name(option.name));
      known_.insert(general_key);
      const Entry* general = find(general_key, cell);
      if (!setting) setting = general;
    }
    const OptionValue standard = default_of(option);
    if (!setting) {
      options.add({option, standard, "default", true});
      continue;
    }
    auto value = setting->value ? coerced(*setting->value, option.type) : std::nullopt;
    if (!value || !in_bounds(option, *value)) {
      const auto* word = setting->value ? std::get_if<std::string>(&*setting->value) : nullptr;
      const std::string hint = word ? did_you_mean(*word, choices_of(option)) : "";
      fail_usage(setting->origin, ": ", key, " = ", setting->found, ": expected ", allowed(option), hint);
    }
    if (const auto* path = std::get_if<std::string>(&*value); path && path->rfind("~/", 0) == 0)
      fail_usage(setting->origin, ": ", key, " = ", setting->found, ": ~ is not expanded here; write the whole path");
    const bool is_default = *value == standard;
    options.add({option, *std::move(value), setting->origin, is_default});
  }
  return options;
}

void Document::refuse_unread() const {
  std::set<std::string> sections;
  for (const std::string& key : known_) sections.insert(key.substr(0, key.find('.')));
  const auto check = [&](const Settings& settings) {
    for (const auto& [key, setting] : settings) {
      const std::string section = key.substr(0, key.find('.'));
      if (setting.read || (key == section + "." && sections.count(section))) continue;
      if (key == section + ".")
        fail_usage(setting.origin, ": unknown section [", section, "]", did_you_mean(section, sections));
      if (known_.count(key))
        fail_usage(setting.origin, ": nothing reads the key '", key, "' (", setting.found, ") here");
      const std::string meant = with_prefix(key, known_);
      fail_usage(setting.origin, ": unknown key '", key, "' (found ", setting.found, ")",
                 !meant.empty()
                     ? "; expected " + meant
                     : nearest_key(key, known_) + "; `senet options` and `senet plugins NAME` list the keys there are");
    }
  };
  check(command_line_);
  check(file_);
  for (const Settings& cell : cells_) check(cell);
}

OptionValue default_of(const Option& option) {
  std::optional<OptionValue> value;
  try {
    const toml::table table = toml::parse(text("x = ", option.default_value));
    if (const auto parsed = converted(*table.get("x"))) value = coerced(*parsed, option.type);
  } catch (const toml::parse_error&) {
  }
  SENET_CHECK(value, "option '", option.name, "' declares the default ", option.default_value, ", which is not ",
              name_of(option.type, kOptionTypes), " as TOML writes it (a text has quotes of its own)");
  return *value;
}

const char* name_of(OptionKind kind) { return name_of(kind, kOptionKinds); }

OptionKind option_kind(const std::string& name) { return value_named(name, kOptionKinds, "kind of option"); }

OptionValue option_value(const nlohmann::ordered_json& json) {
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return json.get<int64_t>();
  if (json.is_number()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  if (json.is_array()) {
    const auto all = [&](auto test) { return std::all_of(json.begin(), json.end(), test); };
    if (all([](const auto& e) { return e.is_number_integer(); })) return json.get<std::vector<int64_t>>();
    if (all([](const auto& e) { return e.is_number(); })) return json.get<std::vector<double>>();
    if (all([](const auto& e) { return e.is_string(); })) return json.get<std::vector<std::string>>();
  }
  fail("a setting is neither a boolean, number, text nor a list of one of them: ", json.dump());
}

nlohmann::ordered_json to_json(const OptionValue& value) {
  return std::visit([](const auto& v) { return nlohmann::ordered_json(v); }, value);
}

nlohmann::ordered_json to_json(const Options& options) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const Options::Item& item : options.items()) json[item.declaration.name] = to_json(item.value);
  return json;
}

nlohmann::ordered_json changed_options(const Options& options) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const Options::Item& item : options.items()) {
    const bool changed = item.declaration.affects_result && !item.is_default;
    if (changed && item.declaration.kind != OptionKind::source) json[item.declaration.name] = to_json(item.value);
  }
  return json;
}

std::string describe(const Option& option) { return text(allowed(option), ", default ", option.default_value); }

}  // namespace senet
