#pragma once

#include <filesystem>

#include "senet/recorded.h"
#include "storage/environment.h"

namespace senet {

// A training's numbers over its epochs, by name, NaN where the log has none; and what its last epoch lists.
using Curves = std::map<std::string, std::vector<double>>;

// What a training took, over all processes that worked on it, and what the log says of it.
struct TrainingRecord {
  int64_t epochs = 0;
  double seconds = 0;
  std::optional<int64_t> image_passes;  // records of earlier programs lack it
  int64_t epochs_not_logged = 0;
  Curves curves;
};

// How a network was made smaller than the model (NetworkShape).
struct MadeSmaller {
  double scale = 1;
  int64_t stem_stride = 1;
  std::vector<int64_t> blocks;
};

struct CandidateRecord {
  std::string name;
  int64_t relus = 0;
  double accuracy = 0;  // in [0, 1], on what it was judged by
  bool on_front = false, chosen = false;
};

// What a network compares outside its ReLU sites.
struct OutsideRecord {
  int64_t max_pool_comparisons = 0;
  std::vector<std::string> not_counted;  // NetworkCounts::not_counted
};

struct SiteRecord {
  std::string name;
  std::vector<int64_t> shape;  // C, H, W
  int64_t relus = 0;           // with a ReLU at every element
  int64_t stage = 0;
  std::string conv;                      // the convolution before it
  int64_t counted = 0;                   // ReLUs of the finished network, by evaluating its activation
  Multiplications multiplications = {};  // results of earlier programs say the network's alone
};

// A finished network as it is evaluated, at one of its widths.
struct NetworkRecord {
  double width = 1;
  Score test = {};
  std::optional<Score> held_out;
  std::optional<Score> before_finetuning;  // test images; of the network that the last step began from and trained on
  int64_t relus = 0, parameters = 0, macs = 0;
  Multiplications multiplications;
  OutsideRecord outside_sites;
};
struct EvaluationRecord {
  NetworkRecord network;
  std::vector<SiteRecord> sites;
  std::vector<NetworkRecord> widths;  // of a network trained at several: each cut out and evaluated on its own
};

struct FileRecord {
  int64_t bytes = 0;
  std::string hash;
};

// A phase: what it recorded, and where its files lie. `record.json` in its folder.
struct PhaseRecord {
  std::string kind, key;
  int64_t version = 1;
  Environment environment;                        // of the process that finished it
  std::vector<Environment> earlier_environments;  // of others that worked on it before
  std::vector<std::pair<std::string, TrainingRecord>> trainings;
  int64_t image_passes = 0;           // beside its trainings, of batches without an update (for_each_batch)
  std::vector<std::string> deployed;  // "<kind>/<training>": those that the network under kNetwork went through
  Series series;
  std::vector<int64_t> allocated;  // ReLUs of each site
  std::vector<CandidateRecord> candidates;
  std::optional<MadeSmaller> made_smaller;     // of the network
  std::vector<double> widths;                  // that its network was trained at
  std::optional<EvaluationRecord> evaluation;  // of an evaluation
  std::map<std::string, FileRecord> files;
  std::string finished;  // UTC

  // No part of the file.
  std::filesystem::path folder = {};
  bool found_finished = false;  // it was not run by this call
  // As in PhaseInputs, of a phase that was run.
  std::string step = {};
  std::map<std::string, int64_t> parts = {};

  TrainingRecord* training(const std::string& name);  // null where there is none
  const TrainingRecord* training(const std::string& name) const;
};

void form(Form& form, Score& score);
void form(Form& form, Multiplications& multiplications);
void form(Form& form, MadeSmaller& smaller);
void form(Form& form, CandidateRecord& candidate);
void form(Form& form, OutsideRecord& outside);
void form(Form& form, SiteRecord& site);
void form(Form& form, NetworkRecord& network);
void form(Form& form, PhaseRecord& record);

// Of this form, or of that of an earlier program.
PhaseRecord phase_record_from(Json json, const std::string& file);

}  // namespace senet
