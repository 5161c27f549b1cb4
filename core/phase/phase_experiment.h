#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "data/batches.h"
#include "data/splits.h"
#include "phase/store.h"
#include "senet/experiment.h"
#include "storage/safetensors.h"
#include "train/trainer.h"

namespace senet {

// What all phases of one experiment cell share.
struct Laboratory {
  DataSplits data;
  NetworkShape input;
  int64_t relus = 0;                                                   // of the model, with a ReLU at every site
  std::function<std::shared_ptr<Network>(const NetworkShape&)> build;  // all ReLUs in place, weights not yet drawn
  torch::Device device = torch::kCPU;
  torch::ScalarType precision = torch::kFloat32;
  std::function<void(const std::string& phase, const std::string& training, const Progress&)> on_progress;
  std::function<void(const std::string& phase, const std::string& training, const EpochReport&)> on_epoch;
  std::function<void(const std::string& text)> on_message;
  std::function<bool()> stop_requested;
};

// The Experiment that a phase's code is given: its trainings are kept in the phase's folder.
class PhaseExperiment final : public Experiment {
 public:
  // about: what every file of weights says of itself (model, data set, budget, …).
  PhaseExperiment(const Laboratory& laboratory, std::string phase, std::filesystem::path folder, Json& record,
                  Options options, uint64_t seed, Metadata about = {});
  ~PhaseExperiment() override;

  const Options& options() const override { return options_; }
  TrainingSettings training() const override;
  uint64_t seed() const override { return seed_; }
  torch::Device device() const override { return laboratory_.device; }
  int64_t classes() const override { return laboratory_.data.classes; }
  std::shared_ptr<Network> make_network(const std::string& purpose) override { return make_network(purpose, 1); }
  std::shared_ptr<Network> make_network(const std::string& purpose, double scale);
  void train(const std::string& name, Network& network, Objective& objective,
             const TrainingSettings& settings) override;
  // Stores a network that was trained elsewhere, as if a training of that name had made it.
  void keep(const std::string& name, Network& network);
  Score evaluate(Network& network, Part part) override;
  void record(const std::string& name, const std::vector<double>& values) override;

 private:
  const Laboratory& laboratory_;
  std::string phase_;
  std::filesystem::path folder_;
  Json& record_;
  Options options_;
  uint64_t seed_;
  Metadata about_;
};

BatchLoader make_loader(const Laboratory& laboratory, Part part);

// The network that training `name` of a finished phase left: weights, buffers and masks, as tensors or read into it.
TensorMap network_tensors(const PhaseRecord& phase, const std::string& name);
void load_network(const PhaseRecord& phase, const std::string& name, Network& network);

}  // namespace senet
