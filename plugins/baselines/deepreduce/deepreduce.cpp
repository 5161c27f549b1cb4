#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "reduction.h"
#include "senet/error.h"
#include "senet/method.h"
#include "sensitivity/stage_criticality/criticality.h"

namespace {

using senet::integer_option;
using senet::real_option;
using senet::text_option;

constexpr senet::Option kOptions[] = {
    integer_option("culled", "2", "how many stages lose all their ReLUs, at most; the least critical first")
        .at_least(0),
    senet::integers_option(
        "order", "[]",
        "the stages in the order in which they are culled; []: by criticality, which is measured by a "
        "training for each stage")
        .at_least(1),
    senet::kExponentOption,
    senet::integers_option(
        "blocks", "[2, 1, 1, 1]",
        "residual blocks of each stage in the smallest candidates; []: depth is not scaled. The default has no part "
        "in a model that cannot have them")
        .at_least(1),
    integer_option("largest", "0",
                   "train only so many of the candidates within a budget, those with most ReLUs; 0: all of them")
        .at_least(0),
    integer_option("criticality.epochs", "200", "passes over the training images, of each stage's training")
        .between(1, 1e6)
        .counts_epochs(),
    real_option("criticality.lr", "0.1", "of SGD").at_least(0),
    real_option("criticality.momentum", "0.9", "of SGD").between(0, 1),
    real_option("criticality.weight_decay", "5e-4", "of SGD").at_least(0),
    text_option("criticality.schedule", "\"cosine\"", "of the learning rate").one_of("step cosine constant"),
    integer_option("candidates.epochs", "200", "passes over the training images, of each candidate")
        .between(1, 1e6)
        .counts_epochs(),
    real_option("candidates.lr", "0.1", "of SGD").at_least(0),
    real_option("candidates.momentum", "0.9", "of SGD").between(0, 1),
    real_option("candidates.weight_decay", "5e-4", "of SGD").at_least(0),
    text_option("candidates.schedule", "\"cosine\"", "of the learning rate").one_of("step cosine constant"),
    senet::kKdWeightOption,
    senet::kTemperatureOption,
};

struct Counted {
  senet::Reduction reduction;
  int64_t relus;
};

// DeepReDuce (Jha et al., ICML 2021): candidates that lose the ReLUs of whole stages, of every second site, and half
// their channels or resolution, each trained from fresh weights beside the teacher; of those within the budget the most
// accurate on the held-out training images. Trainings for the stages' criticality and candidates are steps of their
// own, which budgets share.
class DeepReduce final : public senet::Method {
 public:
  explicit DeepReduce(const senet::Options& options)
      : options_(options), distilled_(senet::distilled_settings(options)) {}

  std::vector<senet::Step> steps(const senet::Target& target) override {
    build_ = target.build;
    shape_ = target.shape;
    budget_ = target.budget;
    check_order(model());
    const std::vector<int64_t>& order = options_.integers("order");
    std::vector<senet::Step> steps;
    senet::Step choice{"deepreduce"};
    if (order.empty()) {
      steps = criticality_steps();
      choice.on = {kCriticality};
      if (likely_candidates(stages(model())).empty()) refuse();
    } else {
      steps = candidate_steps(order);
      for (const senet::Step& step : steps) choice.on.push_back(step.name());
    }
    choice.options =
        senet::select(options_, {"culled", "order", "blocks", "largest", "kd_weight", "temperature", "candidates."});
    choice.budget = choice.needs_held_out = true;
    choice.epochs = 0;
    choice.run = [this](senet::StepContext& context) { return choose(context); };
    steps.push_back(choice);
    return steps;
  }

 private:
  static constexpr const char* kCriticality = "deepreduce_criticality";

  senet::Step training_step(const std::string& name, const char* prefix) const {
    senet::Step step{"deepreduce_training", name};
    step.options = senet::select(options_, {"kd_weight", "temperature", std::string(prefix) + "."});
    step.weight_seeds = "deepreduce";
    return step;
  }

  // A training for each stage, and what they say of the stages; then candidates follow.
  std::vector<senet::Step> criticality_steps() {
    std::vector<senet::Step> steps;
    senet::Step criticality{kCriticality};
    for (const int64_t stage : stages(model())) {
      senet::Step step = training_step(senet::criticality_training(stage), "criticality");
      step.relus = senet::relus_of_stage(model(), stage);
      step.run = [this, stage](senet::StepContext& context) {
        const auto network = senet::network_of_stage(stage, context);
        senet::train_stage(*network, stage, context.teacher(), context, distilled_, context.training("criticality"));
        return nullptr;
      };
      criticality.on.push_back(step.name());
      steps.push_back(step);
    }
    criticality.options = senet::select(options_, {"exponent"});
    criticality.seeds = "deepreduce";
    criticality.needs_held_out = true;
    criticality.run = [this](senet::StepContext& context) {
      const auto trained = [&](int64_t stage) {
        auto network = senet::network_of_stage(stage, context);
        context.load_network(senet::criticality_training(stage), *network);
        return network;
      };
      senet::judge_stages(trained, context, senet::stages_of(context.teacher()), options_.real("exponent"));
      return nullptr;
    };
    criticality.announce = [this](const senet::Series& series) { return candidate_steps(order_by(series)); };
    criticality.may_announce = [this] { return likely_candidates(stages(model())); };
    steps.push_back(criticality);
    return steps;
  }

  std::vector<int64_t> order_by(const senet::Series& series) {
    senet::Criticality measured;
    measured.stages = stages(model());
    measured.criticality = series.at("criticality");
    return measured.least_first();
  }

  senet::Step candidate_step(const Counted& candidate) {
    senet::Step step = training_step(candidate.reduction.name(), "candidates");
    step.relus = candidate.relus;
    const senet::Reduction& made = candidate.reduction;
    // A chain of layers was once thinned as one block: what is not thinned now has a key of its own.
    senet::Reduction whole = made;
    whole.thinned = false;
    if (made.thinned && whole.relus(*network_of(made)) == candidate.relus) step.also = {{"thinning", "none"}};
    step.cost = made.channels * made.channels / static_cast<double>(made.stem_stride * made.stem_stride);
    step.run = [this, reduction = made](senet::StepContext& context) {
      const auto network = context.make_network(reduction.name(), reduction.shape(context.shape()));
      reduction.apply(*network);
      senet::Distilled objective(context.teacher(), *network, distilled_);
      context.train(reduction.name(), *network, objective, context.training("candidates"));
      return nullptr;
    };
    return step;
  }

  std::vector<senet::Step> candidate_steps(const std::vector<int64_t>& order) {
    std::vector<senet::Step> steps;
    for (const Counted& candidate : within(order)) steps.push_back(candidate_step(candidate));
    if (steps.empty()) refuse();
    return steps;
  }

  // Where the order is not known, each is as likely as another.
  std::vector<senet::LikelyStep> likely_candidates(std::vector<int64_t> order) {
    std::map<std::string, senet::LikelyStep> candidates;
    int64_t orders = 0;
    do {
      ++orders;
      for (const Counted& candidate : within(order))
        ++candidates.try_emplace(candidate.reduction.name(), senet::LikelyStep{candidate_step(candidate), 0})
              .first->second.likelihood;
    } while (std::next_permutation(order.begin(), order.end()));
    std::vector<senet::LikelyStep> likely;
    for (auto& [name, candidate] : candidates) {
      candidate.likelihood /= static_cast<double>(orders);
      likely.push_back(candidate);
    }
    std::stable_sort(likely.begin(), likely.end(),
                     [](const auto& a, const auto& b) { return *a.step.relus > *b.step.relus; });
    return likely;
  }

  std::shared_ptr<senet::Network> choose(senet::StepContext& context) {
    std::vector<int64_t> order = options_.integers("order");
    if (order.empty()) order = order_by(context.series(kCriticality));
    std::shared_ptr<senet::Network> best;
    std::vector<senet::Candidate> candidates;
    size_t chosen = 0;
    for (const auto& [reduction, relus] : within(order)) {
      const auto network = context.make_network(reduction.name(), reduction.shape(context.shape()));
      context.load_network(reduction.name(), *network);
      candidates.push_back({reduction.name(), relus, context.evaluate(*network, senet::Part::held_out).accuracy});
      if (best && candidates.back().accuracy < candidates[chosen].accuracy) continue;
      best = network;
      chosen = candidates.size() - 1;
    }
    candidates[chosen].chosen = true;
    context.record(candidates);
    return best;
  }

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

  [[noreturn]] void refuse() const {
    senet::fail_usage("a budget of ", budget_, " ReLUs is under the smallest candidate seen, ",
                      smallest_.reduction.name(), " with ", smallest_.relus,
                      "; allow more, or let more stages be culled (deepreduce.culled)");
  }

  // The candidates within the budget when stages are culled in `order`; most ReLUs first.
  std::vector<Counted> within(const std::vector<int64_t>& order) {
    std::vector<Counted> found;
    const auto stage_count = static_cast<int64_t>(stages(model()).size());
    for (const senet::Reduction& reduction :
         senet::reductions(order, options_.integer("culled"), stage_count, options_.integers("blocks"))) {
      const senet::Network* network = network_of(reduction);
      if (!network) continue;
      const int64_t relus = reduction.relus(*network);
      if (relus == 0) continue;
      if (relus < smallest_.relus) smallest_ = {reduction, relus};
      // Thinning changes nothing in a model without blocks.
      const bool known = std::any_of(found.begin(), found.end(), [&](const Counted& other) {
        return other.relus == relus && other.reduction.culled == reduction.culled &&
               other.reduction.channels == reduction.channels && other.reduction.stem_stride == reduction.stem_stride &&
               other.reduction.blocks == reduction.blocks;
      });
      if (relus <= budget_ && !known) found.push_back({reduction, relus});
    }
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.relus > b.relus; });
    const auto largest = static_cast<size_t>(options_.integer("largest"));
    if (largest > 0 && found.size() > largest) found.resize(largest);
    return found;
  }

  // To count on; its weights are not drawn. None where the model cannot have the shape, unless a setting asks for it.
  const senet::Network* network_of(const senet::Reduction& reduction) {
    const senet::Reduction reshaped{{}, false, reduction.channels, reduction.stem_stride, reduction.blocks};
    const auto known = networks_.find(reshaped.name());
    if (known != networks_.end()) return known->second.get();
    std::shared_ptr<senet::Network> network;
    try {
      network = build_(reshaped.shape(shape_));
    } catch (const senet::Error& error) {
      const bool is_asked_for = reshaped.blocks.empty() ? reshaped.name().empty() : !options_.item("blocks").is_default;
      if (is_asked_for || error.exit() == senet::Exit::usage) throw;
    }
    return networks_.emplace(reshaped.name(), network).first->second.get();
  }

  const senet::Network& model() { return *network_of({}); }

  senet::Options options_;
  senet::DistilledSettings distilled_;
  std::function<std::shared_ptr<senet::Network>(const senet::NetworkShape&)> build_;
  senet::NetworkShape shape_{};
  int64_t budget_ = 0;
  std::map<std::string, std::shared_ptr<senet::Network>> networks_;
  Counted smallest_{{}, std::numeric_limits<int64_t>::max()};
};

}  // namespace

SENET_PLUGIN(senet::entry<DeepReduce>("deepreduce",
                                      "DeepReDuce: ReLUs dropped by stages and by halves, the best of the candidates",
                                      kOptions));
