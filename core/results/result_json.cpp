#include "results/result_json.h"

#include <algorithm>

#include "senet/error.h"

namespace senet {

void form(Form& form, NetworkScores& scores) {
  form.share("accuracy", scores.accuracy);
  form.number("loss", scores.loss);
  form.count("images", scores.images, Form::if_any);
  form.share("held_out_accuracy", scores.held_out_accuracy);
  form.count("relus", scores.relus);
  senet::form(form, scores.multiplications);
  form.share("accuracy_before_finetuning", scores.accuracy_before_finetuning);
}

void form(Form& form, ResultModel& model) {
  form.text("plugin", model.plugin);
  form.text("variant", model.variant);
  form.count("relus", model.relus, Form::if_any);
  form.count("parameters", model.parameters, Form::if_any);
  form.count("macs", model.macs);
  form.named("layers", model.layers);
  form.object("made_smaller", model.made_smaller);
  senet::form(form, model.outside_sites);
}

static void form(Form& form, ResultDataset& dataset) {
  form.text("plugin", dataset.plugin);
  form.text("fingerprint", dataset.fingerprint, Form::if_any);
  form.count("train", dataset.train);
  form.count("held_out", dataset.held_out, Form::if_any);
  form.count("test", dataset.test, Form::if_any);
  form.count("left_out", dataset.left_out, Form::if_any);
  form.count("classes", dataset.classes, Form::if_any);
  form.counts("input", dataset.input);
}

void form(Form& form, ResultSite& site) {
  senet::form(form, static_cast<SiteRecord&>(site));
  form.count("allocated", site.allocated);
  form.number("sensitivity", site.sensitivity);
}

void form(Form& form, ResultPhase& phase) {
  form.text("kind", phase.kind);
  form.text("key", phase.key);
  form.text("training", phase.training, Form::if_any);
  form.amount("training_seconds", phase.training_seconds);
  form.count("image_passes", phase.image_passes);
  form.count("deployed_image_passes", phase.deployed_image_passes);
  form.named("versions", phase.versions);
  form.object("environment", phase.environment);
  form.objects("earlier_environments", phase.earlier_environments, Form::if_any);
}

void form(Form& form, Change& change) {
  const auto value = [](const OptionValue& option) { return to_json(option); };
  form.text("section", change.section);
  form.text("option", change.option);
  form.as("value", change.value, value, option_value);
  form.as("default", change.default_value, value, option_value);
  form.as(
      "kind", change.kind, [](OptionKind kind) { return name_of(kind); },
      [&](const Json& name) {
        if (!name.is_string()) form.fail_at("kind", "a text");
        return option_kind(name.get<std::string>());
      });
}

static void form(Form& form, ResultWidth& at) {
  form.amount("width", at.width);
  senet::form(form, at.scores);
  form.count("parameters", at.parameters, Form::if_any);
  form.count("macs", at.macs);
  senet::form(form, at.outside_sites);
  form.amount("relu_saving", at.relu_saving, Form::if_any);
  form.amount("mac_saving", at.mac_saving, Form::if_any);
}

static void form(Form& form, TrainingReach& reach) {
  form.texts("taken", reach.taken, Form::if_any);
  form.texts("set_by_itself", reach.set_by_itself, Form::if_any);
  form.texts("unknown_to_it", reach.unknown_to_it, Form::if_any);
}

Json to_json(const std::vector<Setting>& settings) {
  Json json = Json::object();
  for (const Setting& setting : settings) json[setting.key] = to_json(setting.value);
  return json;
}

static void form_settings(Form& form, std::vector<Setting>& settings) {
  std::vector<std::string> without_effect;
  for (const Setting& setting : settings) {
    if (!setting.affects_result) without_effect.push_back(setting.key);
  }
  form.as(
      "settings", settings, [](const std::vector<Setting>& all) { return to_json(all); },
      [&](const Json& json) {
        if (!json.is_object()) form.fail_at("settings", "an object");
        std::vector<Setting> all;
        for (const auto& [key, value] : json.items()) all.push_back({key, option_value(value)});
        return all;
      });
  form.texts("settings_without_effect", without_effect);
  for (Setting& setting : settings)
    setting.affects_result =
        std::find(without_effect.begin(), without_effect.end(), setting.key) == without_effect.end();
}

static void form(Form& form, Result& result) {
  form.text("experiment", result.experiment);
  form.within("cell", [&](Form& cell) {
    cell.text("label", result.label);
    cell.text("method", result.method);
  });
  form.integer("seed", result.seed);
  form.within("budget", [&](Form& budget) {
    budget.text("asked", result.budget_asked);
    budget.count("relus", result.budget);
  });
  form.object("model", result.model);
  form.object("dataset", result.dataset);
  form.object("teacher", result.teacher);
  form.object("result", result.network);
  form.objects("widths", result.widths, Form::if_any);
  form.named("curves", result.curves);
  form.objects("sites", result.sites);
  form.named("series", result.series, Form::if_any);
  form.objects("candidates", result.candidates, Form::if_any);
  form.objects("phases", result.phases);
  form.objects("changes", result.changes);
  form.texts("remarks", result.remarks);
  form_settings(form, result.settings);
  form.named("reach_of_training", result.reach_of_training);
  form.text("precision", result.precision, Form::if_any);
  form.object("environment", result.environment);
  form.text("finished", result.finished, Form::if_any);
}

Json to_json(const Result& result) {
  Json json = {{"schema", kResultSchema}};
  json.update(to_json<Result>(result));
  return json;
}

Result result_from(const Json& document, const std::filesystem::path& file) {
  const std::string where = file.string() + ": ";
  SENET_CHECK(document.is_object(), where, "is not a JSON object: not a result of `senet run`");
  const Json schema = document.value("schema", Json());
  SENET_CHECK(schema == kResultSchema, where, "has the schema ", schema.dump(), ", expected ", kResultSchema,
              "; run its experiment again with this version");
  const Form fields = Form::reading(document, where);
  for (const char* list : {"sites", "phases"}) {
    if (!fields.has(list)) fields.fail_at(list, "a list");
  }
  auto result = read_as<Result>(document, where);
  result.file = file;
  return result;
}

}  // namespace senet
