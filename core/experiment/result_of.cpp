#include "experiment/result_of.h"

#include <torch/types.h>

#include <algorithm>

#include "evaluate/evaluation.h"
#include "experiment/environment.h"
#include "senet/error.h"

namespace senet {

namespace {

constexpr const char* kSensitivitySeries = "sensitivity";  // η of each site, as the step records it

NetworkScores scores_of(const NetworkRecord& network) {
  NetworkScores scores{network.test.accuracy, network.test.loss,      network.test.images, {},
                       network.relus,         network.multiplications};
  if (network.held_out) scores.held_out_accuracy = network.held_out->accuracy;
  if (network.before_finetuning) scores.accuracy_before_finetuning = network.before_finetuning->accuracy;
  return scores;
}

ResultModel model_of(const FinishedCell& finished, Network& network) {
  const Options& options = finished.cell.section("model");
  const NetworkRecord& evaluated = finished.evaluation.evaluation.value().network;
  return {options.text("plugin"),
          model_variant(options),
          finished.teacher_evaluation.evaluation.value().network.relus,
          evaluated.parameters,
          evaluated.macs,
          macs_of_layers(network),
          evaluated.outside_sites,
          finished.method.back().made_smaller};
}

ResultDataset dataset_of(const FinishedCell& finished) {
  const DataSplits& data = finished.laboratory.data;
  return {finished.cell.section("dataset").text("plugin"),
          data.fingerprint,
          data.train.count(),
          data.held_out.count(),
          data.test.count(),
          data.left_out,
          data.classes,
          {data.input.channels, data.input.height, data.input.width}};
}

// What a phase of the method recorded: of sites, series, curves, candidates.
void add_record(const PhaseRecord& phase, Result& result) {
  for (size_t l = 0; l < phase.allocated.size(); ++l) result.sites.at(l).allocated = phase.allocated[l];
  for (const auto& [name, values] : phase.series) {
    if (name != kSensitivitySeries) {
      result.series[name] = values;
      continue;
    }
    for (size_t l = 0; l < values.size(); ++l) result.sites.at(l).sensitivity = values[l];
  }
  for (const auto& [name, training] : phase.trainings) {
    if (!training.curves.empty()) result.curves[name == kNetwork ? phase.kind : name] = training.curves;
  }
  result.candidates.insert(result.candidates.end(), phase.candidates.begin(), phase.candidates.end());
}

std::vector<ResultWidth> widths_of(const EvaluationRecord& evaluation, const NetworkRecord& teacher) {
  std::vector<ResultWidth> widths;
  for (const NetworkRecord& at : evaluation.widths)
    widths.push_back({at.width, scores_of(at), at.parameters, at.macs, at.outside_sites,
                      static_cast<double>(teacher.relus) / static_cast<double>(at.relus),
                      static_cast<double>(teacher.macs) / static_cast<double>(at.macs)});
  return widths;
}

// `deployed`: the trainings that the finished network went through.
ResultPhase phase_of(const PhaseRecord& done, const Laboratory& laboratory, const std::vector<std::string>& deployed) {
  const int64_t images = laboratory.data.train.count();
  const TrainingTime time = training_time(done, images);
  ResultPhase phase{done.kind,    done.key,          done.step,
                    time.seconds, time.image_passes, {},
                    done.parts,   done.environment,  done.earlier_environments};
  if (!deployed.empty() && (!done.trainings.empty() || done.image_passes > 0)) {
    PhaseRecord own;
    std::copy_if(done.trainings.begin(), done.trainings.end(), std::back_inserter(own.trainings),
                 [&](const auto& training) {
                   return std::count(deployed.begin(), deployed.end(), done.kind + "/" + training.first) > 0;
                 });
    phase.deployed_image_passes = training_time(own, images).image_passes;
  }
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
    if (const auto cut = phase->series.find("cut");
        cut != phase->series.end() && cut->second.size() == 1 && cut->second[0] > 0) {
      remarks.push_back(text(phase->kind, ": ", static_cast<int64_t>(cut->second[0]),
                             " ReLUs were above the budget at its end and were cut"));
    }
    for (const auto& [name, training] : phase->trainings) {
      if (training.epochs_not_logged > 0)
        remarks.push_back(text(phase->kind, ": the log lost ", training.epochs_not_logged, " of the ", training.epochs,
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
  const EvaluationRecord& evaluation = finished.evaluation.evaluation.value();
  const NetworkRecord& teacher = finished.teacher_evaluation.evaluation.value().network;
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
  result.model = model_of(finished, network);
  result.dataset = dataset_of(finished);
  result.teacher = scores_of(teacher);
  result.network = scores_of(evaluation.network);
  result.widths = widths_of(evaluation, teacher);
  for (const SiteRecord& site : evaluation.sites) result.sites.push_back({site, {}, {}});
  for (const PhaseRecord& phase : finished.method) {
    // What one of several trainings recorded stands in its own record; the result has what the step behind them chose.
    if (phase.step.empty()) add_record(phase, result);
  }
  for (const PhaseRecord* phase : done)
    result.phases.push_back(phase_of(*phase, finished.laboratory, finished.method.back().deployed));
  result.changes = finished.cell.changes();
  result.remarks = remarks_of(finished, done);
  result.settings = finished.cell.settings();
  result.reach_of_training = finished.cell.reach_of_training();
  result.precision = precision_name(finished.laboratory.precision);
  result.environment = result.network_phase().environment;
  result.finished = finished.evaluation.finished;
  return result;
}

}  // namespace senet
