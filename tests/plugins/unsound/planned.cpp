#include <torch/types.h>

#include "senet/baseline.h"
#include "senet/distilled.h"
#include "senet/error.h"

namespace {

using senet::Network;
using senet::PhaseContext;

constexpr senet::Option kOptions[] = {
    senet::integer_option("rounds", "2", "passes over the training images, which nothing declares to be epochs"),
    senet::real_option("lr", "0.01", "of SGD"),
};

// Says what it trains, has no option that counts epochs, and fails once that is trained.
class Planned final : public senet::Baseline {
 public:
  explicit Planned(const senet::Options& options) : rounds_(options.integer("rounds")) {}

  std::shared_ptr<Network> linearise(Network& teacher, int64_t, PhaseContext& context) override {
    const auto network = context.make_network("own");
    senet::Distilled objective(teacher, *network, {});
    senet::TrainingSettings training = context.training();
    training.epochs = rounds_;
    context.train("half", *network, objective, training);
    senet::fail("its second half is not written yet");
  }
  std::vector<senet::PlannedTraining> plan(int64_t budget, PhaseContext&) override {
    return {{"half", budget, rounds_}, {"other half", budget, 2 * rounds_}};
  }

 private:
  int64_t rounds_;
};

}  // namespace

SENET_PLUGIN(senet::entry<Planned>("planned", "says what it trains", kOptions));
