#include "tools/report/source.h"

#include <algorithm>
#include <map>
#include <set>

#include "config/document.h"
#include "config/joined.h"
#include "tools/report/toml_file.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

constexpr const char* kDataSets = "data_sets.toml";

const Option kCommon[] = {
    text_option("title", "\"\"", "what stands above it"),
    texts_option("experiments", "whose results it shows; none: of every experiment"),
    texts_option("names", "of a cell, here, in place of its label: \"experiment/label: name\""),
    texts_option("labels", "of the cells it shows, or the names given to them, in this order; none: all"),
};

}  // namespace

std::vector<std::string> Source::texts_if_any(const char* option) const {
  return options.has(option) ? texts(option) : std::vector<std::string>();
}

bool Source::shows_budget(const std::string& budget) const {
  const std::vector<std::string>& budgets = texts("budgets");
  return budgets.empty() || std::find(budgets.begin(), budgets.end(), budget) != budgets.end();
}

std::vector<std::string> Source::of_label(const char* option, const std::string& label) const {
  std::vector<std::string> found;
  for (const std::string& entry : texts_if_any(option)) {
    if (entry.rfind(label + ": ", 0) == 0) found.push_back(entry.substr(label.size() + 2));
  }
  return found;
}

std::vector<Source> sources(const fs::path& folder, const char* what, const KindOptions& kinds, const std::string& name,
                            bool may_lack) {
  if (!fs::is_directory(folder)) fail_usage(folder.string(), ": is no folder; give that of the sources with --sources");
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".toml" && entry.path().filename() != kDataSets) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  // Options keep their declaration, and a declaration is plain data.
  static std::set<std::string> kept;
  std::string names;
  for (const auto& [kind, options] : kinds) names += (names.empty() ? "" : " ") + kind;
  const char* choices = kept.insert(names).first->c_str();
  const bool table = std::string(what) == "table";
  const Option asked = text_option(what, "\"\"", "what to make").one_of(choices);
  const Option other = text_option(table ? "figure" : "table", "\"\"", "what to make");
  std::vector<Source> found;
  std::set<std::string> known;
  for (const fs::path& file : files) {
    const Document document = Document::from_file(file.string());
    const bool of_other = !document.resolve("", {other}).item(other.name).is_default;
    const Options kind = document.resolve("", {asked});
    if (kind.item(what).is_default == !of_other)
      fail_usage(file.string(), ": has ", of_other ? "both" : "neither", " 'table' ", of_other ? "and" : "nor",
                 " 'figure', one of which says what to make");
    if (of_other) continue;
    known.insert(file.stem().string());
    if (!name.empty() && file.stem() != name) continue;
    for (const auto& [kind_name, own] : kinds) {
      if (kind_name != kind.text(what)) continue;
      std::vector<Option> more = own;
      more.push_back(asked);
      found.push_back({file.stem(), file, document.resolve("", declare(kCommon, more))});
    }
    document.refuse_unread();
  }
  if (known.empty() && may_lack && !files.empty()) return found;
  if (known.empty()) fail_usage(folder.string(), ": holds no source of a ", what, ", <name>.toml");
  if (found.empty())
    fail_usage("no ", what, " is called '", name, "' in ", folder.string(), did_you_mean(name, known),
               "; there are: ", joined(known, ", "));
  return found;
}

}  // namespace senet
