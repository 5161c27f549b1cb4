#include "autorep.h"

#include <torch/types.h>

#include "senet/method.h"

namespace {

using namespace senet;

constexpr Option kOwn[] = {
    integer_option("degree", "2", "of the polynomial").between(1, 2),
    text_option("fit", "\"released\"", "the least-squares fit, or what the public code makes of it")
        .one_of("exact released"),
    real_option("scale", "0.1", "s, of the square, with degree 2").between(1e-6, 1e6),
    real_option("lambda", "140", "λ, of the share of ReLUs above the budget's").at_least(0),
    real_option("hysteresis", "0.003",
                "t: a pixel becomes a ReLU where its α exceeds t, and ceases to be one where it falls to −t")
        .at_least(0),
    real_option("alpha_lr_factor", "1", "multiplies the learning rate of α").at_least(0),
    integer_option("search.epochs", "200", "passes over the training images").between(1, 1e6).counts_epochs(),
    text_option("search.optimizer", "\"adam\"", "of weights, α and c").one_of("sgd adam adamw"),
    real_option("search.lr", "1e-3", "learning rate, of weights, α and c").at_least(0),
    real_option("search.lr_floor", "1e-5", "the learning rate that a cosine ends at").at_least(0),
    real_option("search.weight_decay", "0", "of the weights").at_least(0),
    text_option("search.schedule", "\"cosine\"", "of the learning rate").one_of("step cosine constant"),
};
constexpr JoinedOptions kOptions(kOwn, kDistilledOptions);

// From the teacher's weights, without a fine-tuning behind it.
class AutoRep final : public Baseline {
 public:
  explicit AutoRep(const Options& options)
      : settings_{distilled_settings(options), options.real("lambda"),    options.real("hysteresis"),
                  options.real("scale"),       options.integer("degree"), options.text("fit") == "released"},
        alpha_lr_factor_(options.real("alpha_lr_factor")) {}

  std::shared_ptr<Network> linearise(Network& teacher, int64_t budget, PhaseContext& context) override {
    auto network = context.make_network("student");
    copy_weights(teacher, *network);
    AutoRepSearch search(teacher, *network, budget, context.seed(), settings_);
    TrainingSettings training = context.training("search");
    training.rule = [this](const std::string& name) {
      const auto is = [&](const char* part) { return name.find(part) != std::string::npos; };
      if (is(".alpha")) return ParameterRule{alpha_lr_factor_, 0};
      return is(".coefficients") ? ParameterRule{1, 0} : ParameterRule();
    };
    context.train("search", *network, search, training);
    context.record("cut", {static_cast<double>(search.freeze())});
    return network;
  }

 private:
  AutoRepSettings settings_;
  double alpha_lr_factor_;
};

}  // namespace

SENET_PLUGIN(senet::entry<AutoRep>("autorep", "AutoReP: a polynomial a channel in place of the ReLUs that α drops",
                                   kOptions));
