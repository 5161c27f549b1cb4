#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "reduction.h"
#include "senet/baseline.h"
#include "senet/error.h"
#include "sensitivity/stage_criticality/criticality.h"

namespace {

using senet::integer_option;
using senet::real_option;

constexpr senet::Option kOptions[] = {
    integer_option("culled", "2", "how many stages lose all their ReLUs, at most; the least critical first")
        .at_least(0),
    senet::integers_option(
        "order", "[]",
        "the stages in the order in which they are culled; []: by criticality, which is measured by a "
        "training for each stage")
        .at_least(1),
    senet::kExponentOption,
    senet::integers_option("blocks", "[2, 1, 1, 1]",
                           "residual blocks of each stage in the smallest candidates; []: depth is not scaled")
        .at_least(1),
    integer_option("largest", "0",
                   "train only so many of the candidates within a budget, those with most ReLUs; 0: all of them")
        .at_least(0),
    integer_option("epochs", "200", "passes over the training images, of each candidate")
        .between(1, 1e6)
        .counts_epochs(),
    integer_option("criticality_epochs", "200", "the same, of each stage's training").between(1, 1e6).counts_epochs(),
    real_option("lr", "0.1", "of SGD, falling to 0 by a cosine").at_least(0),
    real_option("momentum", "0.9", "of SGD").between(0, 1),
    real_option("weight_decay", "5e-4", "of SGD").at_least(0),
    senet::kKdWeightOption,
    senet::kTemperatureOption,
};

struct Counted {
  senet::Reduction reduction;
  int64_t relus;
};

// DeepReDuce (Jha et al., ICML 2021): candidates that lose the ReLUs of whole stages, of every second site, and half
// their channels or resolution, each trained from fresh weights beside the teacher; of those within the budget the most
// accurate on the held-out training images.
class DeepReduce final : public senet::Baseline {
 public:
  explicit DeepReduce(const senet::Options& options)
      : options_(options), distilled_(senet::distilled_settings(options)) {}

  std::shared_ptr<senet::Network> linearise(senet::Network& teacher, int64_t budget,
                                            senet::PhaseContext& context) override {
    plan(budget, context);  // throws before anything is trained for nothing
    std::vector<int64_t> order = options_.integers("order");
    if (order.empty()) {
      order = senet::measure_criticality(teacher, context, distilled_, training(context, "criticality_epochs"),
                                         options_.real("exponent"))
                  .least_first();
    }
    std::shared_ptr<senet::Network> best;
    std::vector<senet::Candidate> candidates;
    size_t chosen = 0;
    smallest_.relus = std::numeric_limits<int64_t>::max();
    const std::vector<Counted> counted = within(budget, order, context);
    if (counted.empty()) refuse(budget);
    for (const auto& [reduction, relus] : counted) {
      const auto network = context.make_network(reduction.name(), reduction.shape(context.shape()));
      reduction.apply(*network);
      senet::Distilled objective(teacher, *network, distilled_);
      context.train_for_all_budgets(reduction.name(), *network, objective, training(context, "epochs"));
      candidates.push_back({reduction.name(), relus, context.evaluate(*network, senet::Part::held_out).accuracy});
      if (best && candidates.back().accuracy < candidates[chosen].accuracy) continue;
      best = network;
      chosen = candidates.size() - 1;
    }
    candidates[chosen].chosen = true;
    context.record(candidates);
    return best;
  }

  bool needs_held_out() const override { return true; }

  std::vector<senet::PlannedTraining> plan(int64_t budget, senet::PhaseContext& context) override {
    const auto model = context.make_network("counted");
    check_order(*model);
    std::vector<senet::PlannedTraining> trainings;
    std::vector<int64_t> order = options_.integers("order");
    const bool measured = order.empty();
    if (measured) {
      order = stages(*model);
      for (const int64_t stage : order) {
        trainings.push_back({senet::criticality_training(stage), senet::relus_of_stage(*model, stage),
                             options_.integer("criticality_epochs")});
      }
    }
    // Where the order is not known, each is as likely as another.
    std::map<std::string, senet::PlannedTraining> candidates;
    int64_t orders = 0;
    do {
      ++orders;
      for (const auto& [reduction, relus] : within(budget, order, context)) {
        const std::string name = reduction.name();
        ++candidates.try_emplace(name, senet::PlannedTraining{name, relus, options_.integer("epochs"), 0})
              .first->second.likelihood;
      }
    } while (measured && std::next_permutation(order.begin(), order.end()));
    if (candidates.empty()) refuse(budget);
    const size_t first = trainings.size();
    for (auto& [name, training] : candidates) {
      training.likelihood /= static_cast<double>(orders);
      trainings.push_back(training);
    }
    std::stable_sort(trainings.begin() + static_cast<int64_t>(first), trainings.end(),
                     [](const auto& a, const auto& b) { return a.relus > b.relus; });
    return trainings;
  }

 private:
  static std::vector<int64_t> stages(const senet::Network& network) {
    const auto all = senet::stages_of(network);
    return {all.begin(), all.end()};
  }

  void check_order(const senet::Network& network) const {
    std::vector<int64_t> order = options_.integers("order");
    if (order.empty()) return;
    const std::set<int64_t> known = senet::stages_of(network), given(order.begin(), order.end());
    for (const int64_t stage : given) {
      if (known.count(stage) == 0)
        senet::fail_usage("deepreduce.order names stage ", stage, ", which the model has not");
    }
    if (given.size() != order.size()) senet::fail_usage("deepreduce.order names a stage twice");
  }

  senet::TrainingSettings training(const senet::PhaseContext& context, const char* epochs) const {
    senet::TrainingSettings training = context.training();
    training.schedule = senet::Schedule::cosine;
    training.epochs = options_.integer(epochs);
    training.lr = options_.real("lr");
    training.momentum = options_.real("momentum");
    training.weight_decay = options_.real("weight_decay");
    return training;
  }

  [[noreturn]] void refuse(int64_t budget) const {
    senet::fail_usage("a budget of ", budget, " ReLUs is under the smallest candidate seen, ",
                      smallest_.reduction.name(), " with ", smallest_.relus,
                      "; allow more, or let more stages be culled (deepreduce.culled)");
  }

  // The candidates to train for a budget when stages are culled in `order`; most ReLUs first.
  std::vector<Counted> within(int64_t budget, const std::vector<int64_t>& order, senet::PhaseContext& context) {
    std::vector<Counted> found;
    for (const senet::Reduction& reduction :
         senet::reductions(order, options_.integer("culled"), options_.integers("blocks"))) {
      const int64_t relus = reduction.relus(network_of(reduction, context));
      if (relus < smallest_.relus) smallest_ = {reduction, relus};
      // Thinning changes nothing in a model without blocks.
      const bool known = std::any_of(found.begin(), found.end(), [&](const Counted& other) {
        return other.relus == relus && other.reduction.culled == reduction.culled &&
               other.reduction.channels == reduction.channels && other.reduction.stem_stride == reduction.stem_stride &&
               other.reduction.blocks == reduction.blocks;
      });
      if (relus <= budget && !known) found.push_back({reduction, relus});
    }
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.relus > b.relus; });
    const auto largest = static_cast<size_t>(options_.integer("largest"));
    if (largest > 0 && found.size() > largest) found.resize(largest);
    return found;
  }

  // To count on; its weights are never looked at.
  const senet::Network& network_of(const senet::Reduction& reduction, senet::PhaseContext& context) {
    const senet::Reduction reshaped{{}, false, reduction.channels, reduction.stem_stride, reduction.blocks};
    auto& network = networks_[reshaped.name()];
    if (!network) network = context.make_network("counted", reshaped.shape(context.shape()));
    return *network;
  }

  senet::Options options_;
  senet::DistilledSettings distilled_;
  std::map<std::string, std::shared_ptr<senet::Network>> networks_;
  Counted smallest_{{}, std::numeric_limits<int64_t>::max()};
};

}  // namespace

SENET_PLUGIN(senet::entry<DeepReduce>("deepreduce",
                                      "DeepReDuce: ReLUs dropped by stages and by halves, the best of the candidates",
                                      kOptions));
