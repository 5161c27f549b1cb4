#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "data/batches.h"
#include "data/splits.h"
#include "phase/store.h"
#include "plugin/host.h"
#include "senet/method.h"
#include "storage/safetensors.h"
#include "train/trainer.h"

namespace senet {

// The network of an experiment cell.
struct CellModel {
  std::function<std::shared_ptr<Network>(const NetworkShape&)> build;  // all ReLUs in place, weights not yet drawn
  int64_t relus = 0;                                                   // with a ReLU at every site
  std::vector<std::string> not_counted;                                // NetworkCounts::not_counted
};

// What all phases of one experiment cell share.
struct Laboratory {
  DataSplits data;
  CellModel model, student;  // of the teacher; of the networks that methods make
  torch::Device device = torch::kCPU;
  torch::ScalarType precision = torch::kFloat32;
};

// What happens while a phase runs, for whoever shows it.
class PhaseListener {
 public:
  virtual ~PhaseListener() = default;
  virtual void message(const std::string& text) = 0;
  virtual void progress(const std::string& phase, const Progress& progress) = 0;
  virtual void epoch(const std::string& phase, const EpochReport& report) = 0;
  virtual bool stop_requested() const = 0;
};

// What a phase of a method's step has beside its inputs.
struct StepMaterial {
  std::string seeds, weight_seeds;  // Step's
  bool of_student = false;          // networks have the student's model options
  std::function<Network&()> teacher;
  std::optional<int64_t> budget;
  std::map<std::string, PhaseRecord> finished;  // the steps that it may read, by name, and its sources
  // Of sources that are masks alone: by site.
  std::map<std::string, TensorMap> masks;
  std::set<std::string> kinds;  // of all the method's steps: no training of a plugin has such a name
  const PluginHost* plugins = nullptr;
};

// What a phase's code is given: its trainings are kept in the phase's folder.
class StoredContext final : public StepContext {
 public:
  // record: of the running phase. about: what every file of weights says of itself (model, data set, budget, …).
  StoredContext(const Laboratory& laboratory, PhaseListener& listener, PhaseRecord& record, Options options,
                uint64_t seed, Metadata about = {}, StepMaterial step = {});
  ~StoredContext() override;

  const Options& options() const override { return options_; }
  TrainingSettings training(const std::string& prefix = "") const override;
  uint64_t seed() const override { return seed_; }
  torch::Device device() const override { return laboratory_.device; }
  int64_t classes() const override { return laboratory_.data.classes; }
  NetworkShape shape() const override { return laboratory_.data.input; }
  using PhaseContext::make_network;
  std::shared_ptr<Network> make_network(const std::string& purpose, const NetworkShape& shape) override;
  void train(const std::string& name, Network& network, Objective& objective,
             const TrainingSettings& settings) override;
  Network& teacher() override;
  int64_t budget() const override;
  const Series& series(const std::string& step) const override;
  void load_network(const std::string& step, Network& network) override;
  std::vector<torch::Tensor> masks(const std::string& step) override;
  std::vector<double> measure(const std::string& sensitivity) override;
  void record_allocation(const std::vector<int64_t>& relus) override;
  void record_widths(const std::vector<double>& widths) override;
  // Runs a plugin's code: it gives the names of trainings and series, and whatever one of its trainings threw comes
  // out, though the code caught it.
  void run_plugin(PluginKind kind, const std::string& name, const std::function<void()>& code);
  // Whether there is a network under kNetwork.
  bool has_network() const;
  // Stores a network that was trained elsewhere, as if a training of that name had made it.
  void keep(const std::string& name, Network& network);
  void for_each_batch(Part part, int64_t batch, int64_t images, const std::function<void(const Batch&)>& body) override;
  using PhaseContext::evaluate;
  Score evaluate(Network& network, Part part, int64_t limit) override;
  // `weights`: what an error calls the network.
  Score evaluate(Network& network, Part part, const std::string& weights, int64_t limit = 0);
  void record(const std::string& name, const std::vector<double>& values) override;
  void record(const std::vector<Candidate>& candidates) override;

 private:
  void stop_where_asked(const char* between);
  void run_training(const std::string& name, Network& network, Objective& objective, const TrainingSettings& settings);
  void add_training(const std::string& name, TrainingRecord training);
  const PhaseRecord& finished(const std::string& step) const;
  // The training that left its network.
  std::string network_of(const PhaseRecord& phase, const std::string& step) const;
  std::vector<std::string> trainings_of(const Network& network) const;
  // In the record: those of the network that is kept.
  void note_deployed(const Network& network);
  void remember_what_is_thrown(const std::function<void()>& training);

  const Laboratory& laboratory_;
  PhaseListener& listener_;
  PhaseRecord& record_;
  Options options_;
  uint64_t seed_;
  Metadata about_;
  StepMaterial step_;
  bool runs_plugin_ = false;
  std::set<std::string> trainings_, series_;  // the names that are taken
  std::exception_ptr thrown_by_training_;
  // The trainings that a network went through, those of earlier steps as "<kind>/<name>"; weak, as another network may
  // come to lie where one was.
  std::vector<std::pair<std::string, std::weak_ptr<torch::nn::Module>>> trained_;
};

// What a phase's trainings took; its passes without an update are among the image passes. `images`: those of an epoch,
// for a record that does not say how many passes there were.
struct TrainingTime {
  double seconds = 0;
  int64_t image_passes = 0;
};
TrainingTime training_time(const PhaseRecord& record, int64_t images);

// The shape of the network that a phase keeps: `input`, made as small as the phase's record says; at one of its widths.
NetworkShape shape_of(const PhaseRecord& phase, const NetworkShape& input, double width = 1);

// Throws (exit code 2): `who` would judge by held-out images, and there are none.
[[noreturn]] void refuse_without_held_out(const std::string& who);

// Of images of its data.
BatchLoader make_loader(const Laboratory& laboratory, const Images& images);

// The network that training `name` of a finished phase left: weights, buffers and masks, as tensors or read into it.
TensorMap network_tensors(const PhaseRecord& phase, const std::string& name);
void load_network(const PhaseRecord& phase, const std::string& name, Network& network);

}  // namespace senet
