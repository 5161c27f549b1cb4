// The part of the runner that looks: what is finished, running, failed, and what is left and for how long.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "experiment/baseline.h"
#include "experiment/estimate.h"
#include "experiment/runner.h"
#include "phase/metrics_log.h"
#include "senet/baseline.h"
#include "senet/error.h"
#include "storage/files.h"
#include "storage/json.h"

namespace senet {

namespace {

// The revision of the code that finished a phase.
std::string revision_of(const std::filesystem::path& phase) {
  try {
    const Json record = parse_json(read_file(phase / "record.json"), (phase / "record.json").string());
    return record.value("environment", Json::object()).value("revision", "unknown");
  } catch (const std::exception&) {
    return "damaged";
  }
}

// Of those that a phase trains at.
double sum_of_widths(const Cell& cell, const std::string& phase) {
  if (phase != "mask" && phase != "finetune") return 1;
  const std::vector<double>& widths = cell.section("mask").reals("widths");
  return std::accumulate(widths.begin(), widths.end(), 0.0);
}

// A count as an integer, where it fits into one.
Json rounded(double count) { return count < 0x1p62 ? Json(std::llround(count)) : Json(count); }

// The epochs that a phase's log has, of all its trainings or of one, and the seconds they took.
struct Logged {
  int64_t epochs = 0;
  double seconds = 0;
};
Logged logged(const std::filesystem::path& folder, const std::string& training = "") {
  Logged log;
  for (const Json& epoch : MetricsLog::read(folder)) {
    if (!training.empty() && epoch.at("training") != training) continue;
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

bool counts_epochs(const PluginHost& plugins, const std::string& sensitivity) {
  const std::vector<Option> options = plugins.options(PluginKind::sensitivity, sensitivity);
  return std::any_of(options.begin(), options.end(), [](const Option& option) { return option.epochs; });
}

// What a baseline is going to train in a phase, as a list of {"name", "relus", "epochs", "likelihood", "state"}; and
// the epochs that are left of it, what is shared with other phases (`counted`) once.
struct Trainings {
  Json list = Json::array();
  double epochs = 0;
};
Trainings planned_trainings(Baseline& baseline, const PhaseInputs& phase, int64_t budget, StoredContext& context,
                            const PhaseStore& store, std::set<std::string>& counted) {
  Trainings trainings;
  for (const PlannedTraining& training : baseline.plan(budget, context)) {
    const PhaseInputs shared = shared_training_inputs(phase, training.name);
    const PhaseStore::State state = store.state(shared.kind, shared.key());
    trainings.list.push_back({{"name", training.name},
                              {"relus", training.relus},
                              {"epochs", training.epochs},
                              {"likelihood", training.likelihood},
                              {"state", name_of(state)}});
    if (state == PhaseStore::State::finished || !counted.insert(shared.key()).second) continue;
    const int64_t done = logged(store.folder(shared.kind, shared.key())).epochs +
                         logged(store.folder(phase.kind, phase.key()), training.name).epochs;
    trainings.epochs += training.likelihood * static_cast<double>(std::max<int64_t>(0, training.epochs - done));
  }
  return trainings;
}

}  // namespace

Json Runner::forecast(const Plan& plan) {
  Json rows = Json::array();
  Work left;
  std::map<const Laboratory*, StepCost> costs;
  std::set<std::string> counted;
  for (const Task& task : tasks(plan)) {
    const Laboratory& laboratory = laboratory_of(*task.cell);
    for (const PhaseInputs* phase : task.phases.in_order()) {
      const std::string key = phase->key();
      const std::filesystem::path folder = store_.folder(phase->kind, key);
      std::string note;
      const PhaseStore::State state = store_.state(phase->kind, key, &note);
      Json& row = rows.emplace_back(Json{{"cell", task.cell->label},
                                         {"budget", task.budget_text},
                                         {"relus", task.budget},
                                         {"seed", task.seed},
                                         {"phase", phase->kind},
                                         {"key", key},
                                         {"state", name_of(state)}});
      if (!note.empty()) row[state == PhaseStore::State::failed ? "why" : "holder"] = note;
      if (state == PhaseStore::State::finished) {
        row["revision"] = revision_of(folder);
        continue;
      }
      if (!costs.count(&laboratory)) {
        costs[&laboratory] = measure_step(laboratory, task.cell->section("training").integer("batch"));
      }
      const auto options = task.cell->sections.find(phase->kind);
      Work work = estimate(phase->kind, options == task.cell->sections.end() ? Options() : options->second, laboratory,
                           costs[&laboratory], sum_of_widths(*task.cell, phase->kind));
      // A measure that trains has an option of its own that counts epochs.
      if (phase->kind == "sensitivity" && !counts_epochs(plugins_, options->second.text("plugin"))) work = {};
      if (!task.cell->is_senet() && phase == &task.phases.method[0]) {
        const std::string& method = task.cell->method;
        Json record;
        StoredContext context(laboratory, method, folder, record, options->second, static_cast<uint64_t>(task.seed));
        try {
          PluginHost::guard(PluginKind::baseline, method, [&] {
            const auto baseline = plugins_.make<Baseline>(method, options->second);
            const Trainings trainings = planned_trainings(*baseline, *phase, task.budget, context, store_, counted);
            if (trainings.list.empty()) return;
            row["trainings"] = trainings.list;
            work = work_of(trainings.epochs, laboratory, costs[&laboratory], 1, true);
          });
        } catch (const Error& error) {
          row["state"] = "refused";
          row["why"] = text(error.what(), "\n");
        }
      }
      // A phase that has begun is known better by its own epochs; planned trainings are phases of their own.
      const Logged done = logged(folder);
      if (done.epochs > 0 && work.images > 0 && !row.contains("trainings")) {
        const double epochs = epochs_of(options->second);
        const double to_do = std::max(0.0, epochs - static_cast<double>(done.epochs));
        row["epochs"] = {done.epochs, rounded(epochs)};
        work.images = work.images / epochs * to_do;
        work.seconds = done.seconds / static_cast<double>(done.epochs) * to_do;
      }
      const bool shared = !counted.insert(key).second;
      row["images"] = rounded(work.images);
      row["seconds"] = work.seconds;
      row["shared"] = shared;
      if (shared) continue;
      left.images += work.images;
      left.seconds += work.seconds;
    }
  }
  return {{"phases", std::move(rows)}, {"images", rounded(left.images)}, {"seconds", left.seconds}};
}

}  // namespace senet
