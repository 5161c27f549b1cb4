#pragma once

#include "results/result.h"

namespace senet {

// What a result is charged for beside what its network computes.

// Of image passes of a kind (ResultPhase::image_passes, …), those of the method: the teacher's are nobody's. Nothing
// where a phase does not say it.
std::optional<int64_t> method_passes(const Result& result, std::optional<int64_t> ResultPhase::*of_phase);

// How many networks the method judged: what it says, or else its candidates. Nothing where it chose among none.
std::optional<int64_t> trials_of(const Result& result);

}  // namespace senet
