#include "train/training_settings.h"

#include <cmath>
#include <set>

#include "config/share.h"
#include "senet/choice.h"
#include "senet/error.h"

namespace senet {

namespace {

constexpr Choice<Schedule> kSchedules[] = {
    {"step", Schedule::step}, {"cosine", Schedule::cosine}, {"constant", Schedule::constant}};

constexpr Choice<OptimizerKind> kOptimizers[] = {
    {"sgd", OptimizerKind::sgd}, {"adam", OptimizerKind::adam}, {"adamw", OptimizerKind::adamw}};

constexpr double kPi = 3.14159265358979323846;

constexpr Option kScheduleOptions[] = {
    integer_option("epochs", "240", "passes over the training images").between(1, 1e6).counts_epochs(),
    real_option("lr", "0.05", "initial learning rate").at_least(0).of_schedule(),
    text_option("optimizer", "\"sgd\"", "SGD with momentum, Adam, or Adam with decoupled weight decay")
        .one_of("sgd adam adamw")
        .of_schedule(),
    real_option("momentum", "0.9", "of SGD").between(0, 1).of_schedule(),
    boolean_option("nesterov", "false", "SGD with Nesterov's momentum").of_schedule(),
    real_option("weight_decay", "5e-4", "weight decay, on all parameters").at_least(0).of_schedule(),
    text_option("schedule", "\"step\"",
                "of the learning rate: drops at lr_drops, half a cosine to lr_floor, or constant")
        .one_of("step cosine constant")
        .of_schedule(),
    reals_option("lr_drops", "[0.625, 0.75, 0.875]",
                 "fractions f of the epochs E; a drop starts with the first epoch whose 0-based index is at least f·E")
        .between(0, 1)
        .of_schedule(),
    real_option("lr_drop_factor", "0.1", "what each drop multiplies the learning rate by").between(0, 1).of_schedule(),
    real_option("lr_floor", "0", "the learning rate that a cosine ends at").at_least(0).of_schedule(),
    integer_option("warmup_epochs", "0",
                   "W: in epoch e < W, from 0, the learning rate is (e + 1)/(W + 1) of the schedule's")
        .at_least(0)
        .of_schedule(),
    boolean_option("best_epoch", "false",
                   "leaves the network of the epoch that scores best on the held-out images, not the last one's; of "
                   "those alone whose network meets the budget; the last one's where none does")
        .of_schedule(),
};

constexpr Option kInputOptions[] = {
    integer_option("batch", "128", "images a step; the last, partial batch of an epoch is kept")
        .at_least(1)
        .of_schedule(),
    integer_option("crop_padding", "4",
                   "random crop of the original size after zero padding by so many pixels; 0: none")
        .between(0, 64)
        .in("pixels")
        .of_schedule(),
    boolean_option(
        "random_resized", "false",
        "random resized crop (area 8–100 %, aspect 3/4–4/3) of the image as it is stored, as ImageNet trainings "
        "use it, in place of the padded crop")
        .of_schedule(),
    boolean_option("flip", "true", "random horizontal flip").of_schedule(),
    integer_option("cutout", "0", "side of a black square, its middle anywhere in the image; 0: none")
        .between(0, 4096)
        .in("pixels")
        .of_schedule(),
    real_option("checkpoint_seconds", "60",
                "time between checkpoints; one is also written at the end of a training and at a stop")
        .at_least(0)
        .in("s")
        .without_effect(),
};

}  // namespace

std::vector<Option> training_options(const std::string& prefix) {
  std::vector<Option> all = declare(kScheduleOptions, training_input_options());
  if (prefix.empty()) return all;
  for (Option& option : all) option = with_prefix(option, prefix + ".");
  return all;
}

Options resolve_with_training(const Document& document, const std::string& section, const std::vector<Option>& declared,
                              int cell) {
  return document.resolve(section, declared, cell, "training", training_options());
}

Option with_prefix(Option option, const std::string& prefix) {
  static auto* const names = new std::set<std::string>;  // an option's name is no copy
  option.name = names->insert(prefix + option.name).first->c_str();
  return option;
}

Options without_prefix(const Options& options, const std::string& prefix) {
  Options found(options.section());
  for (Options::Item item : options.items()) {
    if (std::string(item.declaration.name).rfind(prefix, 0) != 0) continue;
    item.declaration.name += prefix.size();
    found.add(item);
  }
  return found;
}

Options options_of_measure(const Options& of_step) {
  return of_step.has(std::string(kMeasurePrefix) + "plugin") ? without_prefix(of_step, kMeasurePrefix) : of_step;
}

std::vector<Option> training_input_options() { return declare(kInputOptions); }

TrainingSettings training_settings(const Options& options, const std::string& prefix) {
  const auto name = [&](const char* option) { return prefix.empty() ? option : prefix + "." + option; };
  TrainingSettings settings;
  settings.batch = options.integer(name("batch"));
  settings.crop_padding = options.integer(name("crop_padding"));
  settings.random_resized = options.boolean(name("random_resized"));
  settings.flip = options.boolean(name("flip"));
  settings.cutout = options.integer(name("cutout"));
  settings.checkpoint_seconds = options.real(name("checkpoint_seconds"));
  if (!options.has(name("lr_drop_factor"))) return settings;
  settings.epochs = options.integer(name("epochs"));
  settings.lr = options.real(name("lr"));
  settings.optimizer = choice_of(options, name("optimizer"), kOptimizers);
  settings.momentum = options.real(name("momentum"));
  settings.nesterov = options.boolean(name("nesterov"));
  settings.weight_decay = options.real(name("weight_decay"));
  settings.schedule = choice_of(options, name("schedule"), kSchedules);
  settings.lr_drops = options.reals(name("lr_drops"));
  settings.lr_drop_factor = options.real(name("lr_drop_factor"));
  settings.lr_floor = options.real(name("lr_floor"));
  settings.warmup_epochs = options.integer(name("warmup_epochs"));
  settings.best_epoch = options.boolean(name("best_epoch"));
  return settings;
}

double TrainingSettings::lr_at(int64_t epoch) const {
  const int64_t all = restart_epochs > 0 ? restart_epochs : epochs;
  const auto now = static_cast<double>(restart_epochs > 0 ? epoch % restart_epochs : epoch),
             end = static_cast<double>(all);
  double rate = lr;
  if (schedule == Schedule::cosine) rate = lr_floor + (lr - lr_floor) * 0.5 * (1 + std::cos(kPi * now / end));
  if (schedule == Schedule::step) {
    for (const double fraction : lr_drops) {
      if (now >= share_of(fraction, all)) rate *= lr_drop_factor;
    }
  }
  if (epoch < warmup_epochs) rate *= static_cast<double>(epoch + 1) / static_cast<double>(warmup_epochs + 1);
  return rate;
}

}  // namespace senet
