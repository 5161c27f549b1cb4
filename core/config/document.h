#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/nearest.h"
#include "senet/options.h"

namespace senet {

// One table of options under a section's name. An option that two lists declare is taken from the first.
std::vector<Option> declare(const Option* first, size_t count, const std::vector<Option>& more = {});
template <size_t N>
std::vector<Option> declare(const Option (&first)[N], const std::vector<Option>& more = {}) {
  return declare(first, N, more);
}

// A setting as results keep it: "section.option" and its value.
struct Setting {
  std::string key;
  OptionValue value;
  bool affects_result = true;
};

// An experiment file and the command line's `--set key=value`, as a flat list of dotted keys. A `[[cell]]` overrides
// keys of the sections above it; the command line overrides both. Every key has to be read by someone:
// `refuse_unread()` after all cells are resolved turns a leftover into an error.
class Document {
 public:
  struct Entry {
    std::optional<OptionValue> value;  // none: of a type that no option has
    std::string found;                 // as written, for messages
    std::string origin;                // file:line:column, or --set
    mutable bool read = false;
  };
  using Settings = std::map<std::string, Entry>;  // by dotted key

  // Errors name file, line and column.
  static Document from_file(const std::string& path);
  static Document from_toml(const std::string& toml, const std::string& name);
  static Document from_settings(const std::vector<Setting>& settings, const std::string& name);

  // `assignment`: "key.path=<TOML value>"; a bare word is taken as text.
  void set(const std::string& assignment);

  // Without keys; `name` is what errors call it.
  explicit Document(std::string name = "") : name_(std::move(name)) {}

  size_t cells() const { return cells_.size(); }
  // Where a cell begins, for messages.
  const std::string& cell_origin(int cell) const { return cell_origins_.at(cell); }
  // What a cell itself says.
  std::map<std::string, OptionValue> cell_overrides(int cell) const;

  // The values of `section` for a cell (or for none: -1). A key `section.option` is looked for on the command line, in
  // the cell, in the file; then, where `fallback` is given, `fallback.option` likewise (of an option with a prefix:
  // without it), if `shared` declares such an option or is empty; then the default holds. The empty section is the top
  // level: of the cell for one, of the file for -1.
  Options resolve(const std::string& section, const std::vector<Option>& declared, int cell = -1,
                  const std::string& fallback = "", const std::vector<Option>& shared = {}) const;

  // Throws for the first key that no resolve() has read or that none knows, with the nearest known name.
  void refuse_unread() const;

  const std::string& name() const { return name_; }

 private:
  const Entry* find(const std::string& key, int cell) const;

  std::string name_;
  Settings file_;
  Settings command_line_;
  std::vector<Settings> cells_;
  std::vector<std::string> cell_origins_;
  mutable std::set<std::string> known_;  // every key that someone could have read
};

// What an option is when nobody sets it. An Error where the declaration is unsound.
OptionValue default_of(const Option& option);

const char* name_of(OptionKind kind);
// Throws for a name that no kind has.
OptionKind option_kind(const std::string& name);

nlohmann::ordered_json to_json(const OptionValue& value);
// Throws for what no option can hold.
OptionValue option_value(const nlohmann::ordered_json& json);
// {"option": value} for every option; or only those that affect results and differ from their defaults.
nlohmann::ordered_json to_json(const Options& options);
nlohmann::ordered_json changed_options(const Options& options);

// As help and documentation show it: "real in [0, 1], default 0.1".
std::string describe(const Option& option);

}  // namespace senet
