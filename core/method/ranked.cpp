#include "senet/ranked.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <numeric>

#include "device/world.h"
#include "method/masks.h"
#include "method/phases.h"
#include "senet/choice.h"
#include "senet/error.h"
#include "senet/random.h"
#include "senet/selection.h"
#include "train/shard_state.h"

namespace senet {

namespace {

constexpr const char* kShares = "shares";  // the series of a sensitivity step
constexpr Choice<Fall> kFalls[] = {{"at_once", Fall::at_once}, {"cosine", Fall::cosine}, {"power", Fall::power}};

FallingBudget falling_budget(const Options& options, int64_t all, int64_t budget) {
  FallingBudget fall;
  fall.fall = choice_of(options, "fall", kFalls);
  fall.power = options.real("fall_power");
  fall.begin = options.integer("fall_begin");
  fall.end = options.real("fall_end");
  if (fall.fall != Fall::at_once) fall.epochs = options.integer("search.epochs");
  fall.all = all;
  fall.budget = std::min(all, budget);
  return fall;
}

// The masks of a network that is ranked.
class RankedMasks {
 public:
  // shares: of the budget, one a site; none: one ranking of the whole network.
  RankedMasks(Network& network, const Options& options, std::vector<double> shares)
      : network_(network), shares_(std::move(shares)), linear_(options.integer("linear_first")) {
    for (const ReluSite& site : network.sites()) {
      if (site.index() < linear_) continue;
      sites_.push_back(&site);
      caps_.push_back(site.relus());
    }
    if (!shares_.empty()) shares_.erase(shares_.begin(), shares_.begin() + linear_);
    keep(all(), {});
  }

  const std::vector<const ReluSite*>& sites() const { return sites_; }
  int64_t all() const { return std::accumulate(caps_.begin(), caps_.end(), int64_t{0}); }

  // How many each site of the network is given, with shares; empty without.
  std::vector<int64_t> allocation(int64_t count) const {
    if (shares_.empty()) return {};
    std::vector<int64_t> given = allocate(count, shares_, caps_);
    given.insert(given.begin(), linear_, 0);
    return given;
  }

  // Those of the largest scores.
  void keep(int64_t count, const std::vector<torch::Tensor>& scores) {
    std::vector<torch::Tensor> masks;
    if (count == all()) {
      for (const ReluSite* site : sites_) masks.push_back(torch::ones(site->shape(), torch::kUInt8));
    } else if (shares_.empty()) {
      masks = largest_of_all(scores, count);
    } else {
      const std::vector<int64_t> given = allocation(count);
      for (size_t l = 0; l < scores.size(); ++l) masks.push_back(chosen_mask(scores[l], given[linear_ + l]));
    }
    std::vector<torch::Tensor> of_all;
    for (int64_t l = 0; l < linear_; ++l) of_all.push_back(torch::zeros(network_.sites()[l].shape(), torch::kUInt8));
    of_all.insert(of_all.end(), masks.begin(), masks.end());
    network_.set_masks(of_all);
  }

 private:
  Network& network_;
  std::vector<double> shares_;
  int64_t linear_;
  std::vector<const ReluSite*> sites_;
  std::vector<int64_t> caps_;
};

// Trains a network beside its teacher while masks are made by a score, ever fewer ReLUs in them. Dropped elements are
// computed and scored as the kept ones are, and may come back.
class RankedSearch final : public DistilledSearch {
 public:
  RankedSearch(Network& teacher, Network& network, const DistilledSettings& settings, ElementScore& score,
               RankedMasks& masks, const FallingBudget& fall, const Options& options)
      : DistilledSearch(teacher, network, settings, fall.budget,
                        score.needs() == ElementScore::Needs::weights ? nullptr : &passes_),
        passes_(masks.sites(), score.needs() == ElementScore::Needs::gradients),
        score_(score),
        masks_(masks),
        fall_(fall),
        interval_(options.integer("interval")),
        interval_final_(options.integer("interval_final")) {}

  Loss loss(const Batch& batch, EpochSums& sums) override {
    batch_ = batch;
    return DistilledSearch::loss(batch, sums);
  }
  void after_update(const Parameters&) override {
    if (score_.needs() == ElementScore::Needs::weights) return;
    const torch::NoGradGuard no_gradient;
    score_.add(passes_.take(), batch_);
    batch_ = {};
  }
  int64_t interval() const override {
    return interval_final_ > 0 && interval_ > 0 && fall_.at(epoch_ + 1) == fall_.budget ? interval_final_ : interval_;
  }
  bool interval_spans_epochs() const override { return true; }
  void interval_end(EpochSums&) override { make_masks(fall_.at(epoch_ + 1)); }
  // The last epoch leaves a network that meets the budget, wherever the intervals ended.
  void epoch_end(EpochEnd& end) override {
    if (interval_ == 0) make_masks(fall_.at(epoch_ + 1));
    ++epoch_;
    if (epoch_ == end.epochs && count() != fall_.budget) make_masks(fall_.budget);
    DistilledSearch::epoch_end(end);
  }
  void state(Archive& archive) override {
    archive.number("ranked.epoch", epoch_);
    score_.state(archive);
  }

 private:
  void make_masks(int64_t count) {
    score_.join();
    masks_.keep(count, score_.scores());
    score_.masks_made();
  }

  SitePasses passes_;
  ElementScore& score_;
  RankedMasks& masks_;
  FallingBudget fall_;
  int64_t interval_, interval_final_, epoch_ = 0;  // epoch_: from 0
  Batch batch_;                                    // of the running step
};

std::vector<double> shares_of(StepContext& context, const std::string& step) {
  return context.options().text("sensitivity.plugin").empty() ? std::vector<double>()
                                                              : context.series(step).at(kShares);
}

std::shared_ptr<Network> starting_at(const std::string& start, StepContext& context) {
  auto network = context.make_network("student");
  if (start == "teacher") copy_weights(context.teacher(), *network);
  return network;
}

// The options of a section but those of its parts that are named ("finetune").
Options without(const Options& options, const std::vector<std::string>& parts) {
  std::vector<std::string> names;
  for (const Options::Item& item : options.items()) {
    const std::string name = item.declaration.name;
    const bool left_out = std::any_of(parts.begin(), parts.end(),
                                      [&](const std::string& part) { return name.rfind(part + ".", 0) == 0; });
    if (!left_out) names.push_back(name);
  }
  return select(options, names);
}

}  // namespace

SitePasses::SitePasses(const std::vector<const ReluSite*>& sites, bool gradients) : gradients_(gradients) {
  for (const ReluSite* site : sites) passes_.push_back({site, {}, {}});
}

void SitePasses::at_site(const ReluSite& site, const torch::Tensor& pre, const torch::Tensor& post) {
  const auto own =
      std::find_if(passes_.begin(), passes_.end(), [&](const SitePass& pass) { return pass.site == &site; });
  if (own == passes_.end()) return;
  own->x = pre.detach();
  if (!gradients_) return;
  SENET_CHECK(post.requires_grad(), "ReLU site '", site.name(), "' is passed without gradients being recorded");
  post.register_hook([pass = &*own](const torch::Tensor& gradient) { pass->gradient = gradient.detach(); });
}

std::vector<SitePass> SitePasses::take() {
  std::vector<SitePass> taken = passes_;
  for (SitePass& pass : passes_) pass = {pass.site, {}, {}};
  return taken;
}

void SummedScore::begin(const std::vector<const ReluSite*>& sites, torch::Device device) {
  for (const ReluSite* site : sites)
    sums_.push_back(torch::zeros(site->shape(), torch::TensorOptions(device).dtype(torch::kFloat64)));
}

void SummedScore::add(const std::vector<SitePass>& passes, const Batch&) {
  const double share = share_of_batch();
  for (size_t l = 0; l < passes.size(); ++l) {
    SitePass pass = passes[l];
    if (share < 1 && pass.gradient.defined()) pass.gradient = pass.gradient / share;
    sums_[l].add_(of_batch(pass));
  }
}

void SummedScore::join() {
  if (!world()) return;
  for (torch::Tensor& sum : sums_) world()->sum(sum);
}

std::vector<torch::Tensor> SummedScore::scores() const {
  std::vector<torch::Tensor> scores;
  for (const torch::Tensor& sum : sums_) scores.push_back(of_sum(sum));
  return scores;
}

void SummedScore::masks_made() {
  for (torch::Tensor& sum : sums_) sum.zero_();
}

void SummedScore::state(Archive& archive) {
  for (size_t l = 0; l < sums_.size(); ++l) state_of_shard(archive, text("ranked.sum.", l), sums_[l]);
}

std::vector<Step> Ranked::steps(const Target& target) {
  name_ = target.method;
  const Options& options = target.options;
  const std::string& measure = options.text("sensitivity.plugin");
  const bool at_once = options.text("fall") == "at_once";
  const int64_t begin = options.integer("fall_begin"), epochs = options.integer("search.epochs");
  if (!at_once && begin > epochs) {
    fail_usage(options.item("fall_begin").origin, ": fall_begin = ", begin, ", after the ", epochs,
               " epochs of the search: the count of ReLUs would never fall; expected at most search.epochs");
  }
  const auto model = target.build(target.shape);
  check_stages(options, "finetune", *model);
  const auto sites = static_cast<int64_t>(model->sites().size());
  if (const int64_t linear = options.integer("linear_first"); linear >= sites)
    fail_usage(options.item("linear_first").origin, ": linear_first = ", linear, " leaves no ReLU site of ", sites);
  const std::string where = "where fall = \"" + options.text("fall") + "\"";
  if (at_once) refuse_without_part(options, "", {"fall_power", "fall_begin", "fall_end", "interval"}, where);
  if (!at_once) refuse_without_part(options, "", {"rank_images", "rank_batch"}, where);
  if (options.integer("interval") == 0 && options.integer("interval_final") > 0)
    refuse_without_part(options, "", {"interval_final"}, "in masks that interval = 0 makes anew at each epoch's end");
  std::vector<Step> steps;
  Step ranking{name_ + (at_once ? "_rank" : "_search"), "",
               without(options, at_once ? std::vector<std::string>{"finetune", "search"}
                                        : std::vector<std::string>{"finetune"})};
  if (!measure.empty()) {
    Step sensitivity{name_ + "_sensitivity", "", select(options, {"sensitivity."})};
    sensitivity.uses = {PluginKind::sensitivity, measure};
    sensitivity.beside_teacher = false;
    sensitivity.like_teacher = true;
    sensitivity.run = [measure](StepContext& context) {
      context.record(kShares, checked_sensitivity(context, measure));
      return nullptr;
    };
    ranking.on = {sensitivity.kind};
    steps.push_back(sensitivity);
  }
  ranking.budget = true;
  ranking.epochs = at_once ? 0 : options.integer("search.epochs");
  ranking.run = [this, at_once](StepContext& context) { return at_once ? rank(context) : search(context); };

  Step finetuning{name_ + "_finetune", "", select(options, {"temperature", "finetune."})};
  finetuning.on = {ranking.kind};
  finetuning.run = [this, found = ranking.kind](StepContext& context) { return finetune(context, found); };
  ranking.seeds = finetuning.seeds = name_;
  steps.push_back(ranking);
  steps.push_back(finetuning);
  return steps;
}

std::shared_ptr<Network> Ranked::rank(StepContext& context) const {
  const Options& options = context.options();
  const std::string& start = options.text("start");
  auto network = starting_at(start, context);
  RankedMasks masks(*network, options, shares_of(context, name_ + "_sensitivity"));
  const auto score = make_score(options);
  score->begin(masks.sites(), context.device());
  if (score->needs() != ElementScore::Needs::weights) {
    const bool gradients = score->needs() == ElementScore::Needs::gradients;
    SitePasses passes(masks.sites(), gradients);
    // Batch norm of a network that was never trained knows no statistics but a batch's own.
    network->train(start == "random");
    const torch::AutoGradMode recorded(gradients);
    const auto add = [&](const Batch& batch) {
      const torch::Tensor logits = network->forward(batch.images, &passes);
      if (gradients) cross_entropy(logits, batch.labels).backward();
      const torch::NoGradGuard no_gradient;
      score->add(passes.take(), batch);
    };
    context.for_each_batch(Part::train, options.integer("rank_batch"), options.integer("rank_images"), add);
    network->eval();
  }
  const int64_t count = falling_budget(options, masks.all(), context.budget()).budget;
  masks.keep(count, score->scores());
  if (const auto given = masks.allocation(count); !given.empty()) context.record_allocation(given);
  return network;
}

std::shared_ptr<Network> Ranked::search(StepContext& context) const {
  const Options& options = context.options();
  auto network = starting_at(options.text("start"), context);
  RankedMasks masks(*network, options, shares_of(context, name_ + "_sensitivity"));
  const auto score = make_score(options);
  score->begin(masks.sites(), context.device());
  const DistilledSettings distilled = distilled_settings(options, "search");
  const FallingBudget fall = falling_budget(options, masks.all(), context.budget());
  RankedSearch objective(context.teacher(), *network, distilled, *score, masks, fall, options);
  context.train("search", *network, objective, context.training("search"));
  if (const auto given = masks.allocation(fall.budget); !given.empty()) context.record_allocation(given);
  return network;
}

std::shared_ptr<Network> Ranked::finetune(StepContext& context, const std::string& found) const {
  const Options& options = context.options();
  const std::string& start = options.text("finetune.start");
  auto network = context.make_network("student");
  context.load_network(found, *network);
  std::vector<torch::Tensor> masks = network->masks();
  if (start != "ranked") network = starting_at(start, context);
  if (options.text("finetune.pixels") == "random") {
    for (size_t l = 0; l < masks.size(); ++l) {
      const uint64_t seed = derive_seed(context.seed(), text(name_, "/pixels/", l));
      masks[l] = random_mask(masks[l].sizes(), masks[l].sum().item<int64_t>(), seed);
    }
  }
  network->set_masks(masks);
  Distilled objective(context.teacher(), *network, distilled_settings(options, "finetune"));
  context.train("finetune", *network, objective, context.training("finetune"));
  return network;
}

}  // namespace senet
