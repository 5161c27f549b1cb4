#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "senet/error.h"
#include "senet/phase_context.h"
#include "senet/plugin.h"

namespace senet {

// What the body of a step is given.
class StepContext : public PhaseContext {
 public:
  // In eval mode; to be left as it is.
  virtual Network& teacher() = 0;
  // How many ReLUs the result may have at most. Throws in a step that the budget has no part in.
  virtual int64_t budget() const = 0;

  // Of a step that this one stands on, by its name, or of one of its sources, by theirs: what it recorded; and its
  // network (the one that its body returned, or else that of its last training), read into one of the same shape:
  // weights, buffers and masks.
  virtual const Series& series(const std::string& step) const = 0;
  virtual void load_network(const std::string& step, Network& network) = 0;
  // The masks of that network, one C×H×W a site of the teacher.
  virtual std::vector<torch::Tensor> masks(const std::string& step) = 0;

  // Runs the sensitivity plugin of this name with the step's options. The step names it in `Step::uses`.
  virtual std::vector<double> measure(const std::string& sensitivity) = 0;

  // How many ReLUs each site was given, in the sites' order.
  virtual void record_allocation(const std::vector<int64_t>& relus) = 0;
  // The widths that the step's network was trained at: each is evaluated for itself.
  virtual void record_widths(const std::vector<double>& widths) = 0;
};

struct LikelyStep;

// What a step takes something of: another cell of the experiment, of the same data, model and seed; or a result.
struct StepSource {
  std::string from;         // the cell's label; or the path of a result, or of its masks alone (`.masks`)
  std::string budget = "";  // the cell's budget; empty: the one that the step's own cell has
  std::string step = "";    // a step of the cell's method; empty: the one that left its network
  bool larger = false;      // whether it has to be a network of more ReLUs than the step's own cell may keep
};

// A part of a method. With what it is a function of (teacher, options, seed, the steps it stands on, the budget where
// it has a part) a step is a phase: stored under a key of all that, run once for all cells, budgets and processes that
// need it, and gone on with when it was interrupted.
struct Step {
  std::string kind;                  // the word in its phase's key and folder
  std::string which = "";            // tells steps of one kind apart; part of the key
  Options options = Options();       // all of the settings that it is a function of (`select`)
  std::vector<std::string> on = {};  // names of steps before it that it reads; what those announced may be read too
  bool budget = false;               // whether it asks for the budget
  std::map<std::string, StepSource> sources = {};  // by the names that the body calls them; none that a step has
  // A body makes networks by make_network, trains them, and records series; it returns the network that it leaves, or
  // none. The network of the last step is the result: core activations only, and at most `budget` ReLUs; the harness
  // counts for itself.
  std::function<std::shared_ptr<Network>(StepContext&)> run = {};

  // The word that its random numbers derive from: a training's from "<seeds>/NAME", the weights of make_network(NAME)
  // from "<weight_seeds>/NAME/weights". Empty: the step's kind; for weights: `seeds`.
  std::string seeds = "", weight_seeds = "";
  int version = 1;                               // of what it computes, by hand: part of the key
  std::map<std::string, std::string> also = {};  // what else it is a function of: a file's content, by its hash
  std::optional<std::pair<PluginKind, std::string>> uses = {};  // another plugin, whose version is part of the key
  bool needs_held_out = false;                                  // whether it asks for Part::held_out
  bool like_teacher = false;  // make_network gives networks of the teacher's model options: [student] has no part in it

  // Further steps, to be run after this one: known when it has finished, from what it recorded.
  std::function<std::vector<Step>(const Series&)> announce = {};
  // Those that it may announce, for a forecast.
  std::function<std::vector<LikelyStep>()> may_announce = {};

  // For a forecast: how many epochs its trainings run at most (where nothing is said, the sum of its options that count
  // epochs), the cost of a training step in those of the model, whether the teacher runs beside it, and the ReLUs of
  // the network that it trains.
  std::optional<int64_t> epochs = {};
  double cost = 1;
  bool beside_teacher = true;
  std::optional<int64_t> relus = {};

  const std::string& name() const { return which.empty() ? kind : which; }
};

struct LikelyStep {
  Step step;
  double likelihood;  // in [0, 1]
};

// What a method is asked for.
struct Target {
  std::string method;  // its own name
  Options options;     // its section's
  int64_t budget;
  NetworkShape shape;
  // A network to count on: its weights are not drawn.
  std::function<std::shared_ptr<Network>(const NetworkShape&)> build;
};

// Plugin interface: from a teacher and a ReLU budget to a linearised network, in steps.
class Method {
 public:
  using Interface = Method;
  static constexpr PluginKind kKind = PluginKind::baseline;
  virtual ~Method() = default;

  // In the order in which they run, before anything is trained. Throws (fail_usage) where a target cannot be reached.
  // One object is made for each cell, budget and seed; it lives as long as its steps.
  virtual std::vector<Step> steps(const Target& target) = 0;
};

// A method of one step.
class Baseline : public Method {
 public:
  // As Step::run.
  virtual std::shared_ptr<Network> linearise(Network& teacher, int64_t budget, PhaseContext& context) = 0;
  virtual bool needs_held_out() const { return false; }

  std::vector<Step> steps(const Target& target) final {
    Step step{target.method, "", target.options};
    step.budget = true;
    step.needs_held_out = needs_held_out();
    step.run = [this](StepContext& context) { return linearise(context.teacher(), context.budget(), context); };
    return {step};
  }
};

// Of a method that begins with another's network.
constexpr Option kContinuationOptions[] = {
    text_option("from", "\"\"", "where it begins: a cell of this experiment, by its label, or a finished result")
        .names_source(),
    text_option("from_budget", "\"\"", "the budget of that cell, larger than this one's").names_source(),
};

// A method of one step, which begins with a network that another method linearised to a larger budget. It declares
// kContinuationOptions.
class Continuation : public Method {
 public:
  // As Step::run; `network`: the one that it begins with.
  virtual void linearise(Network& network, StepContext& context) = 0;
  // As Step::epochs.
  virtual std::optional<int64_t> epochs() const { return {}; }

  std::vector<Step> steps(const Target& target) final {
    const std::string& from = target.options.text("from");
    if (from.empty())
      fail_usage(target.method, ".from is not set: it names the cell, or the result, that it begins with");
    Step step{target.method, "", target.options};
    step.budget = true;
    step.sources = {{"start", {from, target.options.text("from_budget"), "", true}}};
    step.epochs = epochs();
    step.run = [this, name = target.method](StepContext& context) {
      auto network = context.make_network("student");
      context.load_network("start", *network);
      if (const int64_t kept = network->kept(); kept <= context.budget())
        fail_usage(name, " begins with a network of ", kept, " ReLUs, within the budget of ", context.budget(),
                   "; name a larger budget of its cell by ", name, ".from_budget");
      for (const ReluSite& site : network->sites()) {
        if (site.activation().multiplications().any())
          fail_usage(name, " goes on with masked ReLUs, and the network that it begins with has polynomials at '",
                     site.name(), "'");
      }
      linearise(*network, context);
      return network;
    };
    return {step};
  }
};

// Some options of a section, by name; a name that ends with '.' stands for all options that begin with it.
Options select(const Options& options, const std::vector<std::string>& names);

}  // namespace senet
