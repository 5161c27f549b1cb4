#include "experiment/task.h"

#include "evaluate/evaluation.h"
#include "experiment/environment.h"

namespace senet {

namespace {

PhaseBase phase_base(const Cell& cell, const Laboratory& laboratory, int64_t seed) {
  const Options& model = cell.section("model");
  const NetworkShape& input = laboratory.data.input;
  Json described = {{"plugin", model.text("plugin")}, {"options", changed_options(model)}};
  const int64_t version = cell.versions.at(part_name(PluginKind::model, model.text("plugin")));
  if (version != 1) described["plugin_version"] = version;  // the first stands in no key
  const Options& student = cell.section("student");
  return {laboratory.data.fingerprint,
          std::move(described),
          student.items().empty() ? Json() : to_json(student),
          {input.channels, input.height, input.width, input.classes},
          precision_name(laboratory.precision),
          static_cast<uint64_t>(seed),
          cell.section("training").integer("shards")};
}

// A phase is made by the model's plugin, too.
PhaseInputs with_model(PhaseInputs phase, const Cell& cell) {
  const std::string model = part_name(PluginKind::model, cell.section("model").text("plugin"));
  phase.parts[model] = cell.versions.at(model);
  return phase;
}

PhaseInputs core_phase(PhaseInputs phase, const Cell& cell, bool any_budget) {
  phase.parts[phase.kind] = phase.version;
  phase.any_budget = any_budget;
  return with_model(std::move(phase), cell);
}

}  // namespace

Task make_task(const Cell& cell, const PluginHost& plugins, const Laboratory& laboratory,
               const std::string& budget_text, int64_t budget, int64_t seed, const FindSource& find_source) {
  Task task{&cell, budget_text, budget, seed, phase_base(cell, laboratory, seed)};
  task.teacher = core_phase(teacher_inputs(task.base, cell.section("teacher")), cell, true);
  task.teacher_evaluation = core_phase(evaluation_inputs(task.base, task.teacher.key()), cell, true);
  task.phases["teacher"] = task.teacher;
  task.find_source = find_source;
  task.method = std::make_shared<MethodInUse>(plugins, cell.method, cell.sections, cell.versions);
  try {
    task.steps = task.method->steps(budget, laboratory.data.input, laboratory.student.build);
    for (const Step& step : task.steps) task.add(step);
    const PhaseInputs& network = task.phase(task.steps.back());
    task.evaluation = core_phase(evaluation_inputs(task.base, network.key()), cell, network.any_budget);
  } catch (const Error& error) {
    if (error.exit() == Exit::interrupted) throw;
    task.steps.clear();
    task.refused.emplace(error.what(), Exit::usage);
  }
  return task;
}

SourcesInUse Task::sources_of(const Step& step) const {
  SourcesInUse found;
  for (const auto& [name, source] : step.sources) found[name] = find_source(*this, source);
  return found;
}

PhaseInputs Task::inputs_of(const Step& step, const SourcesInUse& found) const {
  std::map<std::string, std::string> keys;
  for (const auto& [name, source] : found) keys[name] = source.key;
  PhaseInputs phase = with_model(method->inputs(step, base, budget, phases, keys), *cell);
  phase.any_budget = phase.any_budget && found.empty();
  return phase;
}

void Task::add(const Step& step) {
  const SourcesInUse& found = sources[step.name()] = sources_of(step);
  phases[step.name()] = inputs_of(step, found);
}

void Task::announce(size_t step, const Series& recorded) {
  const std::string name = steps.at(step).name();
  std::vector<Step> further = method->announced(steps[step], recorded);
  for (const Step& one : further) {
    add(one);
    announced[name].push_back(one.name());
  }
  steps.insert(steps.begin() + static_cast<int64_t>(step) + 1, further.begin(), further.end());
}

std::vector<std::string> Task::before(const Step& step) const {
  std::vector<std::string> names = step.on;
  for (const std::string& on : step.on) {
    const auto more = announced.find(on);
    if (more != announced.end()) names.insert(names.end(), more->second.begin(), more->second.end());
  }
  return names;
}

std::vector<const PhaseInputs*> Task::in_order() const {
  std::vector<const PhaseInputs*> all = {&teacher, &teacher_evaluation};
  for (const Step& step : steps) all.push_back(&phase(step));
  if (!refused) all.push_back(&evaluation);
  return all;
}

}  // namespace senet
