#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tools/report/cells.h"
#include "tools/report/doubts.h"
#include "tools/report/notes.h"
#include "tools/report/published.h"
#include "tools/report/source.h"

namespace senet {

// What a data set is called, and how it differs from the one that papers mean by that name: `data_sets.toml` beside the
// sources.
struct DataSetName {
  std::string title;         // "CIFAR-10"
  std::string published;     // its name in published tables
  std::string variant;       // "images stored as JPEG"; empty: the same data
  int64_t train_images = 0;  // that the published set has; 0: not said
};

// Everything that tables and figures are made from: results, what others published, names.
class Evidence {
 public:
  // Loads every result under `results`; throws (exit code 2) with a file's name for what is not sound, and for results
  // of one cell that contradict each other, whichever source asks. `versions`: of the program's parts, by which
  // results may be outdated.
  Evidence(const std::filesystem::path& results, const std::filesystem::path& sources,
           std::map<std::string, int64_t> versions = {});
  Evidence(const Evidence&) = delete;  // its cells point into its results

  // The cells of a source's experiments (all, when it names none), of those labels that it names. Throws (exit code 2)
  // when two of them have results for the same label, budget, data and model.
  std::vector<MeasuredCell> cells(const Source& source) const;
  const std::vector<MeasuredCell>& cells() const { return cells_; }
  // Experiments and labels that a source names and no result has, in words.
  std::vector<std::string> missing(const Source& source) const;

  // Why to doubt what stands on some results (doubts.h).
  std::vector<std::string> doubts(const std::vector<const Result*>& results) const;

  const Published& published() const { return published_; }
  DataSetName data_set(const Result& result) const;          // by its fingerprint, or by its plugin
  std::string title_of(const std::string& published) const;  // of a data set in published tables
  bool empty() const { return results_.empty(); }
  const std::vector<Result>& results() const { return results_; }

 private:
  struct Named {
    std::string fingerprint, plugin;  // one of them
    DataSetName name;
  };
  std::vector<Result> results_;
  std::vector<MeasuredCell> cells_;
  Published published_;
  std::vector<Named> names_;
  std::map<std::string, int64_t> versions_;
  std::vector<KnownFault> faults_;
};

// In which way the numbers of a result are not the paper's whatever the method: other data, fewer images, other
// schedules, and then the precision. The model's name says how it differs. Empty when there is none.
std::vector<Note> departures_of(const Result& result, const Evidence& evidence);
// The same in few words for a figure, which names schedules as such: "CIFAR-10, resnet18 width=8; …".
std::string short_variant_of(const Result& result, const Evidence& evidence);
// Every change from a default, and what else a reader has to know, as sentences.
std::vector<std::string> deviations_of(const Result& result);
// What a result changes of its method, a text a section: "mask.score = \"pre\", …".
std::vector<std::string> changed_method(const Result& result);

}  // namespace senet
