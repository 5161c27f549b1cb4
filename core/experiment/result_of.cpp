#include "experiment/result_of.h"

#include <torch/types.h>

#include "evaluate/evaluation.h"
#include "experiment/environment.h"
#include "senet/error.h"

namespace senet {

std::set<std::string> keys_of(const Result& result) {
  std::set<std::string> keys;
  for (const Json& phase : result.json.at("phases")) keys.insert(phase.at("key").get<std::string>());
  return keys;
}

Result result_of(const FinishedCell& finished, Network& network, const std::map<std::string, int64_t>& versions) {
  const Cell& cell = finished.cell;
  const Laboratory& laboratory = finished.laboratory;
  std::vector<PhaseRecord> done = {finished.teacher, finished.teacher_evaluation}, method;
  for (const PhaseRecord& phase : finished.method) {
    done.push_back(phase);
    // What one of several trainings recorded stands in its own record; the result has what the step behind them chose.
    if (phase.step.empty()) method.push_back(phase);
  }
  done.push_back(finished.evaluation);

  const DataSplits& data = laboratory.data;
  Json sites = finished.evaluation.json.at("sites"), series = Json::object(), curves = Json::object();
  for (const PhaseRecord& phase : method) {
    // "kept" is what earlier records call it.
    const Json allocated = phase.json.value("allocated", phase.json.value("kept", Json::array())),
               recorded = phase.json.value("series", Json::object()),
               trainings = phase.json.value("trainings", Json::object());
    for (size_t l = 0; l < allocated.size(); ++l) sites[l]["allocated"] = allocated[l];
    for (const auto& [name, values] : recorded.items()) {
      if (values.size() != sites.size()) {
        series[name] = values;
        continue;
      }
      for (size_t l = 0; l < sites.size(); ++l) sites[l][name] = values[l];
    }
    for (const auto& [name, training] : trainings.items()) {
      const Json own = training.value("curves", Json::object());
      if (!own.empty()) curves[name == kNetwork ? phase.kind : name] = own;
    }
  }
  Json phase_list = Json::array();
  const auto list = [&](const std::string& kind, const std::string& key, const TrainingTime& time) -> Json& {
    return phase_list.emplace_back(
        Json{{"kind", kind}, {"key", key}, {"training_seconds", time.seconds}, {"image_passes", time.image_passes}});
  };
  const auto add_environments = [&](Json& row, const Json& record) {
    for (const char* name : {"environment", "earlier_environments"}) {
      if (record.contains(name)) row[name] = record.at(name);
    }
    if (row.contains("environment")) row["environment"]["precision"] = precision_name(laboratory.precision);
  };
  for (const PhaseRecord& phase : done) {
    Json& row = list(phase.kind, phase.key, training_time(phase.json, data.train.count()));
    if (!phase.step.empty()) row["training"] = phase.step;
    add_environments(row, phase.json);
  }
  const auto numbers = [](const Json& record) {
    Json json = record.at("test");
    if (record.contains("held_out")) json["held_out_accuracy"] = record.at("held_out").at("accuracy");
    json["relus"] = record.at("relus");
    return json;
  };

  Result result;
  result.json = {
      {"schema", kResultSchema},
      {"experiment", finished.experiment},
      {"cell", {{"label", cell.label}, {"method", cell.method}}},
      {"seed", finished.seed},
      {"budget", {{"asked", finished.budget_asked}, {"relus", finished.budget}}},
      {"model",
       {{"plugin", cell.section("model").text("plugin")},
        {"variant", model_variant(cell.section("model"))},
        {"relus", finished.teacher_evaluation.json.at("relus")},
        {"parameters", finished.evaluation.json.at("parameters")},
        {"macs", finished.evaluation.json.at("macs")},
        {"layers", describe_layers(network)}}},
      {"dataset",
       {{"plugin", cell.section("dataset").text("plugin")},
        {"fingerprint", data.fingerprint},
        {"train", data.train.count()},
        {"held_out", data.held_out.count()},
        {"test", data.test.count()},
        {"left_out", data.left_out},
        {"classes", data.classes},
        {"input", {laboratory.input.channels, laboratory.input.height, laboratory.input.width}}}},
      {"teacher", numbers(finished.teacher_evaluation.json)},
      {"result", numbers(finished.evaluation.json)},
      {"curves", std::move(curves)},
      {"sites", std::move(sites)},
      {"phases", std::move(phase_list)},
      {"deviations", cell.changes()},
      {"settings", cell.settings()},
      {"reach_of_training", cell.reach_of_training()},
      {"precision", precision_name(laboratory.precision)},
      {"environment", finished.method.back().json.at("environment")},
      {"finished", finished.evaluation.json.at("finished")},
  };
  describe_outside_sites(count(network), result.json["model"]);
  for (Json& phase : result.json["phases"]) {
    for (const std::string& part : versioned_parts(result.json, phase.at("kind").get<std::string>()))
      phase["versions"][part] = versions.at(part);
  }
  if (!series.empty()) result.json["series"] = std::move(series);
  for (const PhaseRecord& phase : method) {
    if (phase.json.contains("candidates")) result.json["candidates"] = phase.json.at("candidates");
    if (phase.json.contains("shape")) result.json["model"]["made_smaller"] = phase.json.at("shape");
    if (phase.kind == "mask") {
      result.json["mask_identification"] = phase.json.at("trainings").at(kNetwork).at("last_epoch");
    }
  }
  for (const Json& at : finished.evaluation.json.value("widths", Json::array())) {
    Json row = {{"width", at.at("width")}};
    row.update(numbers(at));
    row["parameters"] = at.at("parameters");
    row["macs"] = at.at("macs");
    for (const char* name : {"max_pool_comparisons", "not_counted"})
      if (at.contains(name)) row[name] = at.at(name);
    row["relu_saving"] = finished.teacher_evaluation.json.at("relus").get<double>() / at.at("relus").get<double>();
    row["mac_saving"] = finished.teacher_evaluation.json.at("macs").get<double>() / at.at("macs").get<double>();
    result.json["widths"].push_back(std::move(row));
  }
  if (data.held_out.count() > 0 && !cell.section("dataset").boolean("holdout_is_training")) {
    result.json["deviations"].push_back(
        text(data.held_out.count(), " of the training images are held out and never trained on"));
  }
  if (data.left_out > 0) {
    result.json["deviations"].push_back(text(data.left_out, " images that cannot be decoded are left out"));
  }
  for (const PhaseRecord& phase : done) {
    const Json trainings = phase.json.value("trainings", Json::object());
    for (const auto& [name, training] : trainings.items()) {
      const auto lost = training.value("epochs_not_logged", int64_t{0});
      if (lost == 0) continue;
      result.json["deviations"].push_back(text(phase.kind, ": the log lost ", lost, " of the ", training.at("epochs"),
                                               " epochs of training '", name, "'; its curves lack them"));
    }
  }
  return result;
}

}  // namespace senet
