#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/document.h"
#include "phase/record.h"

namespace senet {

// The version of the result files' schema.
constexpr int kResultSchema = 2;
// That of the measurements which lie in `measured/` beside them.
constexpr int kMeasurementSchema = 2;

// What a network scores on the test images, and what is counted in it by evaluating it.
struct NetworkScores {
  double accuracy = 0;  // in [0, 1]
  std::optional<double> loss;
  int64_t images = 0;  // of the test set; 0: not said
  std::optional<double> held_out_accuracy;
  int64_t relus = 0;
  Multiplications multiplications = {};
  std::optional<double> accuracy_before_finetuning = {};  // NetworkRecord::before_finetuning
};

struct ResultModel {
  std::string plugin, variant;       // "resnet18 width=8": the plugin and the options that differ from their defaults
  int64_t relus = 0;                 // with a ReLU at every site
  int64_t parameters = 0, macs = 0;  // of the finished network
  std::vector<std::pair<std::string, int64_t>> layers;  // multiply–accumulates of each, in the network's order
  OutsideRecord outside_sites;
  std::optional<MadeSmaller> made_smaller;
};

struct ResultDataset {
  std::string plugin, fingerprint;
  int64_t train = 0, held_out = 0, test = 0, left_out = 0, classes = 0;  // images; number of classes
  std::vector<int64_t> input;                                            // C, H, W
};

struct ResultSite : SiteRecord {
  std::optional<int64_t> allocated;  // ReLUs that the budget's shares gave it
  std::optional<double> sensitivity;
};

// A phase that the result stands on.
struct ResultPhase {
  std::string kind, key;
  std::string training;  // of a training that budgets share: its name
  double training_seconds = 0;
  std::optional<int64_t> image_passes;           // of trainings, and of batches that a method looked at without one
  std::optional<int64_t> deployed_image_passes;  // of them, of trainings that the finished network itself went through
  std::map<std::string, int64_t> versions;       // of each part of the program: "mask", "model plugin 'resnet18'"
  Environment environment;
  std::vector<Environment> earlier_environments;  // of other processes that worked on it before

  std::vector<Environment> environments() const;  // all of them, the last first
};

// A setting that differs from its default.
struct Change {
  std::string section, option;
  OptionValue value, default_value;
  OptionKind kind = OptionKind::method;
};

// SENet++: the finished network at one of its widths.
struct ResultWidth {
  double width = 1;
  NetworkScores scores;
  int64_t parameters = 0, macs = 0;
  OutsideRecord outside_sites;
  double relu_saving = 0, mac_saving = 0;  // the teacher's over its own
};

// What a step made of the settings that [training] has: names of options.
struct TrainingReach {
  std::vector<std::string> taken, set_by_itself, unknown_to_it;
};

// One finished (cell, budget, seed): numbers, settings, phases. A JSON file under `<results>/<experiment>/`.
struct Result {
  std::filesystem::path file;

  std::string experiment, label, method;
  int64_t seed = 0;
  std::string budget_asked;  // "10%", "15000"
  int64_t budget = 0;        // in ReLUs
  ResultModel model;
  ResultDataset dataset;
  NetworkScores teacher, network;
  std::vector<ResultWidth> widths;
  std::vector<ResultSite> sites;
  // What methods and plugins record, by the names that they give: of each site, of each stage, or of what they say.
  std::map<std::string, std::vector<double>> series;
  std::map<std::string, Curves> curves;  // by training; the network's by its phase
  std::vector<CandidateRecord> candidates;
  std::vector<ResultPhase> phases;
  std::vector<Change> changes;
  std::vector<std::string> remarks;  // what else a reader has to know, as sentences
  std::vector<Setting> settings;
  std::map<std::string, TrainingReach> reach_of_training;  // by step
  std::string precision;
  Environment environment;  // of the phase that left the network
  std::string finished;     // UTC

  std::string id() const;  // "<experiment>/<label>-<budget>-s<seed>", as the file is named
  // The folder that the file lies in: an experiment's results may be kept twice, under names of their own.
  std::string folder() const;
  // The value of a setting, as JSON; null where there is none of this key.
  Json setting(const std::string& key) const;
  const ResultPhase* teacher_phase() const;  // null where the result names none
  // The phase that left the finished network. Throws where the result names none.
  const ResultPhase& network_phase() const;
  // The phase of a step of the method, by the step's name; null where there is none.
  const ResultPhase* phase_of(const std::string& step) const;
  // What the finished network is at a width. Throws for a width that the result does not have.
  ResultWidth at_width(double width) const;
};

Json to_json(const Result& result);
// A document of this schema. Errors name file and key.
Result result_from(const Json& json, const std::filesystem::path& file);

// A text as a part of a file's name: letters of any script, digits, '.' and '_' stay; '%' becomes "pct", '+' becomes
// 'p', and each run of other characters becomes one '-', none at either end.
std::string slug(const std::string& text);

std::filesystem::path result_path(const std::filesystem::path& results, const std::string& experiment,
                                  const std::string& label, const std::string& budget, int64_t seed);

// A document as results are written: indented, but a list of plain values on one line.
std::string readable(const Json& json, const std::string& indent = "");

// Throws (exit code 2) with the file's name when it is not a sound result.
Result load_result(const std::filesystem::path& file);
void save_result(const Result& result);

// Whether a folder of this name is none of an experiment's results: `published`, `benchmarks`, `measured`.
bool holds_no_results(const std::string& folder);
// Every result in a folder called `experiment`, however deep under `results`, in the order of their paths; of all
// folders when it is empty.
std::vector<Result> load_results(const std::filesystem::path& results, const std::string& experiment = "");

}  // namespace senet
