#pragma once

#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "data/batches.h"
#include "data/splits.h"
#include "phase/store.h"
#include "plugin/host.h"
#include "senet/phase_context.h"
#include "storage/safetensors.h"
#include "train/trainer.h"

namespace senet {

// What all phases of one experiment cell share.
struct Laboratory {
  DataSplits data;
  NetworkShape input;
  int64_t relus = 0;                                                   // of the model, with a ReLU at every site
  std::vector<std::string> not_counted;                                // NetworkCounts::not_counted, of the model
  std::function<std::shared_ptr<Network>(const NetworkShape&)> build;  // all ReLUs in place, weights not yet drawn
  torch::Device device = torch::kCPU;
  torch::ScalarType precision = torch::kFloat32;
  std::function<void(const std::string& phase, const std::string& training, const Progress&)> on_progress;
  std::function<void(const std::string& phase, const std::string& training, const EpochReport&)> on_epoch;
  std::function<void(const std::string& text)> on_message;
  std::function<bool()> stop_requested;
};

// The PhaseContext that a phase's code is given: its trainings are kept in the phase's folder.
class StoredContext final : public PhaseContext {
 public:
  // about: what every file of weights says of itself (model, data set, budget, …).
  StoredContext(const Laboratory& laboratory, std::string phase, std::filesystem::path folder, Json& record,
                Options options, uint64_t seed, Metadata about = {});
  ~StoredContext() override;

  const Options& options() const override { return options_; }
  TrainingSettings training() const override;
  uint64_t seed() const override { return seed_; }
  torch::Device device() const override { return laboratory_.device; }
  int64_t classes() const override { return laboratory_.data.classes; }
  NetworkShape shape() const override { return laboratory_.input; }
  using PhaseContext::make_network;
  std::shared_ptr<Network> make_network(const std::string& purpose, const NetworkShape& shape) override;
  void train(const std::string& name, Network& network, Objective& objective,
             const TrainingSettings& settings) override;
  void train_for_all_budgets(const std::string& name, Network& network, Objective& objective,
                             const TrainingSettings& settings) override;
  // How train_for_all_budgets runs a training as a phase of its own, and gives that phase when it is finished. Without
  // it, there are no budgets: it trains as train() does.
  using SharedTraining =
      std::function<PhaseRecord(const std::string& name, const std::function<void(StoredContext&)>& train)>;
  void share_trainings(SharedTraining shared) { shared_ = std::move(shared); }
  // Runs a plugin's code: it gives the names of trainings and series, and whatever one of its trainings threw comes
  // out, though the code caught it.
  void run_plugin(PluginKind kind, const std::string& name, const std::function<void()>& code);
  // The trainings whose network is this very object, in the order in which they ran.
  std::vector<std::string> trainings_of(const Network& network) const;
  // Stores a network that was trained elsewhere, as if a training of that name had made it.
  void keep(const std::string& name, Network& network);
  Score evaluate(Network& network, Part part) override;
  // `weights`: what an error calls the network.
  Score evaluate(Network& network, Part part, const std::string& weights);
  void record(const std::string& name, const std::vector<double>& values) override;
  void record(const std::vector<Candidate>& candidates) override;

 private:
  void run_training(const std::string& name, Network& network, Objective& objective, const TrainingSettings& settings);
  void remember_what_is_thrown(const std::function<void()>& training);

  const Laboratory& laboratory_;
  std::string phase_;
  std::filesystem::path folder_;
  Json& record_;
  Options options_;
  uint64_t seed_;
  Metadata about_;
  SharedTraining shared_;
  bool runs_plugin_ = false;
  std::set<std::string> trainings_, series_;  // the names that are taken
  std::exception_ptr thrown_by_training_;
  // Names of trainings and their networks; weak, as another network may come to lie where one was.
  std::vector<std::pair<std::string, std::weak_ptr<torch::nn::Module>>> trained_;
};

// What a phase's trainings took, shared ones left out. `images`: those of an epoch, for a record that does not say how
// many passes there were.
struct TrainingTime {
  int64_t epochs = 0;
  double seconds = 0;
  int64_t image_passes = 0;
};
TrainingTime training_time(const Json& record, int64_t images);

// The shape of the network that a phase keeps: `input`, made as small as the phase's record says; at one of its widths.
NetworkShape shape_of(const PhaseRecord& phase, const NetworkShape& input, double width = 1);

// Of images of its data.
BatchLoader make_loader(const Laboratory& laboratory, const Images& images);

// The network that training `name` of a finished phase left: weights, buffers and masks, as tensors or read into it.
TensorMap network_tensors(const PhaseRecord& phase, const std::string& name);
void load_network(const PhaseRecord& phase, const std::string& name, Network& network);

}  // namespace senet
