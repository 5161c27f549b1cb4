#include <map>

#include "criticality.h"
#include "senet/sensitivity.h"

namespace {

constexpr senet::Option kOptions[] = {
    senet::integer_option("epochs", "200", "passes over the training images, of each stage's training")
        .between(1, 1e6)
        .counts_epochs(),
    senet::real_option("lr", "0.1", "of SGD").at_least(0),
    senet::text_option("schedule", "\"cosine\"", "of the learning rate").one_of("step cosine constant"),
    senet::kExponentOption,
    senet::kKdWeightOption,
    senet::kTemperatureOption,
};

// DeepReDuce's criticality of the stage that a ReLU is in, for SENet's allocation. The least critical stage has 0: it
// is given ReLUs only when the others are full.
class StageCriticality final : public senet::Sensitivity {
 public:
  explicit StageCriticality(const senet::Options& options)
      : distilled_(senet::distilled_settings(options)), exponent_(options.real("exponent")) {}

  std::vector<double> measure(senet::Network& teacher, senet::PhaseContext& context) override {
    const auto train = [&](int64_t stage) {
      auto network = senet::network_of_stage(stage, context);
      senet::train_stage(*network, stage, teacher, context, distilled_, context.training());
      return network;
    };
    const senet::Criticality measured = senet::judge_stages(train, context, senet::stages_of(teacher), exponent_);
    std::map<int64_t, double> of_stage;
    for (size_t k = 0; k < measured.stages.size(); ++k) of_stage[measured.stages[k]] = measured.criticality[k];
    std::vector<double> eta;
    for (const senet::ReluSite& site : teacher.sites()) eta.push_back(of_stage.at(site.stage()));
    return eta;
  }

  bool needs_held_out() const override { return true; }

 private:
  senet::DistilledSettings distilled_;
  double exponent_;
};

}  // namespace

SENET_PLUGIN(senet::entry<StageCriticality>("stage_criticality",
                                            "DeepReDuce's: how accurate a network is with the ReLUs of one stage alone",
                                            kOptions));
