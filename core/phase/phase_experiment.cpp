#include "phase/phase_experiment.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "phase/metrics_log.h"
#include "senet/error.h"
#include "senet/random.h"
#include "storage/files.h"
#include "storage/safetensors.h"
#include "train/training_settings.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

// What the log has of each epoch that says how it ran, not what came out.
const std::set<std::string> kNoCurves = {"epoch", "seconds", "images_per_second", "data_wait"};

std::string file_of(const std::string& training) { return training + ".safetensors"; }

// A training's file holds its whole state while it is unfinished, and network and objective once it is finished.
class StoredTraining final : public TrainingHost {
 public:
  StoredTraining(const Laboratory& laboratory, std::string phase, std::string name, const fs::path& folder,
                 const Metadata& about)
      : laboratory_(laboratory),
        about_(about),
        phase_(std::move(phase)),
        name_(std::move(name)),
        file_(folder / file_of(name_)),
        log_(folder) {
    if (fs::exists(file_)) {
      try {
        read_checkpoint();
      } catch (const Error& error) {
        saved_.reset();
        const fs::path aside = free_name_aside(file_);
        fs::rename(file_, aside);
        if (laboratory_.on_message) {
          laboratory_.on_message(text("damaged checkpoint: ", error.what(), "; set aside as ", aside.string(),
                                      ", the training begins anew"));
        }
      }
    }
    if (!finished()) log_.cut_back(saved_ ? lengths() : began_at());
  }

  bool finished() const { return saved_ && saved_->metadata.at("finished") == "true"; }
  const TensorMap& tensors() const { return saved_->tensors; }

  std::optional<TensorMap> restore() override {
    if (!saved_) return std::nullopt;
    return saved_->tensors;
  }
  void save(const TensorMap& state) override { write(state, false); }
  void finish(const TensorMap& state) { write(state, true); }
  void report(const EpochReport& report) override {
    log_.add(name_, report);
    if (laboratory_.on_epoch) laboratory_.on_epoch(phase_, name_, report);
  }
  void progress(const Progress& progress) override {
    if (laboratory_.on_progress) laboratory_.on_progress(phase_, name_, progress);
  }
  bool stop_requested() const override { return laboratory_.stop_requested && laboratory_.stop_requested(); }

 private:
  void read_checkpoint() {
    saved_ = load_safetensors(file_);
    for (const char* needed : {"finished", "lines", "events"}) {
      SENET_CHECK(saved_->metadata.count(needed), file_.string(), ": has no '", needed, "' in its metadata");
    }
    const MetricsLog::Lengths found = log_.lengths();
    SENET_CHECK(found.lines >= lengths().lines && found.events >= lengths().events, file_.string(),
                ": was written when the metrics beside it were longer (", lengths().lines, " and ", lengths().events,
                " bytes) than they are (", found.lines, " and ", found.events, ")");
  }
  void write(const TensorMap& state, bool finished) {
    const MetricsLog::Lengths lengths = log_.lengths();
    Metadata metadata = about_;
    metadata["finished"] = finished ? "true" : "false";
    metadata["lines"] = std::to_string(lengths.lines);
    metadata["events"] = std::to_string(lengths.events);
    save_safetensors(file_, state, metadata);
  }
  MetricsLog::Lengths lengths() const { return {as_length("lines"), as_length("events")}; }
  int64_t as_length(const char* name) const {
    const std::string& digits = saved_->metadata.at(name);
    SENET_CHECK(!digits.empty() && digits.size() < 18 && digits.find_first_not_of("0123456789") == std::string::npos,
                file_.string(), ": its metadata '", name, "' is '", digits, "', expected a length");
    return std::stoll(digits);
  }
  // Without a checkpoint of its own, a training begins where the finished ones before it left the log.
  MetricsLog::Lengths began_at() const {
    MetricsLog::Lengths longest;
    for (const auto& entry : fs::directory_iterator(file_.parent_path())) {
      if (entry.path().extension() != ".safetensors") continue;
      const Metadata metadata = load_safetensors(entry.path()).metadata;
      if (!metadata.count("lines") || !metadata.count("events")) continue;
      longest.lines = std::max<int64_t>(longest.lines, std::stoll(metadata.at("lines")));
      longest.events = std::max<int64_t>(longest.events, std::stoll(metadata.at("events")));
    }
    return longest;
  }

  const Laboratory& laboratory_;
  const Metadata& about_;
  std::string phase_, name_;
  fs::path file_;
  MetricsLog log_;
  std::optional<Safetensors> saved_;
};

// As many digits as a curve can show.
double rounded(double value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.6g", value);
  return std::strtod(digits, nullptr);
}

// What the log says of a training, over all processes that worked on it: its last epoch, and each number over the
// epochs (null where it was not there).
Json summary(const fs::path& folder, const std::string& training) {
  Json last, curves = Json::object();
  int64_t epochs = 0;
  double seconds = 0;
  for (const Json& json : MetricsLog::read(folder)) {
    if (json.at("training") != training) continue;
    seconds += json.at("seconds").get<double>();
    for (const auto& [name, value] : json.items()) {
      if (!value.is_number() || kNoCurves.count(name)) continue;
      Json& curve = curves[name];
      while (curve.size() < static_cast<size_t>(epochs)) curve.push_back(nullptr);
      curve.push_back(rounded(value.get<double>()));
    }
    ++epochs;
    last = json;
  }
  last.erase("training");
  return {{"epochs", epochs}, {"seconds", seconds}, {"last_epoch", last}, {"curves", curves}};
}

// What a finished training left; the objective's state too, where it is given.
void restore(TensorMap tensors, Network& network, Objective* objective = nullptr) {
  Archive archive = Archive::loading(std::move(tensors));
  network_state(network, archive);
  if (objective) objective->state(archive);
  network.eval();
}

}  // namespace

BatchLoader make_loader(const Laboratory& laboratory, Part part) {
  return {laboratory.data.part(part), laboratory.data.normalisation, laboratory.precision, laboratory.device};
}

TensorMap network_tensors(const PhaseRecord& phase, const std::string& name) {
  return load_safetensors(phase.folder / file_of(name)).tensors;
}

TrainingTime training_time(const Json& record) {
  TrainingTime all;
  const Json trainings = record.value("trainings", Json::object());
  for (const Json& training : trainings) {
    all.epochs += training.at("epochs").get<int64_t>();
    all.seconds += training.at("seconds").get<double>();
  }
  return all;
}

NetworkShape shape_of(const PhaseRecord& phase, const NetworkShape& input, double width) {
  const Json json = phase.json.value("shape", Json::object());
  NetworkShape shape = input.at_scale(json.value("scale", 1.0) * width);
  shape.stem_stride = json.value("stem_stride", int64_t{1});
  shape.blocks = json.value("blocks", std::vector<int64_t>{});
  return shape;
}

void load_network(const PhaseRecord& phase, const std::string& name, Network& network) {
  restore(network_tensors(phase, name), network);
}

PhaseExperiment::PhaseExperiment(const Laboratory& laboratory, std::string phase, fs::path folder, Json& record,
                                 Options options, uint64_t seed, Metadata about)
    : laboratory_(laboratory),
      phase_(std::move(phase)),
      folder_(std::move(folder)),
      record_(record),
      options_(std::move(options)),
      seed_(seed),
      about_(std::move(about)) {}
PhaseExperiment::~PhaseExperiment() = default;

TrainingSettings PhaseExperiment::training() const { return training_settings(options_); }

std::shared_ptr<Network> PhaseExperiment::make_network(const std::string& purpose, const NetworkShape& shape) {
  auto network = laboratory_.build(shape);
  network->initialise(derive_seed(seed_, phase_ + "/" + purpose + "/weights"));
  network->to(laboratory_.device);
  trained_.erase(network.get());
  return network;
}

void PhaseExperiment::train(const std::string& name, Network& network, Objective& objective,
                            const TrainingSettings& settings) {
  trained_[&network] = name;
  StoredTraining stored(laboratory_, phase_, name, folder_, about_);
  if (stored.finished()) {
    restore(stored.tensors(), network, &objective);
  } else {
    const BatchLoader data = make_loader(laboratory_, Part::train);
    const BatchLoader held_out = make_loader(laboratory_, Part::held_out);
    Trainer(data, held_out, settings, derive_seed(seed_, phase_ + "/" + name)).run(network, objective, stored);
    Archive archive = Archive::saving();
    network_state(network, archive);
    objective.state(archive);
    stored.finish(archive.tensors());
  }
  record_["trainings"][name] = summary(folder_, name);
  PhaseStore::add_file(folder_, record_, file_of(name));
}

void PhaseExperiment::train_for_all_budgets(const std::string& name, Network& network, Objective& objective,
                                            const TrainingSettings& settings) {
  if (!shared_) return train(name, network, objective, settings);
  trained_[&network] = name;
  const PhaseRecord phase =
      shared_(name, [&](PhaseExperiment& experiment) { experiment.train(name, network, objective, settings); });
  if (phase.found_finished) restore(network_tensors(phase, name), network, &objective);
  const TrainingTime time = training_time(phase.json);
  record_["shared"].push_back({{"kind", phase.kind},
                               {"key", phase.key},
                               {"training", name},
                               {"epochs", time.epochs},
                               {"seconds", time.seconds}});
}

void PhaseExperiment::keep(const std::string& name, Network& network) {
  Archive archive = Archive::saving();
  network_state(network, archive);
  StoredTraining(laboratory_, phase_, name, folder_, about_).finish(archive.tensors());
  record_["trainings"][name] = {{"epochs", 0}, {"seconds", 0.0}, {"last_epoch", Json::object()}};
  const NetworkShape& shape = network.shape();
  if (shape.scale != 1) record_["shape"]["scale"] = shape.scale;
  if (shape.stem_stride != 1) record_["shape"]["stem_stride"] = shape.stem_stride;
  if (!shape.blocks.empty()) record_["shape"]["blocks"] = shape.blocks;
  PhaseStore::add_file(folder_, record_, file_of(name));
}

Score PhaseExperiment::evaluate(Network& network, Part part) {
  const auto trained = trained_.find(&network);
  return evaluate(network, part,
                  trained == trained_.end()
                      ? text("a network of phase '", phase_, "'")
                      : text("the network of training '", trained->second, "' of phase '", phase_, "'"));
}

Score PhaseExperiment::evaluate(Network& network, Part part, const std::string& weights) {
  if (laboratory_.data.part(part).count() == 0) {
    fail_usage("phase '", phase_,
               "' judges networks by held-out training images, and none are held out; set "
               "dataset.holdout (0.05 by default)");
  }
  return senet::evaluate(network, make_loader(laboratory_, part), weights);
}

void PhaseExperiment::record(const std::string& name, const std::vector<double>& values) {
  for (const double value : values) {
    SENET_CHECK(std::isfinite(value), "phase '", phase_, "' records '", name, "' with the value ", value);
  }
  record_["series"][name] = values;
}

void PhaseExperiment::record(const std::vector<Candidate>& candidates) {
  for (const Candidate& candidate : candidates) {
    const bool beaten = std::any_of(candidates.begin(), candidates.end(), [&](const Candidate& other) {
      return other.relus <= candidate.relus && other.accuracy >= candidate.accuracy &&
             (other.relus < candidate.relus || other.accuracy > candidate.accuracy);
    });
    record_["candidates"].push_back({{"name", candidate.name},
                                     {"relus", candidate.relus},
                                     {"accuracy", candidate.accuracy},
                                     {"on_front", !beaten},
                                     {"chosen", candidate.chosen}});
  }
}

}  // namespace senet
