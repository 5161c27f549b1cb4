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

// The epochs that a phase's options name: the sum of those that count epochs.
double epochs_of(const Options& options);

// Images that a phase's trainings take through the network, at most, and the seconds this takes.
struct Work {
  double images = 0;
  double seconds = 0;
};
// Of so many epochs, in expectation. `width`: the sum of the widths that a network is trained at; a step at width s
// counts as s of a full one (it has s² of its multiplications, and s of its memory traffic).
Work training_work(double epochs, const Laboratory& laboratory, const StepCost& cost, double width, bool with_teacher);
// An evaluation counts no images.
Work evaluation_work(const Laboratory& laboratory, const StepCost& cost);

}  // namespace senet
