#include "senet/sensitivity.h"

namespace {

constexpr senet::Option kOptions[] = {
    senet::text_option(
        "per", "\"layer\"",
        "layer: every layer counts the same, and gets an equal number of ReLUs (up to its own); relu: every "
        "ReLU counts the same, and each layer keeps an equal share")
        .one_of("layer relu"),
};

// η_l = 1, or η_l = C·H·W of layer l: what a measured sensitivity is compared with.
class Uniform final : public senet::Sensitivity {
 public:
  explicit Uniform(const senet::Options& options) : per_relu_(options.text("per") == "relu") {}

  std::vector<double> measure(senet::Network& teacher, senet::PhaseContext&) override {
    std::vector<double> eta;
    for (const senet::ReluSite& site : teacher.sites())
      eta.push_back(per_relu_ ? static_cast<double>(site.relus()) : 1.0);
    return eta;
  }

 private:
  bool per_relu_;
};

}  // namespace

SENET_PLUGIN(senet::entry<Uniform>("uniform", "no layer is more sensitive than another", kOptions));
