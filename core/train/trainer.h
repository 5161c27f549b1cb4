#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "data/batches.h"
#include "device/device.h"
#include "senet/network.h"
#include "senet/phase_context.h"
#include "train/network_state.h"

namespace senet {

struct Progress {
  int64_t epoch, epochs;  // epoch: the running one, from 0
  int64_t step, steps;    // of this epoch; step: finished ones
  double images_per_second;
  double seconds_left;  // of this training
};

struct EpochReport {
  int64_t epoch;
  double loss, accuracy;  // over the training images as they were trained on
  double lr;
  double seconds;
  double images_per_second;
  double data_wait;  // share of the time spent waiting for images
  std::optional<Score> held_out;
  const Metrics* metrics;
};

// Keeps a trainer's checkpoints and receives its reports.
class TrainingHost {
 public:
  virtual ~TrainingHost() = default;
  virtual std::optional<TensorMap> restore() = 0;
  virtual void save(const TensorMap& state) = 0;
  virtual void report(const EpochReport& report) = 0;
  virtual void progress(const Progress& progress) = 0;
  virtual void message(const std::string& /*text*/) {}
  // Asked after every step: to stop at a checkpoint (Ctrl-C).
  virtual bool stop_requested() const = 0;
};

// The one training loop. It owns data order, augmentation, precision, the optimiser's step, the schedule, checkpoints,
// progress and metrics; the objective owns the rest. A restored training goes on at its checkpoint's step, with the
// same bits as if it had never stopped.
struct Trainer {
  const BatchLoader& data;
  const BatchLoader& held_out;  // scored after each epoch, when it has images
  TrainingSettings settings;
  uint64_t seed;
  std::function<std::unique_ptr<WorkGraph>(bool on_gpu)> graph = step_graph;  // of each training

  // Throws Error (Exit::interrupted) after a checkpoint when a stop is requested, and Error when the loss is not
  // finite: the last checkpoint is then from before.
  void run(Network& network, Objective& objective, TrainingHost& host) const;
};

// Accuracy and mean cross entropy in eval mode, without augmentation; `logits` (N×classes, float32) is optional. The
// network's mode is restored. Throws, naming `weights` (what an error calls the network), where a logit or the loss is
// not finite.
Score evaluate(Network& network, const BatchLoader& data, const std::string& weights, torch::Tensor* logits = nullptr,
               int64_t limit = 0);

}  // namespace senet
