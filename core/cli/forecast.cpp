#include "cli/forecast.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "phase/metrics_log.h"
#include "storage/files.h"
#include "storage/json.h"

namespace senet {

namespace {

// The revision of the code that finished a phase. Its files are not read for it.
std::string revision_of(const std::filesystem::path& phase) {
  try {
    const std::string file = (phase / "record.json").string();
    const std::string revision = phase_record_from(parse_json(read_file(file), file), file).environment.revision;
    return revision.empty() ? "unknown" : revision;
  } catch (const std::exception&) {
    return "damaged";
  }
}

// A count as an integer, where it fits into one.
Json rounded(double count) { return count < 0x1p62 ? Json(std::llround(count)) : Json(count); }

// The epochs that a phase's log has, and the seconds they took.
struct Logged {
  int64_t epochs = 0;
  double seconds = 0;
};
Logged logged(const std::filesystem::path& folder) {
  Logged log;
  for (const Json& epoch : MetricsLog::read(folder)) {
    ++log.epochs;
    log.seconds += epoch.at("seconds").get<double>();
  }
  return log;
}

const char* name_of(PhaseStore::State state) {
  switch (state) {
    case PhaseStore::State::finished:
      return "finished";
    case PhaseStore::State::running:
      return "running";
    case PhaseStore::State::failed:
      return "failed";
    case PhaseStore::State::unfinished:
      return "unfinished";
    case PhaseStore::State::absent:
      return "not begun";
  }
  return "";
}

double epochs_of(const Step& step) { return step.epochs ? static_cast<double>(*step.epochs) : epochs_of(step.options); }

class Forecaster {
 public:
  Forecaster(Runner& runner, const std::function<void()>& before_timing, const std::string& until)
      : runner_(runner), store_(runner.store()), before_timing_(before_timing), until_(until) {}

  // A task with what it takes of others before it, in rows of their own, up to the step that is taken.
  void add_with_sources(const Task& task, const std::string& up_to = "") {
    for (const Step& step : task.steps) {
      for (const auto& [name, source] : task.sources.at(step.name())) {
        if (source.task) add_with_sources(*source.task, source.step);
      }
      if (step.name() == up_to) break;
    }
    add(task, up_to);
  }

  void add(Task task, const std::string& up_to = "") {
    add_phase(task, task.teacher, epochs_of(task.cell->section("teacher")), 1, false);
    if (task.teacher.key() == until_) return;
    add_phase(task, task.teacher_evaluation);
    if (task.teacher_evaluation.key() == until_) return;
    for (size_t i = 0; i < task.steps.size(); ++i) {
      const Step step = task.steps[i];
      const PhaseInputs& phase = task.phase(step);
      PhaseForecast& row = add_phase(task, phase, epochs_of(step), step.cost, step.beside_teacher);
      if (phase.key() == until_ || step.name() == up_to) return;
      if (!step.announce) continue;
      try {
        const auto record = store_.find(phase.kind, phase.key());
        if (record) {
          task.announce(i, record->series);
        } else {
          add_likely(task, step, row);
        }
      } catch (const Error& error) {
        return refuse(row, error);
      }
    }
    if (!task.refused) return void(add_phase(task, task.evaluation));
    PhaseInputs method{task.cell->method, 0, {}};
    refuse(forecast_.phases.emplace_back(row_of(task, method, "")), *task.refused);
  }
  Forecast forecast() && { return std::move(forecast_); }

 private:
  static PhaseForecast row_of(const Task& task, const PhaseInputs& phase, const std::string& key) {
    PhaseForecast row;
    row.cell = task.cell->label;
    row.budget = task.budget_text;
    row.relus = task.budget;
    row.seed = task.seed;
    row.phase = phase.kind;
    row.step = phase.step;
    row.key = key;
    return row;
  }
  static void refuse(PhaseForecast& row, const Error& error) {
    row.state = "refused";
    row.why = text(error.what(), "\n");
  }

  // Times a few batches of a model when something is left of it.
  const StepCost& cost_of(const Task& task, const Laboratory& laboratory) {
    const auto found = costs_.find(&laboratory);
    if (found != costs_.end()) return found->second;
    if (costs_.empty()) before_timing_();
    return costs_[&laboratory] = measure_step(laboratory, task.cell->section("training").integer("batch"));
  }

  // Without epochs: of an evaluation.
  PhaseForecast& add_phase(const Task& task, const PhaseInputs& phase, std::optional<double> epochs = {},
                           double width = 1, bool beside_teacher = true) {
    const std::string key = phase.key();
    PhaseForecast& row = forecast_.phases.emplace_back(row_of(task, phase, key));
    std::string note;
    const PhaseStore::State state = store_.state(phase.kind, key, &note);
    row.state = name_of(state);
    (state == PhaseStore::State::failed ? row.why : row.holder) = note;
    const std::filesystem::path folder = store_.folder(phase.kind, key);
    if (state == PhaseStore::State::finished) {
      row.revision = revision_of(folder);
      return row;
    }
    const Laboratory& laboratory = runner_.laboratory_of(*task.cell);
    const StepCost& cost = cost_of(task, laboratory);
    Work work =
        epochs ? training_work(*epochs, laboratory, cost, width, beside_teacher) : evaluation_work(laboratory, cost);
    // A phase that has begun is known better by its own epochs.
    const Logged done = logged(folder);
    if (done.epochs > 0 && work.images > 0) {
      const double to_do = std::max(0.0, *epochs - static_cast<double>(done.epochs));
      row.epochs = {done.epochs, *epochs};
      work.images = work.images / *epochs * to_do;
      work.seconds = done.seconds / static_cast<double>(done.epochs) * to_do;
    }
    row.left = work;
    row.shared = !counted_.insert(key).second;
    if (!row.shared) count(work);
    return row;
  }

  // What a step may announce is expected by its likelihood, and counted once where rows share it.
  void add_likely(const Task& task, const Step& step, PhaseForecast& row) {
    const Laboratory& laboratory = runner_.laboratory_of(*task.cell);
    if (!row.left) row.left.emplace();  // its record is there and cannot be read
    for (const LikelyStep& likely : task.method->may_announce(step)) {
      const PhaseInputs phase = task.inputs_of(likely.step, task.sources_of(likely.step));
      const PhaseStore::State state = store_.state(phase.kind, phase.key());
      const double epochs = epochs_of(likely.step);
      row.trainings.push_back(
          {likely.step.name(), likely.step.relus, static_cast<int64_t>(epochs), likely.likelihood, name_of(state)});
      if (state == PhaseStore::State::finished || !counted_.insert(phase.key()).second) continue;
      const double done = static_cast<double>(logged(store_.folder(phase.kind, phase.key())).epochs);
      const Work work = training_work(likely.likelihood * std::max(0.0, epochs - done), laboratory,
                                      cost_of(task, laboratory), likely.step.cost, likely.step.beside_teacher);
      row.left->images += work.images;
      row.left->seconds += work.seconds;
      count(work);
    }
  }

  void count(const Work& work) {
    forecast_.left.images += work.images;
    forecast_.left.seconds += work.seconds;
  }

  Runner& runner_;
  const PhaseStore& store_;
  const std::function<void()>& before_timing_;
  const std::string& until_;  // the key of the last phase; empty: of none
  std::map<const Laboratory*, StepCost> costs_;
  std::set<std::string> counted_;
  Forecast forecast_;
};

Json described(const PhaseForecast& phase) {
  Json row = {{"cell", phase.cell},
              {"budget", phase.budget},
              {"relus", phase.relus},
              {"seed", phase.seed},
              {"phase", phase.phase}};
  if (!phase.step.empty()) row["step"] = phase.step;
  row["key"] = phase.key;
  row["state"] = phase.state;
  if (!phase.why.empty()) row["why"] = phase.why;
  if (!phase.holder.empty()) row["holder"] = phase.holder;
  if (!phase.revision.empty()) row["revision"] = phase.revision;
  for (const ForecastTraining& training : phase.trainings) {
    row["trainings"].push_back({{"name", training.name},
                                {"relus", training.relus ? Json(*training.relus) : Json()},
                                {"epochs", training.epochs},
                                {"likelihood", training.likelihood},
                                {"state", training.state}});
  }
  if (phase.epochs) row["epochs"] = {phase.epochs->first, rounded(phase.epochs->second)};
  if (!phase.left) return row;
  row["images"] = rounded(phase.left->images);
  row["seconds"] = phase.left->seconds;
  row["shared"] = phase.shared;
  return row;
}

}  // namespace

bool Forecast::refuses() const {
  return std::any_of(phases.begin(), phases.end(), [](const PhaseForecast& row) { return row.state == "refused"; });
}

Json to_json(const Forecast& forecast) {
  Json rows = Json::array();
  for (const PhaseForecast& phase : forecast.phases) rows.push_back(described(phase));
  return {{"phases", std::move(rows)}, {"images", rounded(forecast.left.images)}, {"seconds", forecast.left.seconds}};
}

Forecast forecast_of(const Plan& plan, Runner& runner, const std::function<void()>& before_timing,
                     const RunChoice& choice) {
  Forecaster forecaster(runner, before_timing, choice.until);
  for (const Task& task : runner.tasks(plan)) {
    if (!choice.wanted) forecaster.add(task);
    if (choice.wanted && choice.wanted(task)) forecaster.add_with_sources(task);
  }
  return std::move(forecaster).forecast();
}

}  // namespace senet
