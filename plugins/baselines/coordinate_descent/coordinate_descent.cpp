#include <torch/types.h>

#include "descent.h"
#include "senet/method.h"
#include "senet/random.h"

namespace {

using senet::integer_option;
using senet::real_option;
using senet::text_option;

constexpr senet::Option kOwn[] = {
    integer_option("set_size", "0", "ReLUs that a round linearises; 0: 100 of 491,520, in proportion to the model's")
        .at_least(0),
    integer_option("sets", "100", "random sets that a round tries at most").at_least(1),
    integer_option("trial_images", "1000", "training images, the first ones, by whose accuracy sets are judged")
        .at_least(1),
    real_option("tolerance", "0.05",
                "of accuracy, which moves in steps of 100/trial_images: a set that costs less is taken at once")
        .between(0, 100)
        .in("percentage points"),
    integer_option("total_epochs", "0",
                   "epochs of all fine-tunings together, a multiple of finetune.epochs; the rounds are shared evenly "
                   "among them. 0: a fine-tuning whenever accuracy has fallen")
        .between(0, 1e6)
        .counts_epochs(),
    integer_option("finetune.epochs", "20", "of a fine-tuning").between(1, 1e6).counts_epochs(),
    real_option("finetune.lr", "1e-3", "of SGD, from which each fine-tuning begins").at_least(0),
    text_option("finetune.schedule", "\"cosine\"", "of the learning rate, in each fine-tuning")
        .one_of("step cosine constant"),
};
constexpr senet::JoinedOptions kOptions(senet::kContinuationOptions, kOwn, senet::kDistilledOptions);

// Block coordinate descent (arXiv 2511.11781): from a network that another method linearised to a larger budget, a set
// of ReLUs a round, exactly to the budget.
class CoordinateDescent final : public senet::Continuation {
 public:
  explicit CoordinateDescent(const senet::Options& options) : options_(options) {}

  // Without a total only the accuracy says how many fine-tunings there are.
  std::optional<int64_t> epochs() const override {
    if (all_epochs() == 0) return {};
    if (all_epochs() % period() != 0)
      senet::fail_usage(options_.item("total_epochs").origin, ": coordinate_descent.total_epochs = ", all_epochs(),
                        ", expected a multiple of coordinate_descent.finetune.epochs, ", period());
    return all_epochs();
  }

  void linearise(senet::Network& network, senet::StepContext& context) override {
    const int64_t set_size = options_.integer("set_size");
    senet::DescentSettings settings;
    settings.distilled = senet::distilled_settings(options_);
    settings.budget = context.budget();
    settings.set_size = set_size > 0 ? set_size : senet::proportional_set_size(network.relus());
    settings.sets = options_.integer("sets");
    settings.tolerance = options_.real("tolerance") / 100;
    settings.period = period();
    settings.periods = all_epochs() / period();
    const int64_t images = options_.integer("trial_images");
    const auto accuracy = [&] { return context.evaluate(network, senet::Part::train, images).accuracy; };
    senet::Descent descent(context.teacher(), network, settings, accuracy,
                           senet::derive_seed(context.seed(), "coordinate_descent"));
    senet::TrainingSettings training = context.training("finetune");
    training.restart_epochs = period();
    training.epochs = epochs().value_or(period() * (descent.above() / settings.set_size + 2));
    descent.begin();
    context.train("descent", network, descent, training);
    context.record("trials", {static_cast<double>(descent.trials())});
  }

 private:
  int64_t all_epochs() const { return options_.integer("total_epochs"); }
  // Epochs of one fine-tuning.
  int64_t period() const { return options_.integer("finetune.epochs"); }

  senet::Options options_;
};

}  // namespace

SENET_PLUGIN(senet::entry<CoordinateDescent>(
    "coordinate_descent", "block coordinate descent: sets of ReLUs at random, from another method's network",
    kOptions));
