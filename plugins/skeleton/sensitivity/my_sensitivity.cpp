#include <senet/sensitivity.h>
#include <torch/types.h>

#include <cmath>

namespace {

constexpr senet::Option kOptions[] = {
    senet::real_option("power", "1", "p: layers that differ in their weights differ the more, the larger it is")
        .between(0, 10),
};

// η_l = (mean |w|)^p, w the weights of the convolution that feeds ReLU site l.
class MySensitivity final : public senet::Sensitivity {
 public:
  explicit MySensitivity(const senet::Options& options) : power_(options.real("power")) {}

  std::vector<double> measure(senet::Network& teacher, senet::PhaseContext&) override {
    std::vector<double> eta;
    for (const senet::ReluSite& site : teacher.sites()) {
      eta.push_back(std::pow(site.conv_weight().abs().mean().item<double>(), power_));
    }
    return eta;
  }

 private:
  double power_;
};

}  // namespace

SENET_PLUGIN(senet::entry<MySensitivity>("my_sensitivity", "mean |weight| of the convolution before each ReLU",
                                         kOptions));
