#pragma once

#include "senet/ranked.h"

namespace senet {

// How many images an element is negative for: where a ReLU does something.
class NegativeInputs final : public SummedScore {
 public:
  Needs needs() const override { return Needs::activations; }
  torch::Tensor of_batch(const SitePass& pass) override { return pass.x.lt(0).sum(0); }
};

}  // namespace senet
