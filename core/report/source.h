#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "report/cells.h"
#include "report/published.h"
#include "senet/options.h"

namespace senet {

// What says which table or figure to make from which results: `<name>.toml`, a flat list of the options below.
struct Source {
  std::string name;  // the file's, without extension
  std::filesystem::path file;
  Options options;

  const std::string& text(const char* option) const { return options.text(option); }
  const std::vector<std::string>& texts(const char* option) const { return options.texts(option); }
  int64_t seed() const { return options.integer("seed"); }
};

// What a data set is called, and how it differs from the one that papers mean by that name: `data_sets.toml` beside the
// sources.
struct DataSetName {
  std::string title;         // "CIFAR-10"
  std::string published;     // its name in published tables
  std::string variant;       // "images stored as JPEG"; empty: the same data
  int64_t train_images = 0;  // that the published set has
};

// Everything that tables and figures are made from: results, what others published, names.
class Evidence {
 public:
  // Loads every result under `results`; throws (exit code 2) with a file's name for what is not sound.
  Evidence(const std::filesystem::path& results, const std::filesystem::path& sources);

  // The cells of a source's experiments, of those labels that it names. Throws (exit code 2) when two of its
  // experiments have results for the same label, budget and seed.
  std::vector<MeasuredCell> cells(const Source& source) const;
  const Published& published() const { return published_; }
  DataSetName data_set(const Json& result) const;
  std::string title_of(const std::string& published) const;  // of a data set in published tables
  bool empty() const { return results_.empty(); }
  const std::vector<Result>& results() const { return results_; }

 private:
  std::vector<Result> results_;
  Published published_;
  std::vector<std::pair<Json, DataSetName>> names_;  // by {"fingerprint": …} or {"plugin": …}
};

// One kind of table or figure: its name, as a source asks for it, and the options it has beside title, experiments and
// labels.
template <class Made>
struct Kind {
  const char* name;
  const char* help;
  std::vector<Option> options;
  Made (*make)(const Source&, const Evidence&);
};
constexpr Option texts_option(const char* name, const char* help) { return {name, OptionType::texts, "[]", help}; }

using KindOptions = std::vector<std::pair<std::string, std::vector<Option>>>;
// Every source of a folder that has the key `what` ("table" or "figure"), in the order of names; or the one called
// `name`. A mistyped key or kind is an error (exit code 2) with file and line.
std::vector<Source> sources(const std::filesystem::path& folder, const char* what, const KindOptions& kinds,
                            const std::string& name);

template <class Made>
std::vector<std::pair<Source, const Kind<Made>*>> sources(const std::filesystem::path& folder, const char* what,
                                                          const std::vector<Kind<Made>>& kinds,
                                                          const std::string& name) {
  KindOptions options;
  for (const Kind<Made>& kind : kinds) options.emplace_back(kind.name, kind.options);
  std::vector<std::pair<Source, const Kind<Made>*>> found;
  for (Source& source : sources(folder, what, options, name)) {
    const auto kind =
        std::find_if(kinds.begin(), kinds.end(), [&](const Kind<Made>& one) { return source.text(what) == one.name; });
    found.emplace_back(std::move(source), &*kind);
  }
  return found;
}

// In which way the numbers of a result are not the paper's: other data, fewer images, another model, shorter trainings.
// Empty when there is none.
std::string variant_of(const Result& result, const Evidence& evidence);

}  // namespace senet
