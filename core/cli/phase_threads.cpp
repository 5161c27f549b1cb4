#include "cli/phase_threads.h"

#include <algorithm>

#include "cli/threads.h"
#include "experiment/environment.h"

namespace senet {

std::string PhaseThreads::set_for(const PhaseInputs& phase) {
  if (phase.kind == "evaluation" && now_ > 0) return "";
  const int begun = begun_with(phase);
  const int wanted = begun > 0 ? begun : free_now();
  const int before = now_ > 0 ? now_ : most_;
  if (wanted != now_) now_ = set_threads(wanted);
  if (now_ == before) return "";
  const std::string threads = text(now_, now_ == 1 ? " thread" : " threads");
  if (begun > 0) return text("it goes on with ", threads, ", as it began");
  if (now_ == most_) return text("processors are free again: ", threads);
  return text("other processes keep processors busy: ", threads, " until it ends (--threads N asks for a number)");
}

void PhaseThreads::set_for_timing() const { set_threads(free_now()); }

int PhaseThreads::free_now() const { return std::min(most_, free_processors(processors_).value_or(most_)); }

int PhaseThreads::begun_with(const PhaseInputs& phase) const try {
  const std::vector<Environment> begun = environments_of_begun(store_.folder(phase.kind, phase.key()));
  return begun.empty() ? 0 : static_cast<int>(begun.back().threads);
} catch (const std::exception&) {
  return 0;
}

}  // namespace senet
