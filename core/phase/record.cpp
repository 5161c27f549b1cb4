#include "phase/record.h"

namespace senet {

namespace {

void rename(Json& json, const char* from, const char* to) {
  if (!json.is_object() || !json.contains(from)) return;
  Json value = std::move(json[from]);
  json.erase(from);
  json[to] = std::move(value);
}

// Earlier programs called what is counted, and what is allocated, "kept"; kept an evaluation among the phase's own
// fields; and what a training's last epoch lists beside its curves.
Json as_written_now(Json json) {
  rename(json, "kept", "allocated");
  rename(json, "shape", "made_smaller");
  if (json.contains("sites") && json["sites"].is_array()) {
    for (Json& site : json["sites"]) rename(site, "kept", "counted");
  }
  if (json.contains("test")) {
    Json evaluation = Json::object();
    for (const char* name : {"test", "held_out", "relus", "parameters", "macs", "max_pool_comparisons", "not_counted",
                             "sites", "widths"}) {
      if (!json.contains(name)) continue;
      evaluation[name] = std::move(json[name]);
      json.erase(name);
    }
    json["evaluation"] = std::move(evaluation);
  }
  if (!json.contains("trainings") || !json["trainings"].is_object()) return json;
  for (Json& training : json["trainings"]) {
    const Json last = training.is_object() ? training.value("last_epoch", Json::object()) : Json::object();
    for (const auto& [name, value] : last.items()) {
      if (value.is_array()) training["curves"][name] = value;
    }
  }
  return json;
}

}  // namespace

TrainingRecord* PhaseRecord::training(const std::string& name) {
  for (auto& [own, training] : trainings) {
    if (own == name) return &training;
  }
  return nullptr;
}
const TrainingRecord* PhaseRecord::training(const std::string& name) const {
  return const_cast<PhaseRecord*>(this)->training(name);
}

void form(Form& form, Score& score) {
  form.share("accuracy", score.accuracy);
  form.number("loss", score.loss);
  form.count("images", score.images);
}

void form(Form& form, Multiplications& multiplications) {
  form.count("squares", multiplications.squares, Form::if_any);
  form.count("secret_coefficients", multiplications.coefficients, Form::if_any);
}

void form(Form& form, MadeSmaller& smaller) {
  form.amount("scale", smaller.scale, Form::if_any);
  form.count("stem_stride", smaller.stem_stride, Form::if_any);
  form.counts("blocks", smaller.blocks);
}

void form(Form& form, CandidateRecord& candidate) {
  form.text("name", candidate.name);
  form.count("relus", candidate.relus);
  form.share("accuracy", candidate.accuracy);
  form.boolean("on_front", candidate.on_front);
  form.boolean("chosen", candidate.chosen);
}

void form(Form& form, OutsideRecord& outside) {
  form.count("max_pool_comparisons", outside.max_pool_comparisons, Form::if_any);
  form.texts("not_counted", outside.not_counted, Form::if_any);
}

void form(Form& form, SiteRecord& site) {
  form.text("name", site.name);
  form.counts("shape", site.shape);
  form.count("relus", site.relus);
  form.count("stage", site.stage, Form::if_any);
  form.text("conv", site.conv, Form::if_any);
  form.count("counted", site.counted);
  senet::form(form, site.multiplications);
}

void form(Form& form, NetworkRecord& network) {
  form.amount("width", network.width, Form::if_any);
  form.object("test", network.test);
  form.object("held_out", network.held_out);
  form.object("before_finetuning", network.before_finetuning);
  form.count("relus", network.relus);
  senet::form(form, network.multiplications);
  form.count("parameters", network.parameters);
  form.count("macs", network.macs);
  senet::form(form, network.outside_sites);
}

static void form(Form& form, TrainingRecord& training) {
  form.count("epochs", training.epochs);
  form.amount("seconds", training.seconds);
  form.count("image_passes", training.image_passes);
  form.count("epochs_not_logged", training.epochs_not_logged, Form::if_any);
  form.named("curves", training.curves);
}

static void form(Form& form, FileRecord& file) {
  form.count("bytes", file.bytes);
  form.text("hash", file.hash);
}

static void form(Form& form, EvaluationRecord& evaluation) {
  senet::form(form, evaluation.network);
  form.objects("sites", evaluation.sites);
  form.objects("widths", evaluation.widths, Form::if_any);
}

void form(Form& form, PhaseRecord& record) {
  form.text("kind", record.kind);
  form.count("version", record.version);
  form.text("key", record.key);
  if (!form.reads() || form.has("environment")) form.object("environment", record.environment);
  form.objects("earlier_environments", record.earlier_environments, Form::if_any);
  form.named("trainings", record.trainings, Form::if_any);
  form.count("image_passes", record.image_passes, Form::if_any);
  form.texts("deployed", record.deployed, Form::if_any);
  form.named("series", record.series, Form::if_any);
  form.counts("allocated", record.allocated, Form::if_any);
  form.objects("candidates", record.candidates, Form::if_any);
  form.object("made_smaller", record.made_smaller);
  form.numbers("widths", record.widths, Form::if_any);
  form.object("evaluation", record.evaluation);
  form.named("files", record.files, Form::if_any);
  form.text("finished", record.finished, Form::if_any);
}

PhaseRecord phase_record_from(Json json, const std::string& file) {
  return read_as<PhaseRecord>(as_written_now(std::move(json)), file + ": ");
}

}  // namespace senet
