#include "senet/ranked.h"

namespace {

// How many images an element is negative for: where a ReLU does something.
class Activation final : public senet::SummedScore {
 public:
  Needs needs() const override { return Needs::activations; }
  torch::Tensor of_batch(const senet::SitePass& pass) override { return pass.x.lt(0).sum(0); }
};

}  // namespace

SENET_PLUGIN(senet::ranked_entry<Activation>("activation", "keeps the ReLUs whose input is negative most often"));
