#include "method/phases.h"

#include <torch/types.h>

#include <cmath>

#include "method/objectives.h"
#include "phase/imported.h"
#include "senet/allocation.h"
#include "senet/error.h"
#include "storage/files.h"
#include "storage/hash.h"
#include "train/training_settings.h"

namespace senet {

namespace {

constexpr Option kTeacherOptions[] = {
    text_option(
        "weights", "\"\"",
        "a .safetensors file of a network to take for the teacher; nothing is trained then (`senet import` checks "
        "it)"),
};

constexpr Option kSensitivityOptions[] = {
    text_option("plugin", "\"pruning\"", "the sensitivity measure; a plugin"),
    text_option(
        "from", "\"\"",
        "a cell of this experiment, or a result's file, whose sensitivities are taken; nothing is measured then")
        .names_source(),
};

constexpr Option kMaskOptions[] = {
    integer_option("epochs", "150", "passes over the training images; 0 only with from")
        .between(0, 1e6)
        .counts_epochs(),
    text_option(
        "from", "\"\"",
        "masks to keep as they are: of a cell of this experiment, by its label, at the same budget and seed; or of "
        "a file, a result or its .masks. Nothing is measured then, and no mask is chosen but with pixels found")
        .names_source(),
    text_option("pixels", "\"kept\"",
                "with from: which elements the masks keep: those of the source, or as many of each layer, at random or "
                "found as without from")
        .one_of("kept random found"),
    real_option("falling", "0",
                "share f of the epochs E over which the budget falls from all ReLUs to the cell's: in epoch e a layer "
                "keeps r + (C·H·W − r)·½·(1 + cos(π·e/(f·E))) of them; 0: r from the first step")
        .between(0, 1),
    text_option("first", "\"random\"",
                "the masks of the first steps: r elements of each layer at random, or the r of largest Σ max(−x, 0) "
                "over the training images, with the teacher's pre-activation x (one more pass over them)")
        .one_of("random teacher"),
    text_option("granularity", "\"pixel\"",
                "what a mask keeps or drops as one: pixels, or channels by their mean score over H×W")
        .one_of("pixel channel"),
    text_option("last_channel", "\"partial\"",
                "with granularity channel, where a layer's r ReLUs are no whole number of channels: the next channel "
                "keeps the rest, its pixels of largest score (partial), or none, and the layer ends under its r (drop)")
        .one_of("partial drop"),
    text_option("score", "\"post\"",
                "D of a pixel, summed over the images, with the teacher's activation A: |A − the student's output| "
                "(post), |A − x| with its pre-activation x (pre), |A − x| − |A − max(x, 0)| = max(−x, 0) (gain)")
        .one_of("post pre gain"),
    real_option("score_memory", "0", "m: pixels are ranked by the average D̄ ← m·D̄ + (1 − m)·D of the updates so far")
        .between(0, 0.999),
    text_option("update", "\"epoch\"",
                "when masks are chosen anew: at each epoch's end; every update_steps steps of an epoch and at its end; "
                "never: the first masks stay, to compare with")
        .one_of("epoch steps never"),
    integer_option("update_steps", "100", "with update steps: so many").at_least(1).in("steps"),
    real_option(
        "stop_nhd", "0",
        "ends when NHD = Σ_l Hamming(M_l, M_l before)/(C·H·W) was at most this at each of the last stop_updates "
        "updates; 0: after all epochs")
        .at_least(0),
    integer_option("stop_updates", "3", "with stop_nhd: so many in a row").at_least(1),
    reals_option("widths", "[1.0]",
                 "SENet++: the widths s to train at once, 1 among them; each layer's first ⌊s·C⌋ channels, with batch "
                 "norms of their own. Masks are found at width 1; losses are summed over the widths. The fine-tuning "
                 "takes the same")
        .between(0, 1),
    text_option("start", "\"random\"", "the student's first weights: random, or the teacher's")
        .one_of("random teacher"),
    real_option("ce_weight", "0.5", "γ, weight of the cross entropy").at_least(0),
    real_option("kd_weight", "0.5", "α, weight of the distillation").at_least(0),
    text_option("pram", "\"none\"", "a post-ReLU activation mismatch in the loss of this phase, too")
        .one_of("attention vector none"),
    integers_option("pram_stages", "[]", "as in fine-tuning").at_least(1),
    real_option("beta", "1000", "β, its weight").at_least(0),
    kTemperatureOption,
};

constexpr Option kFinetuneOptions[] = {
    integer_option("epochs", "180", "passes over the training images, with the masks frozen")
        .between(1, 1e6)
        .counts_epochs(),
    real_option("lr", "0.01", "initial learning rate").at_least(0).of_schedule(),
    real_option("kd_weight", "0.9", "λ, weight of the distillation").between(0, 1),
    real_option("ce_weight", "-1", "weight of the cross entropy; -1: 1 − λ").at_least(-1),
    kTemperatureOption,
    text_option("pram", "\"attention\"", "form of the post-ReLU activation mismatch").one_of("attention vector none"),
    integers_option("pram_stages", "[]", "the residual stages whose ends it compares; []: all of the model's")
        .at_least(1),
    real_option("beta", "1000", "β, weight of the post-ReLU activation mismatch").at_least(0),
    real_option(
        "vector_beta", "0",
        "β with pram vector; 0: beta. The form attention is a mean over H·W and vector is none, so that the same "
        "β weighs H·W/2 times as much there, 512 times at 32×32")
        .at_least(0),
};

}  // namespace

std::vector<Option> teacher_options() { return declare(kTeacherOptions, training_options()); }
std::vector<Option> sensitivity_options(const std::vector<Option>& plugin_options) {
  return declare(kSensitivityOptions, declare(plugin_options.data(), plugin_options.size(), training_options()));
}
std::vector<Option> mask_options() { return declare(kMaskOptions, training_options()); }
std::vector<Option> finetune_options() { return declare(kFinetuneOptions, training_options()); }

PhaseInputs teacher_inputs(const PhaseBase& base, const Options& teacher) {
  const std::string& weights = teacher.text("weights");
  if (weights.empty()) return {"teacher", kTeacherVersion, base_inputs(base, teacher)};
  try {
    return {"teacher",
            kTeacherVersion,
            {{"model", base.model}, {"input", base.input}, {"weights", Hash().add(read_file(weights)).hex()}}};
  } catch (const Error& error) {
    fail_usage(teacher.item("weights").origin, ": teacher.weights: ", error.what());
  }
}

void run_teacher(StoredContext& context) {
  const auto network = context.make_network(kNetwork);
  const std::string& weights = context.options().text("weights");
  if (!weights.empty()) {
    import_network(weights, *network);
    context.keep(kNetwork, *network);
    return;
  }
  CrossEntropy objective(*network);
  context.train(kNetwork, *network, objective, context.training());
}

void refuse_without_part(const Options& options, const std::string& section, const std::vector<const char*>& names,
                         const std::string& where) {
  for (const char* name : names) {
    const Options::Item& item = options.item(name);
    if (!item.is_default) fail_usage(item.origin, ": ", section, name, " has no part ", where);
  }
}

void check_sensitivity(const std::vector<double>& values, size_t sites, const std::string& where) {
  if (values.size() != sites) {
    fail_usage(where, " gave ", values.size(), " numbers, expected one for each of ", sites, " ReLU sites");
  }
  bool any = false;
  for (size_t l = 0; l < values.size(); ++l) {
    if (!std::isfinite(values[l]) || values[l] < 0) {
      fail_usage(where, " gave ", values[l], " for ReLU site ", l, " (from 0), expected a finite number of at least 0");
    }
    any = any || values[l] > 0;
  }
  if (!any) fail_usage(where, " gave 0 for every ReLU site: there are no proportions to share a budget by");
}

std::vector<double> checked_sensitivity(StepContext& context, const std::string& measure) {
  std::vector<double> values = context.measure(measure);
  check_sensitivity(values, context.teacher().sites().size(), "sensitivity plugin '" + measure + "'");
  return values;
}

std::vector<int64_t> relu_budgets(const Network& network, const std::vector<double>& sensitivity, int64_t budget) {
  std::vector<int64_t> caps;
  for (const ReluSite& site : network.sites()) caps.push_back(site.relus());
  return allocate(budget, sensitivity, caps);
}

int64_t parse_budget(const std::string& budget, int64_t relus, const std::string& origin) {
  const auto malformed = [&]() {
    fail_usage(origin, ": budget '", budget, "' is neither a count such as 15000 nor a share such as \"10%\"");
  };
  const bool share = !budget.empty() && budget.back() == '%';
  const std::string number = share ? budget.substr(0, budget.size() - 1) : budget;
  if (number.empty() || number.size() > 15 || number.find_first_not_of("0123456789.") != std::string::npos) malformed();
  const size_t point = number.find('.');
  if (point != std::string::npos &&
      (!share || number.find('.', point + 1) != std::string::npos || number.size() == 1)) {
    malformed();
  }
  // Decimal digits over a power of ten: a share is exact, where 0.1 as a double is not.
  __int128 digits = 0, scale = share ? 100 : 1;
  for (size_t i = 0; i < number.size(); ++i) {
    if (number[i] == '.') continue;
    digits = digits * 10 + (number[i] - '0');
    if (point != std::string::npos && i > point) scale *= 10;
  }
  const __int128 count = share ? digits * relus / scale : digits;
  if (count < 1 || count > relus) {
    const std::string shown =
        count > relus * __int128{1000000} ? "far more" : std::to_string(static_cast<int64_t>(count));
    fail_usage(origin, ": budget '", budget, "' is ", shown, " ReLUs; the model has ", relus,
               ", so expected between 1 and ", relus, share ? " (at most \"100%\")" : "");
  }
  return static_cast<int64_t>(count);
}

}  // namespace senet
