#pragma once

#include "device/device.h"
#include "senet/objective.h"
#include "train/optimizer.h"

namespace senet {

// One update of the parameters: the loss of `batch` and its gradients, summed over the objective's passes, then the
// optimiser's step. Adds to the sums `loss` (over the images), `correct` and `finite_losses` (passes).
void train_step(Objective& objective, Batch batch, Optimizer& optimizer, double lr, EpochSums& sums);

// The same, step after step. On a GPU a step of the usual batch size is recorded as one graph and replayed. The first
// steps of a training are not recorded, since gradients and libraries' handles are made in them; nor is the first step
// after changed().
class Steps {
 public:
  Steps(Objective& objective, Optimizer& optimizer, EpochSums& sums, int64_t batch, torch::Device device);
  // number: how many steps of the training were before.
  void run(Batch batch, double lr, int64_t number);
  // To be called when other tensors may stand where the objective's stood: masks, networks, its numbers.
  void changed();

 private:
  static constexpr int kWarmUp = 3;

  Objective& objective_;
  Optimizer& optimizer_;
  EpochSums& sums_;
  int64_t batch_;
  bool on_gpu_;
  torch::Tensor number_;       // Batch::step
  int as_they_are_ = kWarmUp;  // so many more of the usual size
  Batch recorded_;             // what the graph reads
  DeviceGraph graph_;
  RunAhead run_ahead_;
};

}  // namespace senet
