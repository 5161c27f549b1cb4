#include "experiment/result_of.h"

#include <torch/types.h>

#include "evaluate/evaluation.h"
#include "experiment/environment.h"
#include "senet/error.h"

namespace senet {

namespace {

constexpr const char* kSensitivitySeries = "sensitivity";  // η of each site, as run_sensitivity records it

NetworkScores scores_of(const Fields& evaluation) {
  const Fields test = evaluation.object("test");
  NetworkScores scores;
  scores.accuracy = test.share("accuracy");
  scores.loss = test.number("loss");
  scores.images = test.count("images");
  if (evaluation.has("held_out")) scores.held_out_accuracy = evaluation.object("held_out").share("accuracy");
  scores.relus = evaluation.count("relus");
  return scores;
}

ResultModel model_of(const FinishedCell& finished, const Fields& evaluation, Network& network) {
  const Options& options = finished.cell.section("model");
  ResultModel model;
  model.plugin = options.text("plugin");
  model.variant = model_variant(options);
  model.relus = Fields(finished.teacher_evaluation.json, "").count("relus");
  model.parameters = evaluation.count("parameters");
  model.macs = evaluation.count("macs");
  model.layers = macs_of_layers(network);
  const NetworkCounts counts = count(network);
  model.outside_sites = {counts.max_pool_comparisons, counts.not_counted};
  for (const PhaseRecord& phase : finished.method) {
    const Fields record(phase.json, "");
    if (!record.has("shape")) continue;
    const Fields shape = record.object("shape");
    if (shape.has("scale")) model.scale = shape.amount("scale");
    if (shape.has("stem_stride")) model.stem_stride = shape.count("stem_stride");
    model.blocks = shape.counts("blocks");
  }
  return model;
}

ResultDataset dataset_of(const FinishedCell& finished) {
  const DataSplits& data = finished.laboratory.data;
  const NetworkShape& input = finished.laboratory.input;
  return {finished.cell.section("dataset").text("plugin"),
          data.fingerprint,
          data.train.count(),
          data.held_out.count(),
          data.test.count(),
          data.left_out,
          data.classes,
          {input.channels, input.height, input.width}};
}

std::vector<ResultSite> sites_of(const Fields& evaluation) {
  std::vector<ResultSite> sites;
  for (const Fields& site : evaluation.objects("sites")) {
    // "kept" is what earlier records call it.
    const int64_t counted = site.count(site.has("counted") ? "counted" : "kept");
    sites.push_back({site.text("name"),
                     site.counts("shape"),
                     site.count("stage"),
                     site.text("conv"),
                     site.count("relus"),
                     counted,
                     {},
                     {}});
  }
  return sites;
}

// What a phase of the method recorded: of sites, series, curves, candidates.
void add_record(const PhaseRecord& phase, Result& result) {
  const Fields record(phase.json, "");
  const std::vector<int64_t> allocated = record.counts(record.has("allocated") ? "allocated" : "kept");
  for (size_t l = 0; l < allocated.size(); ++l) result.sites.at(l).allocated = allocated[l];
  for (const auto& [name, values] : record.named_numbers("series")) {
    if (name != kSensitivitySeries) {
      result.series[name] = values;
      continue;
    }
    for (size_t l = 0; l < values.size(); ++l) result.sites.at(l).sensitivity = values[l];
  }
  for (const auto& [name, training] : record.named_objects("trainings")) {
    for (const auto& [metric, values] : training.named_numbers("curves"))
      result.curves[name == kNetwork ? phase.kind : name][metric] = values;
    if (!training.has("last_epoch")) continue;
    // What an epoch lists stands in no curve: the last one's list does.
    const Fields last = training.object("last_epoch");
    for (const std::string& metric : last.names()) {
      if (last.value(metric).is_array())
        result.curves[name == kNetwork ? phase.kind : name][metric] = last.numbers(metric);
    }
  }
  for (const Fields& candidate : record.objects("candidates")) {
    result.candidates.push_back({candidate.text("name"), candidate.count("relus"), candidate.share("accuracy"),
                                 candidate.boolean("on_front"), candidate.boolean("chosen")});
  }
}

std::vector<ResultWidth> widths_of(const Fields& evaluation, const Fields& teacher) {
  std::vector<ResultWidth> widths;
  for (const Fields& at : evaluation.objects("widths")) {
    ResultWidth width{at.amount("width"),
                      scores_of(at),
                      at.count("parameters"),
                      at.count("macs"),
                      {at.count("max_pool_comparisons", 0), at.texts("not_counted")}};
    width.relu_saving = teacher.amount("relus") / static_cast<double>(width.scores.relus);
    width.mac_saving = teacher.amount("macs") / static_cast<double>(width.macs);
    widths.push_back(std::move(width));
  }
  return widths;
}

ResultPhase phase_of(const PhaseRecord& done, const Laboratory& laboratory) {
  const Fields record(done.json, "");
  const TrainingTime time = training_time(done.json, laboratory.data.train.count());
  ResultPhase phase;
  phase.kind = done.kind;
  phase.key = done.key;
  phase.training = done.step;
  phase.training_seconds = time.seconds;
  phase.image_passes = time.image_passes;
  phase.versions = done.parts;
  if (record.has("environment")) phase.environment = environment_from(record.object("environment"));
  for (const Fields& earlier : record.objects("earlier_environments"))
    phase.earlier_environments.push_back(environment_from(earlier));
  phase.environment.precision = precision_name(laboratory.precision);
  for (Environment& earlier : phase.earlier_environments) earlier.precision = phase.environment.precision;
  return phase;
}

std::vector<std::string> remarks_of(const FinishedCell& finished, const std::vector<const PhaseRecord*>& done) {
  const DataSplits& data = finished.laboratory.data;
  std::vector<std::string> remarks;
  if (data.held_out.count() > 0 && !finished.cell.section("dataset").boolean("holdout_is_training"))
    remarks.push_back(text(data.held_out.count(), " of the training images are held out and never trained on"));
  if (data.left_out > 0) remarks.push_back(text(data.left_out, " images that cannot be decoded are left out"));
  for (const PhaseRecord* phase : done) {
    for (const auto& [name, training] : Fields(phase->json, "").named_objects("trainings")) {
      const int64_t lost = training.count("epochs_not_logged", 0);
      if (lost > 0)
        remarks.push_back(text(phase->kind, ": the log lost ", lost, " of the ", training.count("epochs"),
                               " epochs of training '", name, "'; its curves lack them"));
    }
  }
  return remarks;
}

}  // namespace

std::set<std::string> keys_of(const Result& result) {
  std::set<std::string> keys;
  for (const ResultPhase& phase : result.phases) keys.insert(phase.key);
  return keys;
}

Result result_of(const FinishedCell& finished, Network& network) {
  const Fields teacher(finished.teacher_evaluation.json, ""), evaluation(finished.evaluation.json, "");
  std::vector<const PhaseRecord*> done = {&finished.teacher, &finished.teacher_evaluation};
  for (const PhaseRecord& phase : finished.method) done.push_back(&phase);
  done.push_back(&finished.evaluation);

  Result result;
  result.experiment = finished.experiment;
  result.label = finished.cell.label;
  result.method = finished.cell.method;
  result.seed = finished.seed;
  result.budget_asked = finished.budget_asked;
  result.budget = finished.budget;
  result.model = model_of(finished, evaluation, network);
  result.dataset = dataset_of(finished);
  result.teacher = scores_of(teacher);
  result.network = scores_of(evaluation);
  result.widths = widths_of(evaluation, teacher);
  result.sites = sites_of(evaluation);
  for (const PhaseRecord& phase : finished.method) {
    // What one of several trainings recorded stands in its own record; the result has what the step behind them chose.
    if (phase.step.empty()) add_record(phase, result);
  }
  for (const PhaseRecord* phase : done) result.phases.push_back(phase_of(*phase, finished.laboratory));
  result.changes = finished.cell.changes();
  result.remarks = remarks_of(finished, done);
  result.settings = finished.cell.settings();
  result.reach_of_training = finished.cell.reach_of_training();
  result.precision = precision_name(finished.laboratory.precision);
  result.environment = result.network_phase().environment;
  result.finished = evaluation.text("finished");
  return result;
}

}  // namespace senet
