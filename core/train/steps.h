#pragma once

#include "device/device.h"
#include "senet/objective.h"
#include "train/optimizer.h"

namespace senet {

// One update of the parameters: the loss of `batch` and its gradients, summed over the objective's passes, then the
// optimiser's step. Adds to the sums `loss` (over the images), `correct` and `finite_losses` (passes). Where the batch
// is cut into shards, `batch` is this process's and `share` its part of the images; the gradients are those of the
// whole.
void train_step(Objective& objective, Batch batch, Optimizer& optimizer, double lr, EpochSums& sums, double share = 1);

// The same, step after step. A step of the usual batch size is recorded in the graph, where there is one
// (step_graph()), and replayed, unless shards meet in it. The first steps of a training are not recorded, since
// gradients and libraries' handles are made in them; nor is the first step after changed(). Where recording fails,
// `say` is told once, and steps run as without a graph.
class Steps {
 public:
  using Say = std::function<void(const std::string& text)>;
  Steps(
      Objective& objective, Optimizer& optimizer, EpochSums& sums, int64_t batch, torch::Device device,
      std::unique_ptr<WorkGraph> graph, Say say = [](const std::string&) {});
  // number: how many steps of the training were before. share: as train_step()'s.
  void run(Batch batch, double lr, int64_t number, double share = 1);
  // Until the device has done all of them.
  void wait();
  // To be called when other tensors may stand where the objective's stood: masks, networks, its numbers.
  void changed();

 private:
  static constexpr int kWarmUp = 3;

  bool record();

  Objective& objective_;
  Optimizer& optimizer_;
  EpochSums& sums_;
  int64_t batch_;
  torch::Tensor number_;       // Batch::step
  int as_they_are_ = kWarmUp;  // so many more of the usual size
  Batch recorded_;             // what the graph reads
  std::unique_ptr<WorkGraph> graph_;
  Say say_;
  RunAhead run_ahead_;
};

}  // namespace senet
