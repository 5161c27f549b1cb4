#include <torch/types.h>
#include <torch/utils.h>

#include "senet/distilled.h"
#include "senet/method.h"

namespace {

using senet::Network;
using senet::PhaseContext;

// Keeps every ReLU, whatever the budget.
class TooMany final : public senet::Baseline {
 public:
  std::shared_ptr<Network> linearise(Network&, int64_t, PhaseContext& context) override {
    return context.make_network("all");
  }
};

template <class Own>
std::shared_ptr<Network> with_activations(PhaseContext& context) {
  auto network = context.make_network("own");
  for (const senet::ReluSite& site : network->sites())
    network->set_activation(site, std::make_shared<Own>(site.shape()));
  return network;
}

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
  std::shared_ptr<Network> linearise(Network&, int64_t, PhaseContext& context) override {
    return with_activations<HalfRelu>(context);
  }
};

// Says that it is the core's.
class Bounded final : public senet::Activation {
 public:
  explicit Bounded(senet::SiteShape shape) : shape_(shape) {}
  torch::Tensor forward(const torch::Tensor& x) override { return x.clamp(0, 6); }
  torch::Tensor mask() const override { return torch::ones(torch::IntArrayRef(shape_), torch::kUInt8); }
  bool is_core() const override { return true; }

 private:
  senet::SiteShape shape_;
};

class Relu6 final : public senet::Baseline {
 public:
  std::shared_ptr<Network> linearise(Network&, int64_t, PhaseContext& context) override {
    return with_activations<Bounded>(context);
  }
};

// Judges a candidate whose finite weights give logits that are not.
class Overflowing final : public senet::Baseline {
 public:
  std::shared_ptr<Network> linearise(Network& teacher, int64_t, PhaseContext& context) override {
    auto network = context.make_network("own");
    senet::Distilled objective(teacher, *network, {});
    senet::TrainingSettings training = context.training();
    training.epochs = 1;
    context.train("candidate", *network, objective, training);
    const torch::NoGradGuard no_gradient;
    for (torch::Tensor& parameter : network->parameters()) parameter.fill_(1e30);
    context.evaluate(*network, senet::Part::held_out);
    return network;
  }
};

class Nothing final : public senet::Baseline {
 public:
  std::shared_ptr<Network> linearise(Network&, int64_t, PhaseContext&) override { return nullptr; }
};

}  // namespace

SENET_PLUGIN(senet::entry<TooMany>("too_many", "keeps every ReLU"),
             senet::entry<Unfrozen>("unfrozen", "leaves activations of its own"),
             senet::entry<Relu6>("relu6", "keeps ReLUs with an upper bound"),
             senet::entry<Overflowing>("overflowing", "judges a network that overflows"),
             senet::entry<Nothing>("nothing", "gives no network"));
