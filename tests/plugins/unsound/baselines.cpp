#include <torch/types.h>

#include "senet/baseline.h"

namespace {

using senet::Experiment;
using senet::Network;

// Keeps every ReLU, whatever the budget.
class TooMany final : public senet::Baseline {
 public:
  std::shared_ptr<Network> linearise(Network&, int64_t, Experiment& experiment) override {
    return experiment.make_network("all");
  }
};

class HalfRelu final : public senet::Activation {
 public:
  explicit HalfRelu(senet::SiteShape shape) : shape_(shape) {}
  torch::Tensor forward(const torch::Tensor& x) override { return x.clamp_min(0) / 2 + x / 2; }
  torch::Tensor mask() const override { return torch::zeros(torch::IntArrayRef(shape_), torch::kUInt8); }

 private:
  senet::SiteShape shape_;
};

// Says that it keeps none, and evaluates with something else.
class Unfrozen final : public senet::Baseline {
 public:
  std::shared_ptr<Network> linearise(Network&, int64_t, Experiment& experiment) override {
    auto network = experiment.make_network("own");
    for (const senet::ReluSite& site : network->sites()) {
      network->set_activation(site, std::make_shared<HalfRelu>(site.shape()));
    }
    return network;
  }
};

class Nothing final : public senet::Baseline {
 public:
  std::shared_ptr<Network> linearise(Network&, int64_t, Experiment&) override { return nullptr; }
};

}  // namespace

SENET_PLUGIN(senet::entry<TooMany>("too_many", "keeps every ReLU"),
             senet::entry<Unfrozen>("unfrozen", "leaves activations of its own"),
             senet::entry<Nothing>("nothing", "gives no network"));
