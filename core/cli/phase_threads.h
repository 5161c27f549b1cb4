#pragma once

#include "experiment/runner.h"

namespace senet {

// With how many threads each phase of a run computes that no number was asked for: as many as there are processors
// that other processes leave free when the phase begins. A thread that has no processor keeps all others waiting in
// each of the many parallel loops of a step: beside one busy process two threads on two processors take three to six
// times as long as undisturbed ones, one thread little longer than two. (To let threads sleep while they wait,
// OMP_WAIT_POLICY=passive, makes undisturbed ones slower, by more than half.) A phase that has begun goes on with the
// number that it began with, as its bits depend on it.
class PhaseThreads {
 public:
  // At most `most` of the processors that the process may run on.
  PhaseThreads(std::filesystem::path runs, int processors, int most)
      : store_(std::move(runs)), processors_(processors), most_(most) {}

  // Sets the number for a phase that is about to run. Returns what there is to say of it, or nothing.
  std::string set_for(const PhaseInputs& phase);
  // Sets the number with which a phase would begin now, for what times its steps.
  void set_for_timing() const;

 private:
  // 0: the phase has not begun, or does not say.
  int begun_with(const PhaseInputs& phase) const;
  int free_now() const;

  PhaseStore store_;
  int processors_, most_;
  int now_ = 0;  // 0: nothing was set yet
};

}  // namespace senet
