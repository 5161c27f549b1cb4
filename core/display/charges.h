#pragma once

#include "results/result.h"

namespace senet {

// What a result is charged for beside what its network computes.

// The image passes of one kind (ResultPhase::image_passes, …) of the method's phases; the teacher's are not counted.
// Nothing where a phase does not say it.
std::optional<int64_t> method_passes(const Result& result, std::optional<int64_t> ResultPhase::*of_phase);

// How many networks the method judged: what it says, or else its candidates. Nothing where it chose among none.
std::optional<int64_t> trials_of(const Result& result);

}  // namespace senet
