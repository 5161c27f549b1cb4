#include "phase/phase_base.h"

#include "train/training_settings.h"

namespace senet {

Json base_inputs(const PhaseBase& base, const Options& options) {
  return {{"data", base.data},
          {"model", base.model},
          {"precision", base.precision},
          {"seed", base.seed},
          {"options", changed_options(options)}};
}

}  // namespace senet
