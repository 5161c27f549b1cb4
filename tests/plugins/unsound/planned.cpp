#include <torch/types.h>

#include "senet/distilled.h"
#include "senet/error.h"
#include "senet/method.h"

namespace {

using senet::Network;

constexpr senet::Option kOptions[] = {
    senet::integer_option("rounds", "2", "passes over the training images, which nothing declares to be epochs"),
    senet::real_option("lr", "0.01", "of SGD"),
};

// Says how long each step trains, has no option that counts epochs, and fails in its second step.
class Planned final : public senet::Method {
 public:
  explicit Planned(const senet::Options& options) : rounds_(options.integer("rounds")) {}

  std::vector<senet::Step> steps(const senet::Target& target) override {
    senet::Step half{"planned_half", "", target.options}, other{"planned", "", target.options};
    half.epochs = rounds_;
    half.run = [this](senet::StepContext& context) { return train_half(context); };
    other.on = {half.kind};
    other.epochs = 2 * rounds_;
    other.run = [](senet::StepContext&) -> std::shared_ptr<Network> {
      senet::fail("its second half is not written yet");
    };
    return {half, other};
  }

 private:
  std::shared_ptr<Network> train_half(senet::StepContext& context) const {
    const auto network = context.make_network("own");
    senet::Distilled objective(context.teacher(), *network, {});
    senet::TrainingSettings training = context.training();
    training.epochs = rounds_;
    context.train("half", *network, objective, training);
    return network;
  }

  int64_t rounds_;
};

constexpr senet::Option kMistakes[] = {senet::text_option("mistake", "\"kind\"", "which")};

// Gives steps that are none.
class Mistaken final : public senet::Method {
 public:
  explicit Mistaken(const senet::Options& options) : mistake_(options.text("mistake")) {}

  std::vector<senet::Step> steps(const senet::Target& target) override {
    if (mistake_ == "none") return {};
    senet::Step step{mistake_ == "kind" ? "snl" : "mistaken", "", target.options};
    if (mistake_ != "body") step.run = [](senet::StepContext& context) { return context.make_network("own"); };
    if (mistake_ == "on") step.on = {"mistaken_search"};
    if (mistake_ == "name") return {step, step};
    return {step};
  }

 private:
  std::string mistake_;
};

}  // namespace

SENET_PLUGIN(senet::entry<Planned>("planned", "says what it trains", kOptions),
             senet::entry<Mistaken>("mistaken", "gives steps that are none", kMistakes));
