#include "report/source.h"

#include <algorithm>
#include <map>
#include <set>

#include "config/document.h"
#include "report/format.h"
#include "report/toml_file.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

constexpr const char* kDataSets = "data_sets.toml";

const Option kCommon[] = {
    text_option("title", "\"\"", "what stands above it"),
    texts_option("experiments", "whose results it shows; none: of every experiment"),
    texts_option("labels", "of the cells it shows, in this order; none: all"),
};

}  // namespace

std::vector<Source> sources(const fs::path& folder, const char* what, const KindOptions& kinds,
                            const std::string& name) {
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
    if (!document.resolve("", {other}).item(other.name).is_default) continue;
    const Options kind = document.resolve("", {asked});
    if (kind.item(what).is_default)
      fail_usage(file.string(), ": has neither 'table' nor 'figure', which says what to make");
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
  if (!name.empty() && found.empty())
    fail_usage("no ", what, " is called '", name, "' in ", folder.string(), did_you_mean(name, known),
               "; there are: ", joined({known.begin(), known.end()}, ", "));
  return found;
}

Evidence::Evidence(const fs::path& results, const fs::path& sources)
    : results_(load_results(results)), published_(load_published(results)) {
  const fs::path file = sources / kDataSets;
  if (!fs::exists(file)) return;
  const toml::table table = parsed_toml(file);
  const toml::array* entries = table["data_set"].as_array();
  if (!entries) fail_usage(file.string(), ": has no [[data_set]]");
  for (const toml::node& node : *entries) {
    const toml::table* entry = node.as_table();
    const char* key = entry && entry->contains("fingerprint") ? "fingerprint" : "plugin";
    if (!entry || !entry->contains(key) || !entry->contains("title")) {
      fail_usage(file.string(), ":", node.source().begin.line,
                 ": a data set has a fingerprint or a plugin, and a title");
    }
    const auto text_of = [&](const char* name) { return (*entry)[name].value_or(std::string()); };
    names_.push_back(
        {Json{{key, text_of(key)}},
         {text_of("title"), text_of("published"), text_of("variant"), (*entry)["train_images"].value_or(int64_t{0})}});
  }
}

std::vector<MeasuredCell> Evidence::cells(const Source& source) const {
  const std::vector<std::string>& experiments = source.texts("experiments");
  std::vector<MeasuredCell> cells;
  const std::vector<MeasuredCell> all = measured_cells(results_);
  std::map<std::vector<std::string>, std::string> seen;
  for (const std::string& experiment : experiments) {
    for (const MeasuredCell& cell : all) {
      if (cell.experiment() != experiment) continue;
      const auto [at, added] =
          seen.try_emplace({cell.label(), cell.budget(), cell.first().at("model").at("variant").get<std::string>()},
                           cell.results.front()->file.string());
      if (!added) {
        fail_usage(source.file.string(), ": ", at->second, " and ", cell.results.front()->file.string(),
                   " are both called '", cell.label(), "' at the budget ", cell.budget(),
                   "; name one of the experiments");
      }
      cells.push_back(cell);
    }
  }
  return chosen(experiments.empty() ? all : cells, source.texts("labels"));
}

DataSetName Evidence::data_set(const Json& result) const {
  const Json& dataset = result.at("dataset");
  for (const auto& [key, name] : names_) {
    for (const auto& [field, value] : key.items()) {
      if (dataset.value(field, Json()) == value) return name;
    }
  }
  const std::string plugin = dataset.at("plugin").get<std::string>();
  return {
      plugin, "",
      "data set " + dataset.value("fingerprint", std::string("unknown")).substr(0, 8) + ", not named in data_sets.toml",
      0};
}

std::string Evidence::title_of(const std::string& published) const {
  for (const auto& [key, name] : names_) {
    if (name.published == published) return name.title;
  }
  return published;
}

std::string variant_of(const Result& result, const Evidence& evidence) {
  const Json& json = result.json;
  const DataSetName name = evidence.data_set(json);
  std::vector<std::string> all;
  if (!name.variant.empty()) all.push_back(name.variant);
  const auto train = json.at("dataset").value("train", int64_t{0});
  if (name.train_images > 0 && train < name.train_images)
    all.push_back(grouped(train) + " of " + grouped(name.train_images) + " training images");
  std::vector<std::string> model, epochs;
  for (const Json& deviation : json.value("deviations", Json::array())) {
    const auto said = deviation.get<std::string>();
    if (said.rfind("model.", 0) == 0) model.push_back(said);
    const size_t at = said.find("epochs = ");
    if (at != std::string::npos && said.find("checkpoint") == std::string::npos) epochs.push_back(said);
  }
  if (!model.empty()) all.push_back(joined(model, ", "));
  if (!epochs.empty()) all.push_back(joined(epochs, ", "));
  return joined(all, "; ");
}

}  // namespace senet
