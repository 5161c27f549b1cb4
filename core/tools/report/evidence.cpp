#include "tools/report/evidence.h"

#include <algorithm>
#include <map>
#include <set>

#include "config/joined.h"
#include "display/format.h"
#include "senet/error.h"
#include "tools/report/toml_file.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

std::string text_of(const OptionValue& value) { return readable(to_json(value)); }

// Whether other methods have the option too: what is not the method's own.
bool is_common(const Change& change) {
  static const std::set<std::string> sections = {"dataset", "model", "teacher", "training"};
  return sections.count(change.section) > 0 || change.kind == OptionKind::schedule || change.kind == OptionKind::epochs;
}

DataSetName name_of(const toml::table& entry, const fs::path& file, std::string& fingerprint, std::string& plugin) {
  DataSetName name;
  const std::map<std::string, std::string*> texts = {{"fingerprint", &fingerprint},
                                                     {"plugin", &plugin},
                                                     {"title", &name.title},
                                                     {"published", &name.published},
                                                     {"variant", &name.variant}};
  for (const auto& [key, value] : entry) {
    const std::string spelled(key.str());
    const auto text = texts.find(spelled);
    const bool sound = text != texts.end() ? value.is_string() : spelled == "train_images" && value.is_integer();
    if (!sound) {
      fail_usage(file.string(), ":", value.source().begin.line, ": '", spelled,
                 "' is no key of a data set, or of another type; they are fingerprint, plugin, title, published, "
                 "variant (texts) and train_images (an integer)");
    }
    if (text != texts.end()) *text->second = value.value_or(std::string());
  }
  name.train_images = entry["train_images"].value_or(int64_t{0});
  if (name.title.empty() || fingerprint.empty() == plugin.empty())
    fail_usage(file.string(), ":", entry.source().begin.line, ": a data set has a title and a fingerprint or a plugin");
  return name;
}

std::vector<std::string> data_of(const Result& result, const DataSetName& name) {
  std::vector<std::string> all;
  if (!name.variant.empty()) all.push_back(name.variant);
  const int64_t train = result.dataset.train;
  if (name.train_images > 0 && train < name.train_images)
    all.push_back(grouped(train) + " of " + grouped(name.train_images) + " training images");
  return all;
}

}  // namespace

Evidence::Evidence(const fs::path& results, const fs::path& sources, std::map<std::string, int64_t> versions)
    : results_(load_results(results)),
      cells_(measured_cells(results_)),
      published_(load_published(results)),
      versions_(std::move(versions)),
      faults_(load_known_faults(results)) {
  const fs::path file = sources / "data_sets.toml";
  if (!fs::exists(file)) return;
  const toml::table table = parsed_toml(file);
  const toml::array* entries = table["data_set"].as_array();
  if (!entries || table.size() != 1) fail_usage(file.string(), ": expected [[data_set]] and nothing else");
  for (const toml::node& node : *entries) {
    if (!node.is_table()) fail_usage(file.string(), ":", node.source().begin.line, ": expected [[data_set]]");
    Named named;
    named.name = name_of(*node.as_table(), file, named.fingerprint, named.plugin);
    names_.push_back(std::move(named));
  }
}

std::vector<MeasuredCell> Evidence::cells(const Source& source) const {
  const std::vector<std::string>& experiments = source.texts("experiments");
  const auto wanted = [&](const std::string& name) {
    return experiments.empty() || std::find(experiments.begin(), experiments.end(), name) != experiments.end();
  };
  std::vector<MeasuredCell> cells, named;
  for (MeasuredCell cell : cells_) {
    if (!wanted(cell.first().folder())) continue;
    for (std::string& name : source.of_label("names", cell.first().folder() + "/" + cell.label()))
      cell.name = std::move(name);
    named.push_back(std::move(cell));
  }
  std::map<std::vector<std::string>, std::string> seen;
  for (const MeasuredCell& cell : chosen(named, source.texts("labels"))) {
    const std::string file = cell.first().file.string();
    const auto [at, added] = seen.try_emplace({cell.label(), cell.budget(), cell.data(), cell.variant()}, file);
    if (!added) {
      fail_usage(source.file.string(), ": ", at->second, " and ", file, " are both called '", cell.label(),
                 "' at the budget ", cell.budget(),
                 "; name the experiment that is meant, or give one of them another name with 'names'");
    }
    cells.push_back(cell);
  }
  return cells;
}

std::vector<std::string> Evidence::missing(const Source& source) const {
  std::set<std::string> experiments, labels, budgets;
  for (const Result& result : results_) experiments.insert(result.folder());
  for (const MeasuredCell& cell : cells(source)) {
    labels.insert(cell.label());
    budgets.insert(cell.budget());
  }
  std::vector<std::string> missing;
  for (const std::string& name : source.texts("experiments")) {
    if (!experiments.count(name)) missing.push_back("no results of the experiment '" + name + "'");
  }
  if (!missing.empty()) return missing;  // and so are its cells
  for (const std::string& label : source.texts("labels")) {
    if (!labels.count(label)) missing.push_back("no results of a cell called '" + label + "'");
  }
  for (const std::string& name : source.texts("names")) {
    const size_t end = name.rfind(": ");
    if (end == std::string::npos || !labels.count(name.substr(end + 2)))
      missing.push_back("no results of a cell that has its name from '" + name + "', \"experiment/label: name\"");
  }
  // What an entry "label: text" may begin with: labels, those that were said above, and lines of a trend.
  std::set<std::string> known = labels;
  known.insert(source.texts("labels").begin(), source.texts("labels").end());
  for (const std::string& line : source.texts_if_any("lines"))
    known.insert(line.substr(std::min(line.size(), line.find(": ") + 2)));
  for (const char* option : {"notes", "lines", "reproduces", "choices", "against"}) {
    for (const std::string& entry : source.texts_if_any(option)) {
      if (std::string(option) == "against" && entry.find(": ") == std::string::npos) continue;  // for all others
      if (std::none_of(known.begin(), known.end(),
                       [&](const std::string& one) { return entry.rfind(one + ": ", 0) == 0; }))
        missing.push_back(std::string("no results that '") + option + "' has something for by '" + entry + "'");
    }
  }
  for (const std::string& budget : source.texts_if_any("budgets")) {
    if (!budgets.count(budget)) missing.push_back("no results at the budget '" + budget + "'");
  }
  return missing;
}

std::vector<std::string> Evidence::doubts(const std::vector<const Result*>& results) const {
  return doubts_of(results, versions_, faults_);
}

DataSetName Evidence::data_set(const Result& result) const {
  const std::string &plugin = result.dataset.plugin, &fingerprint = result.dataset.fingerprint;
  for (const Named& named : names_) {
    if (!named.fingerprint.empty() && named.fingerprint == fingerprint) return named.name;
  }
  for (const Named& named : names_) {
    if (!named.plugin.empty() && named.plugin == plugin) return named.name;
  }
  return {plugin, "", "data set " + fingerprint.substr(0, 8) + ", not named in data_sets.toml", 0};
}

std::string Evidence::title_of(const std::string& published) const {
  for (const Named& named : names_) {
    if (named.name.published == published) return named.name.title;
  }
  return published;
}

std::vector<Note> departures_of(const Result& result, const Evidence& evidence) {
  std::vector<Note> all;
  for (std::string& sentence : data_of(result, evidence.data_set(result))) all.emplace_back(std::move(sentence));
  for (const Change& change : result.changes) {
    if (!is_common(change) || change.kind == OptionKind::data) continue;  // data_of says what the data is
    if (change.section == "model") continue;                              // and the variant what the model is
    const Json value = to_json(change.value);
    const std::string words = value.is_string() ? value.get<std::string>() : readable(value);
    all.emplace_back(change.option + " " + words, change.section);
  }
  if (!all.empty() && !result.precision.empty()) all.emplace_back(result.precision);
  return all;
}

std::string short_variant_of(const Result& result, const Evidence& evidence) {
  const DataSetName name = evidence.data_set(result);
  std::vector<std::string> all = data_of(result, name);
  all.insert(all.begin(), name.title + ", " + result.model.variant);
  const bool own_schedule = std::any_of(result.changes.begin(), result.changes.end(), [](const Change& change) {
    return change.section != "model" && is_common(change) && change.kind != OptionKind::data;
  });
  if (own_schedule) all.push_back("schedules not the paper's");
  return joined(all, "; ");
}

std::vector<std::string> deviations_of(const Result& result) {
  std::vector<std::string> all;
  for (const Change& change : result.changes)
    all.push_back(text(change.section, ".", change.option, " = ", text_of(change.value), " (default ",
                       text_of(change.default_value), ")"));
  all.insert(all.end(), result.remarks.begin(), result.remarks.end());
  return all;
}

std::vector<std::string> changed_method(const Result& result) {
  std::map<std::string, std::vector<std::string>> sections;
  for (const Change& change : result.changes) {
    if (!is_common(change))
      sections[change.section].push_back(text(change.section, ".", change.option, " = ", text_of(change.value)));
  }
  std::vector<std::string> all;
  for (const auto& section : sections) all.push_back(joined(section.second, ", "));
  return all;
}

}  // namespace senet
