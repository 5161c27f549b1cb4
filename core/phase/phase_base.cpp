#include "phase/phase_base.h"

#include "train/training_settings.h"

namespace senet {

Json base_inputs(const PhaseBase& base, const Options& options) {
  Json inputs = {{"data", base.data},
                 {"model", base.model},
                 {"precision", base.precision},
                 {"seed", base.seed},
                 {"options", changed_options(options)}};
  if (base.shards != 1) inputs["shards"] = base.shards;  // a whole batch stands in no key
  return inputs;
}

}  // namespace senet
