#include "results/result_json.h"

#include <algorithm>

#include "senet/error.h"

namespace senet {

namespace {

template <class T>
void add_if_known(Json& json, const char* name, const std::optional<T>& value) {
  if (value) json[name] = *value;
}

Json to_json(const ResultDataset& dataset) {
  return {{"plugin", dataset.plugin},   {"fingerprint", dataset.fingerprint},
          {"train", dataset.train},     {"held_out", dataset.held_out},
          {"test", dataset.test},       {"left_out", dataset.left_out},
          {"classes", dataset.classes}, {"input", dataset.input}};
}

Json to_json(const ResultWidth& at) {
  Json json = {{"width", at.width}};
  json.update(to_json(at.scores));
  json["parameters"] = at.parameters;
  json["macs"] = at.macs;
  add_to(json, at.outside_sites);
  json["relu_saving"] = at.relu_saving;
  json["mac_saving"] = at.mac_saving;
  return json;
}

Json to_json(const ResultCandidate& candidate) {
  return {{"name", candidate.name},
          {"relus", candidate.relus},
          {"accuracy", candidate.accuracy},
          {"on_front", candidate.on_front},
          {"chosen", candidate.chosen}};
}

Json to_json(const TrainingReach& reach) {
  Json json = Json::object();
  if (!reach.taken.empty()) json["taken"] = reach.taken;
  if (!reach.set_by_itself.empty()) json["set_by_itself"] = reach.set_by_itself;
  if (!reach.unknown_to_it.empty()) json["unknown_to_it"] = reach.unknown_to_it;
  return json;
}

template <class List>
Json list_of(const List& items) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(to_json(item));
  return list;
}

NetworkScores scores_from(const Fields& fields) {
  NetworkScores scores;
  scores.accuracy = fields.share("accuracy");
  if (fields.has("loss")) scores.loss = fields.number("loss");
  scores.images = fields.count("images", 0);
  if (fields.has("held_out_accuracy")) scores.held_out_accuracy = fields.share("held_out_accuracy");
  scores.relus = fields.count("relus");
  return scores;
}

ResultModel model_from(const Fields& fields) {
  ResultModel model;
  model.plugin = fields.text("plugin");
  model.variant = fields.text("variant");
  model.relus = fields.count("relus", 0);
  model.parameters = fields.count("parameters", 0);
  model.macs = fields.count("macs");
  model.layers = fields.named_counts("layers");
  model.outside_sites = outside_sites_from(fields);
  if (fields.has("made_smaller")) {
    const Fields smaller = fields.object("made_smaller");
    if (smaller.has("scale")) model.scale = smaller.amount("scale");
    if (smaller.has("stem_stride")) model.stem_stride = smaller.count("stem_stride");
    model.blocks = smaller.counts("blocks");
  }
  return model;
}

ResultDataset dataset_from(const Fields& fields) {
  ResultDataset dataset;
  dataset.plugin = fields.text("plugin");
  dataset.fingerprint = fields.text("fingerprint", "");
  dataset.train = fields.count("train");
  dataset.held_out = fields.count("held_out", 0);
  dataset.test = fields.count("test", 0);
  dataset.left_out = fields.count("left_out", 0);
  dataset.classes = fields.count("classes", 0);
  dataset.input = fields.counts("input");
  return dataset;
}

ResultSite site_from(const Fields& fields) {
  ResultSite site;
  site.name = fields.text("name");
  site.shape = fields.counts("shape");
  site.stage = fields.count("stage", 0);
  site.conv = fields.text("conv", "");
  site.relus = fields.count("relus");
  site.counted = fields.count("counted");
  if (fields.has("allocated")) site.allocated = fields.count("allocated");
  if (fields.has("sensitivity")) site.sensitivity = fields.number("sensitivity");
  return site;
}

ResultPhase phase_from(const Fields& fields) {
  ResultPhase phase;
  phase.kind = fields.text("kind");
  phase.key = fields.text("key");
  phase.training = fields.text("training", "");
  phase.training_seconds = fields.amount("training_seconds");
  if (fields.has("image_passes")) phase.image_passes = fields.count("image_passes");
  for (const auto& [part, version] : fields.named_counts("versions")) phase.versions[part] = version;
  phase.environment = environment_from(fields.object("environment"));
  for (const Fields& earlier : fields.objects("earlier_environments"))
    phase.earlier_environments.push_back(environment_from(earlier));
  return phase;
}

Change change_from(const Fields& fields) {
  return {fields.text("section"), fields.text("option"), option_value(fields.value("value")),
          option_value(fields.value("default")), option_kind(fields.text("kind"))};
}

ResultWidth width_from(const Fields& fields) {
  ResultWidth at;
  at.width = fields.amount("width");
  at.scores = scores_from(fields);
  at.parameters = fields.count("parameters", 0);
  at.macs = fields.count("macs");
  at.outside_sites = outside_sites_from(fields);
  at.relu_saving = fields.amount("relu_saving", 0);
  at.mac_saving = fields.amount("mac_saving", 0);
  return at;
}

ResultCandidate candidate_from(const Fields& fields) {
  return {fields.text("name"), fields.count("relus"), fields.share("accuracy"), fields.boolean("on_front", false),
          fields.boolean("chosen", false)};
}

std::vector<Setting> settings_from(const Fields& fields, const std::vector<std::string>& without_effect) {
  std::vector<Setting> settings;
  for (const std::string& key : fields.names()) {
    const bool has_none = std::find(without_effect.begin(), without_effect.end(), key) != without_effect.end();
    settings.push_back({key, option_value(fields.value(key)), !has_none});
  }
  return settings;
}

void read_numbers(const Fields& fields, Result& result) {
  result.model = model_from(fields.object("model"));
  result.dataset = dataset_from(fields.object("dataset"));
  result.teacher = scores_from(fields.object("teacher"));
  result.network = scores_from(fields.object("result"));
  for (const Fields& at : fields.objects("widths")) result.widths.push_back(width_from(at));
  for (const Fields& site : fields.objects("sites")) result.sites.push_back(site_from(site));
  for (const auto& [name, values] : fields.named_numbers("series")) result.series[name] = values;
  if (fields.has("curves")) {
    const Fields curves = fields.object("curves");
    for (const std::string& training : curves.names()) {
      for (const auto& [name, values] : curves.named_numbers(training)) result.curves[training][name] = values;
    }
  }
  for (const Fields& candidate : fields.objects("candidates")) result.candidates.push_back(candidate_from(candidate));
}

void read_origins(const Fields& fields, Result& result) {
  for (const Fields& phase : fields.objects("phases")) result.phases.push_back(phase_from(phase));
  for (const Fields& change : fields.objects("changes")) result.changes.push_back(change_from(change));
  result.remarks = fields.texts("remarks");
  result.settings = settings_from(fields.object("settings"), fields.texts("settings_without_effect"));
  for (const auto& [step, reach] : fields.named_objects("reach_of_training"))
    result.reach_of_training[step] = {reach.texts("taken"), reach.texts("set_by_itself"), reach.texts("unknown_to_it")};
  result.precision = fields.text("precision", "");
  result.environment = environment_from(fields.object("environment"));
  result.finished = fields.text("finished", "");
}

}  // namespace

Json to_json(const NetworkScores& scores) {
  Json json = {{"accuracy", scores.accuracy}};
  add_if_known(json, "loss", scores.loss);
  if (scores.images > 0) json["images"] = scores.images;
  add_if_known(json, "held_out_accuracy", scores.held_out_accuracy);
  json["relus"] = scores.relus;
  return json;
}

void add_to(Json& json, const OutsideSites& outside_sites) {
  if (outside_sites.max_pool_comparisons > 0) json["max_pool_comparisons"] = outside_sites.max_pool_comparisons;
  if (!outside_sites.not_counted.empty()) json["not_counted"] = outside_sites.not_counted;
}

OutsideSites outside_sites_from(const Fields& fields) {
  return {fields.count("max_pool_comparisons", 0), fields.texts("not_counted")};
}

Json to_json(const ResultModel& model) {
  Json json = {{"plugin", model.plugin},         {"variant", model.variant}, {"relus", model.relus},
               {"parameters", model.parameters}, {"macs", model.macs},       {"layers", Json::object()}};
  for (const auto& [layer, macs] : model.layers) json["layers"][layer] = macs;
  add_to(json, model.outside_sites);
  add_if_known(json["made_smaller"], "scale", model.scale);
  add_if_known(json["made_smaller"], "stem_stride", model.stem_stride);
  if (!model.blocks.empty()) json["made_smaller"]["blocks"] = model.blocks;
  if (!model.made_smaller()) json.erase("made_smaller");
  return json;
}

Json to_json(const ResultSite& site) {
  Json json = {{"name", site.name},   {"shape", site.shape}, {"relus", site.relus},
               {"stage", site.stage}, {"conv", site.conv},   {"counted", site.counted}};
  add_if_known(json, "allocated", site.allocated);
  add_if_known(json, "sensitivity", site.sensitivity);
  return json;
}

Json to_json(const ResultPhase& phase) {
  Json json = {{"kind", phase.kind}, {"key", phase.key}, {"training_seconds", phase.training_seconds}};
  add_if_known(json, "image_passes", phase.image_passes);
  if (!phase.training.empty()) json["training"] = phase.training;
  json["environment"] = to_json(phase.environment);
  if (!phase.earlier_environments.empty()) json["earlier_environments"] = list_of(phase.earlier_environments);
  for (const auto& [part, version] : phase.versions) json["versions"][part] = version;
  return json;
}

Json to_json(const Change& change) {
  return {{"section", change.section},
          {"option", change.option},
          {"value", to_json(change.value)},
          {"default", to_json(change.default_value)},
          {"kind", name_of(change.kind)}};
}

Json to_json(const std::vector<Setting>& settings) {
  Json json = Json::object();
  for (const Setting& setting : settings) json[setting.key] = to_json(setting.value);
  return json;
}

Json to_json(const Result& result) {
  Json json = {{"schema", kResultSchema},
               {"experiment", result.experiment},
               {"cell", {{"label", result.label}, {"method", result.method}}},
               {"seed", result.seed},
               {"budget", {{"asked", result.budget_asked}, {"relus", result.budget}}},
               {"model", to_json(result.model)},
               {"dataset", to_json(result.dataset)},
               {"teacher", to_json(result.teacher)},
               {"result", to_json(result.network)}};
  if (!result.widths.empty()) json["widths"] = list_of(result.widths);
  json["curves"] = Json::object();
  for (const auto& [training, curves] : result.curves) {
    for (const auto& [name, values] : curves) json["curves"][training][name] = values;
  }
  json["sites"] = list_of(result.sites);
  for (const auto& [name, values] : result.series) json["series"][name] = values;
  if (!result.candidates.empty()) json["candidates"] = list_of(result.candidates);
  json["phases"] = list_of(result.phases);
  json["changes"] = list_of(result.changes);
  json["remarks"] = result.remarks;
  json["settings"] = to_json(result.settings);
  json["settings_without_effect"] = Json::array();
  for (const Setting& setting : result.settings) {
    if (!setting.affects_result) json["settings_without_effect"].push_back(setting.key);
  }
  json["reach_of_training"] = Json::object();
  for (const auto& [step, reach] : result.reach_of_training) json["reach_of_training"][step] = to_json(reach);
  json["precision"] = result.precision;
  json["environment"] = to_json(result.environment);
  json["finished"] = result.finished;
  return json;
}

Result result_from(const Json& document, const std::filesystem::path& file) {
  const std::string where = file.string() + ": ";
  SENET_CHECK(document.is_object(), where, "is not a JSON object: not a result of `senet run`");
  const Json schema = document.value("schema", Json());
  const bool older = schema == 1;
  SENET_CHECK(older || schema == kResultSchema, where, "has the schema ", schema.dump(), ", expected ", kResultSchema,
              " or 1; run its experiment again with this version");
  const Json json = older ? from_schema_1(document) : document;
  const Fields fields(json, where);
  for (const char* list : {"sites", "phases"}) {
    if (!fields.has(list)) fields.fail_at(list, "a list");
  }
  Result result;
  result.file = file;
  result.experiment = fields.text("experiment");
  result.seed = fields.integer("seed");
  const Fields cell = fields.object("cell"), budget = fields.object("budget");
  result.label = cell.text("label");
  result.method = cell.text("method");
  result.budget_asked = budget.text("asked");
  result.budget = budget.count("relus");
  read_numbers(fields, result);
  read_origins(fields, result);
  return result;
}

}  // namespace senet
