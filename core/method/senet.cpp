#include "method/senet.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <numeric>

#include "method/objectives.h"
#include "method/phases.h"
#include "senet/choice.h"
#include "senet/random.h"
#include "senet/sensitivity.h"

namespace senet {

namespace {

constexpr int kSensitivityVersion = 1;
constexpr int kMaskVersion = 1;
constexpr int kFinetuneVersion = 1;

Widths at_widths(PhaseContext& context, Network& full, const std::vector<double>& widths) {
  return {full, widths,
          [&](double scale) { return context.make_network(text("width/", scale), context.shape().at_scale(scale)); }};
}

constexpr Choice<MaskScore> kScores[] = {{"post", MaskScore::post}, {"pre", MaskScore::pre}, {"gain", MaskScore::gain}};
constexpr Choice<Granularity> kGranularities[] = {{"pixel", Granularity::pixel}, {"channel", Granularity::channel}};

bool counts_epochs(const PluginHost& plugins, const std::string& measure) {
  const std::vector<Option> options = plugins.options(PluginKind::sensitivity, measure);
  return std::any_of(options.begin(), options.end(),
                     [](const Option& option) { return option.kind == OptionKind::epochs; });
}

void measure_sensitivity(StepContext& context) {
  const std::string measure = context.options().text("plugin");  // whose options are others while it measures
  context.record("sensitivity", checked_sensitivity(context, measure));
}

MaskSettings mask_settings(const Options& options) {
  MaskSettings settings;
  settings.distilled = distilled_settings(options);
  const double falling = options.real("falling");
  if (falling > 0) settings.fall = {Fall::cosine, 1, 0, falling, options.integer("epochs")};
  settings.score = choice_of(options, "score", kScores);
  settings.score_memory = options.real("score_memory");
  settings.rule.granularity = choice_of(options, "granularity", kGranularities);
  settings.rule.partial_channel = options.text("last_channel") == "partial";
  settings.update = options.text("update") != "never";
  settings.update_steps = options.text("update") == "steps" ? options.integer("update_steps") : 0;
  settings.stop_nhd = options.real("stop_nhd");
  settings.stop_updates = options.integer("stop_updates");
  return settings;
}

// The ReLUs that masks keep of each layer. Throws (exit code 2) where they are more than the budget.
std::vector<int64_t> counts_of(const std::vector<torch::Tensor>& masks, int64_t budget) {
  std::vector<int64_t> counts;
  for (const torch::Tensor& mask : masks) counts.push_back(mask.sum().item<int64_t>());
  const int64_t all = std::accumulate(counts.begin(), counts.end(), int64_t{0});
  if (all > budget) fail_usage("mask.from gives masks that keep ", all, " ReLUs, more than the budget of ", budget);
  return counts;
}

void find_masks(StepContext& context, bool sensitivity_is_taken) {
  const Options& options = context.options();
  MaskSettings settings = mask_settings(options);
  std::vector<int64_t> relus;
  if (options.text("from").empty()) {
    const std::vector<double>& sensitivity = context.series("sensitivity").at("sensitivity");
    if (sensitivity_is_taken) {
      check_sensitivity(sensitivity, context.teacher().sites().size(), "the source of sensitivity.from");
      context.record("sensitivity", sensitivity);
    }
    relus = relu_budgets(context.teacher(), sensitivity, context.budget());
  } else {
    const std::vector<torch::Tensor> masks = context.masks("from");
    relus = counts_of(masks, context.budget());
    if (options.text("pixels") == "kept") settings.first = masks;
    if (options.text("pixels") != "found") settings.update = false;
  }
  if (options.text("first") == "teacher") settings.first_scores = relu_gains(context.teacher(), context);
  const auto student = context.make_network(kNetwork);
  if (options.text("start") == "teacher") copy_weights(context.teacher(), *student);
  const std::vector<double>& widths = options.reals("widths");
  MaskIdentification objective(context.teacher(), at_widths(context, *student, widths), relus, settings,
                               derive_seed(context.seed(), "mask"));
  context.train(kNetwork, *student, objective, context.training());
  context.record_allocation(relus);
  context.record_widths(widths);
}

void finetune(StepContext& context, const std::vector<double>& widths) {
  const Options& options = context.options();
  const auto student = context.make_network(kNetwork);
  Widths all = at_widths(context, *student, widths);
  context.load_network("mask", *student);
  DistilledSettings settings = distilled_settings(options);
  if (settings.pram == PramForm::vector && options.real("vector_beta") > 0)
    settings.pram_weight = options.real("vector_beta");
  all.cut_masks();
  Finetuning objective(context.teacher(), all, settings);
  context.train(kNetwork, *student, objective, context.training());
  context.record_widths(widths);
}

// A step whose body trains the network that it leaves under kNetwork.
Step step_of(const Options& section, int version, const std::function<void(StepContext&)>& body) {
  Step step{section.section(), "", section};
  step.version = version;
  step.run = [body](StepContext& context) {
    body(context);
    return nullptr;
  };
  return step;
}

}  // namespace

std::map<std::string, std::vector<Option>> senet_options() {
  return {{"sensitivity", sensitivity_options({})}, {"mask", mask_options()}, {"finetune", finetune_options()}};
}

std::map<std::string, int64_t> senet_versions() {
  return {{"sensitivity", kSensitivityVersion}, {"mask", kMaskVersion}, {"finetune", kFinetuneVersion}};
}

Senet::Senet(const PluginHost& plugins, const std::map<std::string, Options>& sections)
    : plugins_(plugins),
      sensitivity_(sections.at("sensitivity")),
      mask_(sections.at("mask")),
      finetune_(sections.at("finetune")) {}

std::vector<Step> Senet::steps(const Target& target) {
  const std::string measure = sensitivity_.text("plugin");
  const std::vector<double> widths = mask_.reals("widths");
  for (const double width : widths) {
    if (width != 1) target.build(target.shape.at_scale(width));  // says what such a network cannot be
  }
  const auto model = target.build(target.shape);
  for (const Options* section : {&mask_, &finetune_}) check_stages(*section, "", *model);
  const std::string masks_from = mask_.text("from"), sensitivity_from = sensitivity_.text("from");
  const bool finds = masks_from.empty() || mask_.text("pixels") == "found";
  if (finds && mask_.integer("epochs") == 0)
    fail_usage(mask_.item("epochs").origin,
               ": mask.epochs = 0 finds no masks; expected at least 1, or mask.from with mask.pixels = \"kept\" or ",
               "\"random\"");
  if (mask_.text("update") == "never" && mask_.real("falling") > 0)
    refuse_without_part(mask_, "mask.", {"falling"}, "in masks that mask.update = \"never\" leaves as they are");
  if (!finds) refuse_without_part(mask_, "mask.", {"falling", "first"}, "in masks that mask.from gives");
  if (masks_from.empty())
    refuse_without_part(mask_, "mask.", {"pixels"},
                        "in masks that no mask.from gives; mask.update = \"never\" keeps random ones");
  Step sensitivity = step_of(sensitivity_, kSensitivityVersion, measure_sensitivity);
  sensitivity.also = {{"plugin", measure}};
  sensitivity.uses = {PluginKind::sensitivity, measure};
  if (!counts_epochs(plugins_, measure)) sensitivity.epochs = 0;
  sensitivity.beside_teacher = false;
  sensitivity.like_teacher = true;

  const bool sensitivity_is_taken = !sensitivity_from.empty();
  Step mask = step_of(mask_, kMaskVersion, [=](StepContext& context) { find_masks(context, sensitivity_is_taken); });
  if (!masks_from.empty()) {
    mask.sources = {{"from", {masks_from}}};
  } else if (sensitivity_is_taken) {
    mask.sources = {{sensitivity.kind, {sensitivity_from, "", sensitivity.kind}}};
  } else {
    mask.on = {sensitivity.kind};
  }
  mask.budget = true;
  mask.cost = std::accumulate(widths.begin(), widths.end(), 0.0);

  Step finetuning = step_of(finetune_, kFinetuneVersion, [widths](StepContext& context) { finetune(context, widths); });
  finetuning.on = {mask.kind};
  finetuning.cost = mask.cost;
  if (mask.on.empty()) return {mask, finetuning};
  return {sensitivity, mask, finetuning};
}

}  // namespace senet
