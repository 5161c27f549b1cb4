#pragma once

#include <torch/types.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "senet/archive.h"
#include "senet/recorded.h"

namespace senet {

struct Batch {
  torch::Tensor images;        // N×C×H×W, augmented and normalised, channels-last, in the run's precision
  torch::Tensor labels;        // N, int64
  int pass = 0;                // 0 … Objective::passes() − 1
  torch::Tensor indices = {};  // N, int64: of the images, in the training or held-out images; where the labels are
  torch::Tensor step = {};  // int64 scalar there: how many steps of the training were before; undefined outside of one
};

// Sums over the batches of an epoch (loss, accuracy, D_l, counts), each by its name, on the device. The trainer zeroes
// them at each epoch's start and saves them with each checkpoint. A scalar sum appears among the epoch's metrics, over
// the number of the epoch's images, unless the objective gives a metric of its name. Where batches are cut into shards
// (training.shards), loss() adds what its shard gives; interval_end() and epoch_end() see the sums over all.
class EpochSums {
 public:
  explicit EpochSums(torch::Device device) : device_(device) {}
  // The sum `name`, float64; it is made of zeros when it is first asked for.
  torch::Tensor& get(const std::string& name, torch::IntArrayRef shape = {});
  // Adds a scalar tensor without waiting for the device.
  void add(const std::string& name, const torch::Tensor& scalar) {
    get(name).add_(scalar.detach().to(torch::kFloat64));
  }
  double value(const std::string& name);  // waits for the device
  std::vector<std::string> scalars() const;
  void zero();
  void state(Archive& archive);
  // The trainer's, around what sees the sums: of all shards from then on; and of one shard each again, the first's
  // holding what there was.
  void join();
  void part();

 private:
  torch::Device device_;
  std::map<std::string, torch::Tensor> sums_;
};

// The mean over the images of a batch, given that over a shard's `images` of them; without shards the same tensor. For
// what a method averages over a batch by itself, within Objective::loss(): gradients do not pass through it.
torch::Tensor mean_over_shards(const torch::Tensor& mean_of_shard, int64_t images);

// Named numbers of one epoch. They go to the metrics log (JSON lines, TensorBoard) and to the phase's record.
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

// A trained parameter and the optimiser's momentum of it, of the same shape and layout.
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
  int64_t images = 0, steps = 0;  // of an epoch
};

// What a training optimises: all that differs between the teacher's training, SENet's and the baselines'. loss() and
// after_update() are tensor work that never waits for the device; interval_end() and epoch_end() run on the host. An
// objective holds the networks that it needs.
class Objective {
 public:
  virtual ~Objective() = default;

  // Forward passes with a loss in each step; their gradients are summed before the update.
  virtual int passes() const { return 1; }
  virtual Loss loss(const Batch& batch, EpochSums& sums) = 0;
  // Changes parameters in place after every update of them.
  virtual void after_update(const Parameters& /*parameters*/) {}
  // interval_end() is called after every `interval()` steps: of an epoch, but not after its last one; or, where
  // interval_spans_epochs(), of the training. 0: never.
  virtual int64_t interval() const { return 0; }
  virtual bool interval_spans_epochs() const { return false; }
  virtual void interval_end(EpochSums& /*sums*/) {}
  virtual void epoch_end(EpochEnd& /*end*/) {}
  // Asked after interval_end() and after epoch_end(): whether it may have put other tensors or activations where loss()
  // and after_update() find theirs, or changed a number of the host that they read. A step that a GPU recorded is then
  // recorded anew. One that only changes tensors in place says no.
  virtual bool work_changed() const { return true; }
  // Whether the network as it is may be the one that TrainingSettings::best_epoch keeps: it meets its budget.
  virtual bool may_be_kept() const { return true; }
  // Whether the training ends with the epoch that has just ended.
  virtual bool finished() const { return false; }
  // Everything that the loss depends on beside the network and the parameters' momentum.
  virtual void state(Archive& /*archive*/) {}
};

}  // namespace senet
