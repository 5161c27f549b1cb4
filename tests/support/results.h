#pragma once

#include <string>

#include "results/result.h"

namespace senet::testing {

// A result as `senet run` writes it, of a network with two sites.
inline Result made_result(const std::string& label, const std::string& budget, int64_t seed, double accuracy,
                          int64_t relus = 100, const std::string& experiment = "made") {
  Environment environment;
  environment.revision = "abc";
  environment.device = "cpu";
  environment.cpu = "made up";
  environment.threads = 2;
  const auto phase = [&](const std::string& kind, const std::string& key, double seconds, int64_t passes) {
    ResultPhase made;
    made.kind = kind;
    made.key = key;
    made.training_seconds = seconds;
    made.image_passes = passes;
    made.environment = environment;
    made.environment.precision = "float32";
    made.versions = {{kind, 1}, {"model plugin 'resnet18'", 1}};
    return made;
  };
  Result result;
  result.file = result_path("results", experiment, label, budget, seed);
  result.experiment = experiment;
  result.label = label;
  result.method = "senet";
  result.seed = seed;
  result.budget_asked = budget;
  result.budget = relus;
  result.model.plugin = result.model.variant = "resnet18";
  result.model.relus = 1000;
  result.model.parameters = 10;
  result.model.macs = 4000;
  result.model.layers = {{"conv1", 3000}, {"linear", 1000}};
  result.dataset.plugin = "cifar10";
  result.dataset.fingerprint = "f1";
  result.dataset.train = 50000;
  result.dataset.test = 10000;
  result.dataset.input = {3, 32, 32};
  result.teacher.accuracy = 0.9;
  result.teacher.relus = 1000;
  result.network.accuracy = accuracy;
  result.network.relus = relus;
  result.sites = {{{"a", {1, 2, 2}, 4, 1, "", 1}, 1, {}}, {{"b", {2, 1, 2}, 4, 2, "", 3}, 3, {}}};
  result.phases = {phase("teacher", "t", 60, 1000000), phase("sensitivity", "s", 60, 2000),
                   phase("finetune", label + budget, 30, 3000)};
  result.phases[1].versions["sensitivity plugin 'pruning'"] = 1;
  result.settings = {{"mask.score", std::string("post")}};
  result.precision = "float32";
  result.environment = environment;
  result.finished = "2026-01-01T00:00:00Z";
  return result;
}

}  // namespace senet::testing
