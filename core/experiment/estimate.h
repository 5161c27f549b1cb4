#pragma once

#include "experiment/plan.h"

namespace senet {

// How long the training step of a network takes on this machine now, in seconds an image: measured, not guessed.
struct StepCost {
  double forward;  // evaluation without gradients
  double train;    // forward and backward pass and update, all ReLUs in place
};

// Runs a few batches of `batch` images of the laboratory's training set (about a second) on a network that is thrown
// away.
StepCost measure_step(const Laboratory& laboratory, int64_t batch);

// Images that a phase's trainings take through the network, and the seconds this takes. Phases whose options name no
// epochs (evaluation, a measure that does not train) count no images and only their evaluation's time.
struct Work {
  int64_t images = 0;
  double seconds = 0;
};
Work estimate(const std::string& phase, const Options& options, const Laboratory& laboratory, const StepCost& cost);

}  // namespace senet
