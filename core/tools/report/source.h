#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "senet/options.h"

namespace senet {

class Evidence;

// What says which table or figure to make from which results: `<name>.toml`, a flat list of the options below.
struct Source {
  std::string name;  // the file's, without extension
  std::filesystem::path file;
  Options options;

  const std::string& text(const char* option) const { return options.text(option); }
  const std::vector<std::string>& texts(const char* option) const { return options.texts(option); }
  // None where the kind has no such option.
  std::vector<std::string> texts_if_any(const char* option) const;
  int64_t seed() const { return options.integer("seed"); }
  // Whether its `budgets` name the budget, or none at all.
  bool shows_budget(const std::string& budget) const;
  // Of an option whose entries are "label: text": the texts of one label; none where the
  // kind has no such option.
  std::vector<std::string> of_label(const char* option, const std::string& label) const;
};

// One kind of table or figure: its name, as a source asks for it, and the options it has beside title, experiments and
// labels.
template <class Made>
struct Kind {
  const char* name;
  std::vector<Option> options;
  Made (*make)(const Source&, const Evidence&);
};
constexpr Option texts_option(const char* name, const char* help) { return {name, OptionType::texts, "[]", help}; }

using KindOptions = std::vector<std::pair<std::string, std::vector<Option>>>;
// Every source of a folder that has the key `what` ("table" or "figure"), in the order of names; or the one called
// `name`. A mistyped key or kind is an error (exit code 2) with file and line, and so is a folder without any, unless
// `may_lack` and it has sources of the other.
std::vector<Source> sources(const std::filesystem::path& folder, const char* what, const KindOptions& kinds,
                            const std::string& name, bool may_lack = false);

template <class Made>
std::vector<std::pair<Source, const Kind<Made>*>> sources(const std::filesystem::path& folder, const char* what,
                                                          const std::vector<Kind<Made>>& kinds, const std::string& name,
                                                          bool may_lack = false) {
  KindOptions options;
  for (const Kind<Made>& kind : kinds) options.emplace_back(kind.name, kind.options);
  std::vector<std::pair<Source, const Kind<Made>*>> found;
  for (Source& source : sources(folder, what, options, name, may_lack)) {
    const auto kind =
        std::find_if(kinds.begin(), kinds.end(), [&](const Kind<Made>& one) { return source.text(what) == one.name; });
    found.emplace_back(std::move(source), &*kind);
  }
  return found;
}

}  // namespace senet
