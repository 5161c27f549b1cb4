#pragma once

#include <functional>

#include "cli/estimate.h"
#include "experiment/runner.h"

namespace senet {

// A step that another may announce once it has finished.
struct ForecastTraining {
  std::string name;
  std::optional<int64_t> relus;  // of the network that it trains
  int64_t epochs;
  double likelihood;  // in [0, 1]
  std::string state;
};

// The state of one phase of an experiment, and what is left of it.
struct PhaseForecast {
  std::string cell, budget;
  int64_t relus, seed;
  std::string phase, step, key;  // `step`: which of the steps of its kind
  std::string state;             // "finished", "running", "failed", "unfinished", "not begun" or "refused"
  std::string holder, why;       // who runs it; why it failed or is refused
  std::string revision;          // of the code that finished it
  std::optional<Work> left;      // of what is not finished
  bool shared = false;           // counted at an earlier row
  std::optional<std::pair<int64_t, double>> epochs = {};  // done, of so many
  std::vector<ForecastTraining> trainings = {};
};

struct Forecast {
  std::vector<PhaseForecast> phases;
  Work left;  // a phase that rows share counted once

  bool refuses() const;
};
nlohmann::ordered_json to_json(const Forecast& forecast);

// The state of each phase of a plan, and what is left of it; "refused" where a method says beforehand that it cannot
// be. Runs nothing, but times a few batches of each model that has something left. `before_timing` is called before the
// first of them.
Forecast forecast_of(const Plan& plan, Runner& runner, const std::function<void()>& before_timing,
                     const RunChoice& choice = {});

}  // namespace senet
