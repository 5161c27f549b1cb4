#pragma once

#include <torch/types.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "senet/archive.h"

namespace senet {

struct Batch {
  torch::Tensor images;  // N×C×H×W, augmented and normalised, channels-last, in the run's precision
  torch::Tensor labels;  // N, int64
  int pass = 0;          // 0 … Objective::passes() − 1
};

// What is summed over the batches of an epoch (loss, accuracy, D_l, counts): named accumulators on the device, which
// the trainer zeroes at each epoch's start and saves with each checkpoint.
class EpochSums {
 public:
  explicit EpochSums(torch::Device device) : device_(device) {}
  // The accumulator `name`, of zeros when first asked for; float64.
  torch::Tensor& get(const std::string& name, torch::IntArrayRef shape = {});
  // Adds a scalar tensor without waiting for the device.
  void add(const std::string& name, const torch::Tensor& scalar) {
    get(name).add_(scalar.detach().to(torch::kFloat64));
  }
  double value(const std::string& name);  // waits for the device
  void zero();
  void state(Archive& archive);

 private:
  torch::Device device_;
  std::map<std::string, torch::Tensor> sums_;
};

// Named numbers of one epoch: they go to the metrics log (JSON lines, TensorBoard) and to the phase's record.
class Metrics {
 public:
  void scalar(const std::string& name, double value) { scalars_.emplace_back(name, value); }
  void series(const std::string& name, std::vector<double> values) { series_.emplace_back(name, std::move(values)); }
  const std::vector<std::pair<std::string, double>>& scalars() const { return scalars_; }
  const std::vector<std::pair<std::string, std::vector<double>>>& all_series() const { return series_; }

 private:
  std::vector<std::pair<std::string, double>> scalars_;
  std::vector<std::pair<std::string, std::vector<double>>> series_;
};

// A trained parameter and the optimiser's momentum of it (same shape and layout).
struct Parameter {
  std::string name;
  torch::Tensor value;
  torch::Tensor momentum;
};
using Parameters = std::vector<Parameter>;

struct Loss {
  torch::Tensor loss;    // scalar, the mean over the batch; the trainer calls backward()
  torch::Tensor logits;  // N×classes, for the training accuracy
};

struct EpochEnd {
  int64_t epoch;   // the one that ended, from 0
  int64_t epochs;  // of this training
  EpochSums& sums;
  const Parameters& parameters;
  Metrics& metrics;
};

// What a training optimises: all that differs between the teacher, SENet's phases and the baselines. loss() and
// after_update() are plain tensor work that never waits for the device; interval_end() and epoch_end() run on the host.
// Objectives hold the networks they need.
class Objective {
 public:
  virtual ~Objective() = default;

  // Forward passes and losses per step; their gradients are summed before the update.
  virtual int passes() const { return 1; }
  virtual Loss loss(const Batch& batch, EpochSums& sums) = 0;
  // After every update of the parameters, in place.
  virtual void after_update(const Parameters& parameters) { (void)parameters; }
  // On the host, after every `interval()` steps of an epoch but its last; 0: never.
  virtual int64_t interval() const { return 0; }
  virtual void interval_end(EpochSums& sums) { (void)sums; }
  virtual void epoch_end(EpochEnd& end) { (void)end; }
  // Ends the training after the epoch that has just ended, if true.
  virtual bool finished() const { return false; }
  // Everything that the loss depends on beside the network and the parameters' momentum.
  virtual void state(Archive& archive) { (void)archive; }
};

}  // namespace senet
