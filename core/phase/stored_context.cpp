#include "phase/stored_context.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "device/world.h"
#include "images/subset.h"
#include "phase/metrics_log.h"
#include "phase/phase_base.h"
#include "senet/error.h"
#include "senet/random.h"
#include "senet/sensitivity.h"
#include "storage/files.h"
#include "storage/safetensors.h"
#include "train/training_settings.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

// What the log has of each epoch that says how it ran, not what came out.
const std::set<std::string> kNoCurves = {"epoch", "seconds", "images_per_second", "data_wait"};

// What the first rank says of a training's file.
const std::string kFinished = "finished", kBegun = "begun";

std::string file_of(const std::string& training) { return training + ".safetensors"; }

// Results show it at the sites.
const std::set<std::string> kOwnSeries = {"sensitivity"};

// As many digits as a curve can show.
double rounded(double value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.6g", value);
  return std::strtod(digits, nullptr);
}

// A training's file holds its whole state while it is unfinished, and network and objective once it is finished.
class StoredTraining final : public TrainingHost {
 public:
  StoredTraining(PhaseListener& listener, const PhaseRecord& phase, std::string name, const Metadata& about,
                 int64_t images)
      : listener_(listener),
        about_(about),
        phase_(phase.kind),
        name_(std::move(name)),
        file_(phase.folder / file_of(name_)),
        images_(images),
        log_(phase.folder) {
    try {
      read_checkpoint();
    } catch (const Unreadable& error) {
      if (!error.is_missing()) throw;
    } catch (const Error& error) {
      saved_.reset();
      took_ = {};
      const fs::path aside = free_name_aside(file_);
      fs::rename(file_, aside);
      listener_.message(
          text("damaged checkpoint: ", error.what(), "; set aside as ", aside.string(), ", the training begins anew"));
    }
    if (!finished()) {
      log_.go_back(name_, took_.epochs,
                   saved_ && saved_->metadata.count("events") ? number<int64_t>("events") : log_.events());
    }
  }

  bool finished() const { return saved_ && saved_->metadata.at("finished") == "true"; }
  bool begun() const { return saved_.has_value(); }
  const TensorMap& tensors() const { return saved_->tensors; }
  // What it took, and what the log says of it.
  TrainingRecord record() const {
    TrainingRecord all = took_;
    all.image_passes = took_.epochs * images_;
    std::set<int64_t> logged;
    for (const Json& json : MetricsLog::read(file_.parent_path())) {
      const auto epoch = json.at("epoch").get<int64_t>();
      if (json.at("training") != name_ || epoch < 0 || epoch >= took_.epochs) continue;
      logged.insert(epoch);
      for (const auto& [name, value] : json.items()) {
        if (value.is_array() && epoch + 1 == took_.epochs) all.curves[name] = value.get<std::vector<double>>();
        if (!value.is_number() || kNoCurves.count(name)) continue;
        std::vector<double>& curve = all.curves[name];
        curve.resize(std::max(curve.size(), static_cast<size_t>(epoch) + 1), std::numeric_limits<double>::quiet_NaN());
        curve[epoch] = rounded(value.get<double>());
      }
    }
    all.epochs_not_logged = took_.epochs - static_cast<int64_t>(logged.size());
    return all;
  }

  std::optional<TensorMap> restore() override {
    if (!saved_) return std::nullopt;
    return saved_->tensors;
  }
  void save(const TensorMap& state) override { write(state, false); }
  void finish(const TensorMap& state) { write(state, true); }
  void report(const EpochReport& report) override {
    log_.add(name_, report);
    ++took_.epochs;
    took_.seconds += report.seconds;
    listener_.epoch(shown_name(), report);
  }
  void progress(const Progress& progress) override { listener_.progress(shown_name(), progress); }
  void message(const std::string& text) override { listener_.message(text); }
  bool stop_requested() const override { return listener_.stop_requested(); }

 private:
  // A phase's own network goes by the phase's name.
  const std::string& shown_name() const { return name_ == kNetwork ? phase_ : name_; }
  void read_checkpoint() {
    saved_ = load_safetensors(file_);
    SENET_CHECK(saved_->metadata.count("finished"), file_.string(), ": has no 'finished' in its metadata");
    if (saved_->metadata.count("epochs")) {
      took_.epochs = number<int64_t>("epochs");
      took_.seconds = number<double>("seconds");
    } else {
      take_from_log();
    }
  }
  // A checkpoint of an earlier program does not say what its training took.
  void take_from_log() {
    const auto epoch = saved_->tensors.find("trainer.epoch");
    const int64_t most =
        epoch == saved_->tensors.end() ? std::numeric_limits<int64_t>::max() : epoch->second.item<int64_t>();
    for (const Json& entry : MetricsLog::read(file_.parent_path())) {
      if (entry.at("training") != name_ || entry.at("epoch") >= most) continue;
      ++took_.epochs;
      took_.seconds += entry.at("seconds").get<double>();
    }
  }
  // The log is on the disk before a checkpoint that counts its epochs.
  void write(const TensorMap& state, bool finished) {
    log_.flush();
    Metadata metadata = about_;
    metadata["finished"] = finished ? "true" : "false";
    metadata["epochs"] = std::to_string(took_.epochs);
    metadata["seconds"] = Json(took_.seconds).dump();
    metadata["image_passes"] = std::to_string(took_.epochs * images_);
    metadata["events"] = std::to_string(log_.events());
    save_safetensors(file_, state, metadata);
  }
  template <class T>
  T number(const char* name) const {
    const auto found = saved_->metadata.find(name);
    const Json json = found == saved_->metadata.end() ? Json() : Json::parse(found->second, nullptr, false);
    const bool sound =
        json.is_number() && json.get<double>() >= 0 && (json.is_number_integer() || std::is_same_v<T, double>);
    SENET_CHECK(sound, file_.string(), ": its metadata '", name, "' is '",
                found == saved_->metadata.end() ? "" : found->second, "', expected a number of at least 0");
    return json.get<T>();
  }

  PhaseListener& listener_;
  const Metadata& about_;
  std::string phase_, name_;
  fs::path file_;
  int64_t images_;  // of an epoch
  MetricsLog log_;
  std::optional<Safetensors> saved_;
  TrainingRecord took_;
};

// A training whose file the first rank keeps: this one reads what that one has found in it.
class FollowedTraining final : public TrainingHost {
 public:
  FollowedTraining(PhaseListener& listener, fs::path file, bool begun)
      : listener_(listener), file_(std::move(file)), begun_(begun) {}
  std::optional<TensorMap> restore() override {
    if (!begun_) return std::nullopt;
    return load_safetensors(file_).tensors;
  }
  void save(const TensorMap&) override {}
  void report(const EpochReport&) override {}
  void progress(const Progress&) override {}
  void message(const std::string&) override {}
  bool stop_requested() const override { return listener_.stop_requested(); }

 private:
  PhaseListener& listener_;
  fs::path file_;
  bool begun_;
};

// What a finished training left; the objective's state too, where it is given.
void restore(TensorMap tensors, Network& network, Objective* objective = nullptr) {
  Archive archive = Archive::loading(std::move(tensors));
  network_state(network, archive);
  if (objective) {
    objective->state(archive);
    archive.check_all_asked_for();
  }
  network.eval();
}

// A name that a plugin gives, to one thing of a phase.
void take_name(const char* what, const std::string& name, std::set<std::string>& taken) {
  if (!is_plain_name(name)) {
    fail_usage("a ", what, " is called '", name, "'; expected ", kPlainName);
  }
  if (!taken.insert(name).second) {
    fail_usage("a ", what, " is called '", name,
               "', as another of its phase is, or one of the core's own; give it another name");
  }
}

}  // namespace

void refuse_without_held_out(const std::string& who) {
  fail_usage(
      who,
      " judges networks by held-out training images, and none are held out; set dataset.holdout, of the training "
      "images that dataset.train_limit leaves, so that it is at least one (0.05: of 20)");
}

BatchLoader make_loader(const Laboratory& laboratory, const Images& images) {
  return {images, laboratory.data.normalisation, laboratory.precision, laboratory.device};
}

TensorMap network_tensors(const PhaseRecord& phase, const std::string& name) {
  return load_safetensors(phase.folder / file_of(name)).tensors;
}

TrainingTime training_time(const PhaseRecord& record, int64_t images) {
  TrainingTime all{0, record.image_passes};
  for (const auto& [name, training] : record.trainings) {
    all.seconds += training.seconds;
    all.image_passes += training.image_passes.value_or(training.epochs * images);
  }
  return all;
}

NetworkShape shape_of(const PhaseRecord& phase, const NetworkShape& input, double width) {
  const MadeSmaller smaller = phase.made_smaller.value_or(MadeSmaller());
  NetworkShape shape = input.at_scale(smaller.scale * width);
  shape.stem_stride = smaller.stem_stride;
  shape.blocks = smaller.blocks;
  return shape;
}

void load_network(const PhaseRecord& phase, const std::string& name, Network& network) {
  restore(network_tensors(phase, name), network);
}

StoredContext::StoredContext(const Laboratory& laboratory, PhaseListener& listener, PhaseRecord& record,
                             Options options, uint64_t seed, Metadata about, StepMaterial step)
    : laboratory_(laboratory),
      listener_(listener),
      record_(record),
      options_(std::move(options)),
      seed_(seed),
      about_(std::move(about)),
      step_(std::move(step)) {
  if (step_.seeds.empty()) step_.seeds = record_.kind;
  if (step_.weight_seeds.empty()) step_.weight_seeds = step_.seeds;
}
StoredContext::~StoredContext() = default;

TrainingSettings StoredContext::training(const std::string& prefix) const {
  return training_settings(options_, prefix);
}

std::shared_ptr<Network> StoredContext::make_network(const std::string& purpose, const NetworkShape& shape) {
  auto network = (step_.of_student ? laboratory_.student : laboratory_.model).build(shape);
  network->initialise(derive_seed(seed_, step_.weight_seeds + "/" + purpose + "/weights"));
  network->to(laboratory_.device);
  return network;
}

void StoredContext::run_plugin(PluginKind kind, const std::string& name, const std::function<void()>& code) {
  const bool within = runs_plugin_;  // another plugin's code
  if (!within) {
    trainings_ = step_.kinds;
    trainings_.insert(kNetwork);
    series_ = kOwnSeries;
  }
  runs_plugin_ = true;
  try {
    PluginHost::guard(kind, name, code);
  } catch (...) {
    if (!thrown_by_training_) throw;
  }
  runs_plugin_ = within;
  // Where a training threw, that is the cause, whatever the plugin made of it.
  if (thrown_by_training_) PluginHost::guard(kind, name, [&] { std::rethrow_exception(thrown_by_training_); });
}

void StoredContext::remember_what_is_thrown(const std::function<void()>& training) {
  try {
    training();
  } catch (...) {
    if (!thrown_by_training_) thrown_by_training_ = std::current_exception();
    throw;
  }
}

void StoredContext::train(const std::string& name, Network& network, Objective& objective,
                          const TrainingSettings& settings) {
  remember_what_is_thrown([&] {
    if (runs_plugin_) take_name("training", name, trainings_);
    run_training(name, network, objective, settings);
  });
}

void StoredContext::run_training(const std::string& name, Network& network, Objective& objective,
                                 const TrainingSettings& settings) {
  trained_.emplace_back(record_.kind + "/" + name, network.weak_from_this());
  std::optional<StoredTraining> stored;  // the first rank's
  const std::string found = first_does([&] {
    stored.emplace(listener_, record_, name, about_, laboratory_.data.train.count());
    return std::string(stored->finished() ? kFinished : stored->begun() ? kBegun : "");
  });
  if (found == kFinished) {
    restore(stored ? stored->tensors() : network_tensors(record_, name), network, &objective);
  } else {
    const BatchLoader data = make_loader(laboratory_, laboratory_.data.train);
    const BatchLoader held_out = make_loader(laboratory_, laboratory_.data.held_out);
    FollowedTraining followed(listener_, record_.folder / file_of(name), found == kBegun);
    Trainer{data, held_out, settings, derive_seed(seed_, step_.seeds + "/" + name)}.run(
        network, objective, stored ? static_cast<TrainingHost&>(*stored) : followed);
    Archive archive = Archive::saving();
    network_state(network, archive);
    objective.state(archive);
    first_alone([&] { stored->finish(archive.tensors()); });
  }
  add_training(name, stored ? stored->record() : TrainingRecord());
  if (name == kNetwork) note_deployed(network);
}

const PhaseRecord& StoredContext::finished(const std::string& step) const {
  const auto found = step_.finished.find(step);
  SENET_CHECK(found != step_.finished.end(), "phase '", record_.kind, "' asks for the step '", step,
              "', on which it does not stand (Step::on)");
  return found->second;
}

Network& StoredContext::teacher() {
  SENET_CHECK(step_.teacher, "phase '", record_.kind, "' has no teacher");
  return step_.teacher();
}

int64_t StoredContext::budget() const {
  SENET_CHECK(step_.budget, "phase '", record_.kind, "' asks for the budget, which has no part in it (Step::budget)");
  return *step_.budget;
}

const Series& StoredContext::series(const std::string& step) const { return finished(step).series; }

std::string StoredContext::network_of(const PhaseRecord& phase, const std::string& step) const {
  SENET_CHECK(!phase.trainings.empty(), "phase '", record_.kind, "' asks for a network of the step '", step,
              "', which left none");
  return phase.training(kNetwork) ? kNetwork : phase.trainings.back().first;
}

void StoredContext::load_network(const std::string& step, Network& network) {
  const PhaseRecord& phase = finished(step);
  const std::string training = network_of(phase, step);
  senet::load_network(phase, training, network);
  std::vector<std::string> through = phase.deployed;
  if (through.empty()) through.push_back(phase.kind + "/" + training);
  for (const std::string& name : through) trained_.emplace_back(name, network.weak_from_this());
}

std::vector<torch::Tensor> StoredContext::masks(const std::string& step) {
  const auto alone = step_.masks.find(step);
  const bool of_network = alone == step_.masks.end();
  const TensorMap known =
      of_network ? network_tensors(finished(step), network_of(finished(step), step)) : alone->second;
  std::vector<torch::Tensor> masks;
  for (const ReluSite& site : teacher().sites()) {
    const auto found = known.find((of_network ? "mask." : "") + site.name());
    if (found == known.end()) {
      fail_usage("phase '", record_.kind, "': the source '", step, "' has no ReLU site '", site.name(),
                 "', as the model has");
    }
    const SiteShape shape = site.shape();
    if (found->second.sizes() != torch::IntArrayRef(shape)) {
      fail_usage("phase '", record_.kind, "': the source '", step, "' has masks of ", found->second.sizes(),
                 " at ReLU site '", site.name(), "', the model ", torch::IntArrayRef(shape));
    }
    masks.push_back(found->second);
  }
  return masks;
}

std::vector<double> StoredContext::measure(const std::string& sensitivity) {
  SENET_CHECK(step_.plugins, "phase '", record_.kind, "' has no plugins");
  const Options own = options_;
  options_ = options_of_measure(own);
  const auto plugin = step_.plugins->make<Sensitivity>(sensitivity, options_);
  std::vector<double> values;
  run_plugin(PluginKind::sensitivity, sensitivity, [&] { values = plugin->measure(teacher(), *this); });
  options_ = own;
  return values;
}

void StoredContext::record_allocation(const std::vector<int64_t>& relus) { record_.allocated = relus; }
void StoredContext::record_widths(const std::vector<double>& widths) { record_.widths = widths; }

bool StoredContext::has_network() const { return record_.training(kNetwork) != nullptr; }

// A network may be kept under the name of a training.
void StoredContext::add_training(const std::string& name, TrainingRecord training) {
  if (TrainingRecord* known = record_.training(name)) {
    *known = std::move(training);
  } else {
    record_.trainings.emplace_back(name, std::move(training));
  }
  if (!world() || world()->rank() == 0) PhaseStore::add_file(record_, file_of(name));
}

void StoredContext::note_deployed(const Network& network) {
  const std::vector<std::string> names = trainings_of(network);
  if (!names.empty()) record_.deployed = names;
}

std::vector<std::string> StoredContext::trainings_of(const Network& network) const {
  std::vector<std::string> names;
  for (const auto& [name, trained] : trained_) {
    if (trained.lock().get() == &network) names.push_back(name);
  }
  return names;
}

void StoredContext::keep(const std::string& name, Network& network) {
  Archive archive = Archive::saving();
  network_state(network, archive);
  first_alone([&] { StoredTraining(listener_, record_, name, about_, 0).finish(archive.tensors()); });
  TrainingRecord none;
  none.image_passes = 0;
  add_training(name, std::move(none));
  const NetworkShape& shape = network.shape();
  const MadeSmaller smaller{shape.scale, shape.stem_stride, shape.blocks};
  if (smaller.scale != 1 || smaller.stem_stride != 1 || !smaller.blocks.empty()) record_.made_smaller = smaller;
  note_deployed(network);
}

void StoredContext::for_each_batch(Part part, int64_t batch, int64_t images,
                                   const std::function<void(const Batch&)>& body) {
  const Images& all = laboratory_.data.part(part);
  if (all.count() == 0) refuse_without_held_out("phase '" + record_.kind + "'");
  SENET_CHECK(batch > 0 && images >= 0, "batches of ", batch, " of the first ", images,
              " images are asked for; expected at least 1, and at least 0");
  const BatchLoader data = make_loader(laboratory_, all);
  const int64_t count = images > 0 ? std::min(images, data.count()) : data.count();
  BatchStream batches(data, first_indices(count), batch);
  for (int64_t begin = 0; begin < count; begin += batch) {
    stop_where_asked("two batches");
    const Batch next = batches.next();
    body(next);
    record_.image_passes += next.labels.size(0);
  }
}

void StoredContext::stop_where_asked(const char* between) {
  remember_what_is_thrown([&] {
    if (any_rank(listener_.stop_requested()))
      throw Error(text("stopped between ", between, "; the same command goes on with the phase"), Exit::interrupted);
  });
}

Score StoredContext::evaluate(Network& network, Part part, int64_t limit) {
  stop_where_asked("two evaluations");
  const std::vector<std::string> trainings = trainings_of(network);
  if (trainings.empty()) return evaluate(network, part, text("a network of phase '", record_.kind, "'"), limit);
  const std::string &last = trainings.back(), kind = last.substr(0, last.find('/'));
  return evaluate(network, part,
                  text("the network of training '", last.substr(kind.size() + 1), "' of phase '", kind, "'"), limit);
}

Score StoredContext::evaluate(Network& network, Part part, const std::string& weights, int64_t limit) {
  Images images = laboratory_.data.part(part);
  if (images.count() == 0) refuse_without_held_out("phase '" + record_.kind + "'");
  if (images.pixels.defined() && limit > 0 && limit < images.count()) {
    // All of them would go to the GPU.
    images.pixels = images.pixels.narrow(0, 0, limit);
    images.labels = images.labels.narrow(0, 0, limit);
  }
  return senet::evaluate(network, make_loader(laboratory_, images), weights, nullptr, limit);
}

void StoredContext::record(const std::string& name, const std::vector<double>& values) {
  if (runs_plugin_) take_name("series", name, series_);
  for (const double value : values) {
    SENET_CHECK(std::isfinite(value), "phase '", record_.kind, "' records '", name, "' with the value ", value);
  }
  record_.series[name] = values;
}

void StoredContext::record(const std::vector<Candidate>& candidates) {
  for (const Candidate& candidate : candidates) {
    const bool beaten = std::any_of(candidates.begin(), candidates.end(), [&](const Candidate& other) {
      return other.relus <= candidate.relus && other.accuracy >= candidate.accuracy &&
             (other.relus < candidate.relus || other.accuracy > candidate.accuracy);
    });
    record_.candidates.push_back({candidate.name, candidate.relus, candidate.accuracy, !beaten, candidate.chosen});
  }
}

}  // namespace senet
