#include <torch/types.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "senet/distilled.h"
#include "senet/method.h"

// Baselines that train in ways that are rarely right. The environment's SENET_TEST_STOP names the training in which a
// stop is asked for, at the end of its second epoch.
namespace {

using senet::Network;
using senet::PhaseContext;

bool is_set(const char* variable, const std::string& value) {
  const char* found = std::getenv(variable);
  return found && found == value;
}

// Every fourth element of the second site, and of no other.
torch::Tensor mask_of(const senet::ReluSite& site) {
  torch::Tensor mask = torch::zeros(torch::IntArrayRef(site.shape()), torch::kUInt8);
  if (site.index() == 1) mask.view(-1).slice(0, 0, mask.numel(), 4).fill_(1);
  return mask;
}

std::shared_ptr<Network> linear_student(Network& teacher, PhaseContext& context) {
  auto network = context.make_network("student");
  senet::copy_weights(teacher, *network);
  std::vector<torch::Tensor> masks;
  for (const senet::ReluSite& site : network->sites()) masks.push_back(mask_of(site));
  network->set_masks(masks);
  return network;
}

class Stoppable : public senet::Objective {
 public:
  Stoppable(std::string name, Network& teacher, Network& network)
      : network_(network), name_(std::move(name)), distilled_(teacher, network, {}) {}
  senet::Loss loss(const senet::Batch& batch, senet::EpochSums& sums) override { return distilled_.loss(batch, sums); }
  void epoch_end(senet::EpochEnd& end) override {
    if (end.epoch == 1 && is_set("SENET_TEST_STOP", name_)) std::raise(SIGINT);
  }

 protected:
  Network& network_;

 private:
  std::string name_;
  senet::Distilled distilled_;
};

void train(const std::string& name, Network& teacher, Network& network, PhaseContext& context, int64_t epochs = 4) {
  Stoppable objective(name, teacher, network);
  senet::TrainingSettings settings = context.training();
  settings.epochs = epochs;
  settings.checkpoint_seconds = 0;
  context.train(name, network, objective, settings);
}

class Scaled final : public senet::Activation {
 public:
  explicit Scaled(senet::SiteShape shape) : shape_(shape) { scale_ = register_parameter("scale", torch::ones({1})); }
  torch::Tensor forward(const torch::Tensor& x) override { return x * scale_; }
  torch::Tensor mask() const override { return torch::zeros(torch::IntArrayRef(shape_), torch::kUInt8); }

 private:
  senet::SiteShape shape_;
  torch::Tensor scale_;
};

// Chooses its masks at the end of the first epoch, while the third site has an activation of its own.
class Masking final : public Stoppable {
 public:
  using Stoppable::Stoppable;
  void epoch_end(senet::EpochEnd& end) override {
    for (const senet::ReluSite& site : network_.sites()) {
      if (end.epoch > 0 || site.index() == 2) continue;
      network_.set_activation(site, senet::activation_from_mask(mask_of(site)));
    }
    Stoppable::epoch_end(end);
  }
};
class OwnActivation final : public senet::Baseline {
 public:
  std::shared_ptr<Network> linearise(Network& teacher, int64_t, PhaseContext& context) override {
    auto network = context.make_network("student");
    senet::copy_weights(teacher, *network);
    const senet::ReluSite& own = network->sites()[2];
    network->set_activation(own, std::make_shared<Scaled>(own.shape()));
    Masking objective("search", teacher, *network);
    senet::TrainingSettings settings = context.training();
    settings.epochs = 4;
    settings.checkpoint_seconds = 0;
    context.train("search", *network, objective, settings);
    network->set_activation(own, std::make_shared<senet::Linear>(own.shape()));
    train("finetune", teacher, *network, context);
    return network;
  }
};

// An average of each parameter, made when it is first updated, and forgotten when a training goes on.
class Averaging final : public Stoppable {
 public:
  using Stoppable::Stoppable;
  void after_update(const senet::Parameters& parameters) override {
    for (const senet::Parameter& parameter : parameters) averages_[parameter.name] = parameter.value.detach().clone();
  }
  void state(senet::Archive& archive) override {
    for (auto& [name, average] : averages_) archive.tensor("average." + name, average);
  }

 private:
  std::map<std::string, torch::Tensor> averages_;
};
class LazyState final : public senet::Baseline {
 public:
  std::shared_ptr<Network> linearise(Network& teacher, int64_t, PhaseContext& context) override {
    auto network = linear_student(teacher, context);
    Averaging objective("search", teacher, *network);
    senet::TrainingSettings settings = context.training();
    settings.epochs = 4;
    context.train("search", *network, objective, settings);
    train("finetune", teacher, *network, context);
    return network;
  }
};

// Goes on whatever happens to its training. SENET_TEST_CALLS names a file that tells how often it is asked for steps.
class Swallows final : public senet::Method {
 public:
  explicit Swallows(const senet::Options& options) : shared_(options.boolean("shared")) {}
  std::vector<senet::Step> steps(const senet::Target& target) override {
    if (const char* calls = std::getenv("SENET_TEST_CALLS")) std::ofstream(calls, std::ios::app) << "called\n";
    senet::Step last{"swallows", "", target.options};
    last.budget = true;
    last.run = train_anyway;
    if (!shared_) return {last};
    senet::Step training{"swallows_training", "", target.options};
    training.run = train_anyway;
    last.on = {training.kind};
    last.run = [kind = training.kind](senet::StepContext& context) {
      auto network = context.make_network("student");
      context.load_network(kind, *network);
      return network;
    };
    return {training, last};
  }

 private:
  static std::shared_ptr<Network> train_anyway(senet::StepContext& context) {
    auto network = linear_student(context.teacher(), context);
    Stoppable objective("network_of_mine", context.teacher(), *network);
    senet::TrainingSettings settings = context.training();
    settings.epochs = 4;
    settings.checkpoint_seconds = 0;
    if (std::getenv("SENET_TEST_STEEP")) settings.lr = 1e30;
    try {
      context.train("network_of_mine", *network, objective, settings);
    } catch (...) {
    }
    return network;
  }

  bool shared_;
};
constexpr senet::Option kSwallows[] = {
    senet::boolean_option("shared", "false", "trains for all budgets"),
};

// Two trainings that all budgets share, announced by a first step. SENET_TEST_STOP=at_once: it ends before it has
// announced them.
class Shares final : public senet::Method {
 public:
  std::vector<senet::Step> steps(const senet::Target& target) override {
    const senet::Options& options = target.options;
    senet::Step first{"shares_first", "", options}, last{"shares", "", options};
    first.run = [](senet::StepContext&) { return nullptr; };
    first.announce = [options](const senet::Series&) {
      if (is_set("SENET_TEST_STOP", "at_once")) std::_Exit(9);
      return std::vector<senet::Step>{training("one", options), training("two", options)};
    };
    last.on = {first.kind};
    last.budget = true;
    last.run = [](senet::StepContext& context) {
      auto network = context.make_network("student");
      context.load_network("two", *network);
      return network;
    };
    return {first, last};
  }

 private:
  static senet::Step training(const std::string& name, const senet::Options& options) {
    senet::Step step{"shares_training", name, options};
    step.run = [name](senet::StepContext& context) {
      auto network = linear_student(context.teacher(), context);
      train(name, context.teacher(), *network, context);
      return network;
    };
    return step;
  }
};

// Gives the names it is told, separated by blanks.
class Named final : public senet::Baseline {
 public:
  explicit Named(const senet::Options& options)
      : trainings_(options.text("trainings")), series_(options.text("series")), metric_(options.text("metric")) {}
  std::shared_ptr<Network> linearise(Network& teacher, int64_t, PhaseContext& context) override {
    auto network = linear_student(teacher, context);
    std::istringstream trainings(trainings_), series(series_);
    for (std::string name; trainings >> name;) train(name, teacher, *network, context, 1);
    for (std::string name; series >> name;) context.record(name, {1, 2, 3});
    if (!metric_.empty()) {
      Measured objective(metric_, teacher, *network);
      senet::TrainingSettings settings = context.training();
      settings.epochs = 1;
      context.train("measured", *network, objective, settings);
    }
    return network;
  }

 private:
  class Measured final : public Stoppable {
   public:
    Measured(const std::string& metric, Network& teacher, Network& network)
        : Stoppable("measured", teacher, network), metric_(metric) {}
    void epoch_end(senet::EpochEnd& end) override { end.metrics.scalar(metric_, 1); }

   private:
    std::string metric_;
  };
  std::string trainings_, series_, metric_;
};
constexpr senet::Option kNamed[] = {
    senet::text_option("trainings", "\"\"", "of each training"),
    senet::text_option("series", "\"\"", "of each series"),
    senet::text_option("metric", "\"\"", "of a metric"),
};

class Nothing final : public senet::Baseline {
 public:
  std::shared_ptr<Network> linearise(Network&, int64_t, PhaseContext&) override { return nullptr; }
};

}  // namespace

SENET_PLUGIN(senet::entry<OwnActivation>("own_activation", "an activation of its own at one site"),
             senet::entry<LazyState>("lazy_state", "a state that is not asked for when it is loaded"),
             senet::entry<Swallows>("swallows", "catches whatever its training throws", kSwallows),
             senet::entry<Shares>("shares", "two trainings that all budgets share"),
             senet::entry<Named>("named", "gives names of all kinds", kNamed),
             senet::entry<Nothing>("evaluation", "a name of the core's own"),
             senet::entry<Nothing>("../up", "a name that leaves its folder"));
