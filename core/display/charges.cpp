#include "display/charges.h"

#include <cmath>

namespace senet {

std::optional<int64_t> method_passes(const Result& result, std::optional<int64_t> ResultPhase::*of_phase) {
  int64_t passes = 0;
  for (const ResultPhase& phase : result.phases) {
    // A phase that looked at no image has no passes of any kind.
    if (&phase == result.teacher_phase() || phase.image_passes == 0) continue;
    if (!(phase.*of_phase)) return std::nullopt;
    passes += *(phase.*of_phase);
  }
  return passes;
}

std::optional<int64_t> trials_of(const Result& result) {
  const auto said = result.series.find("trials");
  if (said != result.series.end() && said->second.size() == 1) return std::llround(said->second[0]);
  if (result.candidates.empty()) return std::nullopt;
  return static_cast<int64_t>(result.candidates.size());
}

}  // namespace senet
