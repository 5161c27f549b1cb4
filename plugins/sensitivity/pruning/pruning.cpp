#include "senet/error.h"
#include "senet/sensitivity.h"
#include "sparse_momentum.h"

namespace {

constexpr senet::Option kOptions[] = {
    senet::real_option("density", "0.1", "d, the share of all convolution weights that is kept").between(0.001, 0.999),
    senet::real_option("prune_rate", "0.5", "share of a layer's kept weights that an update drops; decays to 0")
        .between(0, 1),
    senet::boolean_option("projection", "false",
                          "take the density of a block's 1×1 shortcut, where it has one, for the ReLU after its "
                          "addition, as the authors' ResNet34 lists look"),
    senet::integer_option("epochs", "240", "passes over the training images").between(1, 1e6).counts_epochs(),
};

// ReLU sensitivity (SENet, section 3; stage 1): η_α,l = 1 − η_θ,l, with the pruning sensitivity η_θ,l = non-zero
// weights / weights of the layer (a convolution, or a fully connected one) that feeds site l, at the end of a training
// that is sparse at density d. With `projection`, a site fed by `<block>.conv2` is measured at `<block>.shortcut.0`
// where there is one.
class Pruning final : public senet::Sensitivity {
 public:
  explicit Pruning(const senet::Options& options)
      : density_(options.real("density")),
        prune_rate_(options.real("prune_rate")),
        projection_(options.boolean("projection")) {}

  void check(const senet::Network& model) const override {
    for (const senet::ReluSite& site : model.sites()) {
      if (site.conv_weight().dim() < 2)
        senet::fail_usage("ReLU site '", site.name(), "' is fed by '", site.conv_name(),
                          "', which is no layer with a matrix of weights: it has no pruning sensitivity; take another "
                          "measure (sensitivity.plugin), or name the layer before it in the model's add_site()");
    }
  }

  std::vector<double> measure(senet::Network&, senet::PhaseContext& context) override {
    const auto network = context.make_network("sparse");
    senet::SparseMomentum objective(*network, density_, prune_rate_, context.seed());
    context.train("sparse", *network, objective, context.training());
    std::vector<double> pruning, relu;
    for (const senet::ReluSite& site : network->sites()) {
      pruning.push_back(objective.density_of(measured_at(site.conv_name(), objective)));
      relu.push_back(1 - pruning.back());
    }
    context.record("pruning_sensitivity", pruning);
    return relu;
  }

 private:
  std::string measured_at(const std::string& conv, const senet::SparseMomentum& objective) const {
    const std::string last = ".conv2", shortcut = ".shortcut.0";
    if (!projection_ || conv.size() < last.size() || conv.substr(conv.size() - last.size()) != last) return conv;
    const std::string projection = conv.substr(0, conv.size() - last.size()) + shortcut;
    return objective.prunes(projection) ? projection : conv;
  }

  double density_, prune_rate_;
  bool projection_;
};

}  // namespace

SENET_PLUGIN(senet::entry<Pruning>("pruning", "SENet's: how few weights a layer keeps in sparse training", kOptions));
