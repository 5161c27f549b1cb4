#pragma once

#include <string>

#include "results/result.h"

namespace senet::testing {

// A result as `senet run` writes it, of a network with two sites.
inline Result made_result(const std::string& label, const std::string& budget, int64_t seed, double accuracy,
                          int64_t relus = 100, const std::string& experiment = "made") {
  Result result;
  result.file = result_path("results", experiment, label, budget, seed);
  result.json = {
      {"schema", kResultSchema},
      {"experiment", experiment},
      {"cell", {{"label", label}, {"method", "senet"}}},
      {"seed", seed},
      {"budget", {{"asked", budget}, {"relus", relus}}},
      {"model",
       {{"plugin", "resnet18"},
        {"variant", "resnet18"},
        {"relus", 1000},
        {"parameters", 10},
        {"macs", 4000},
        {"layers", {{"conv1", 3000}, {"linear", 1000}}}}},
      {"dataset",
       {{"plugin", "cifar10"}, {"fingerprint", "f1"}, {"train", 50000}, {"test", 10000}, {"input", {3, 32, 32}}}},
      {"teacher", {{"accuracy", 0.9}, {"relus", 1000}}},
      {"result", {{"accuracy", accuracy}, {"relus", relus}}},
      {"sites",
       {{{"name", "a"}, {"shape", {1, 2, 2}}, {"relus", 4}, {"kept", 1}, {"allocated", 1}, {"stage", 1}},
        {{"name", "b"}, {"shape", {2, 1, 2}}, {"relus", 4}, {"kept", 3}, {"allocated", 3}, {"stage", 2}}}},
      {"phases",
       {{{"kind", "teacher"}, {"key", "t"}, {"training_seconds", 60.0}, {"image_passes", 1000000}},
        {{"kind", "sensitivity"}, {"key", "s"}, {"training_seconds", 60.0}, {"image_passes", 2000}},
        {{"kind", "finetune"}, {"key", label + budget}, {"training_seconds", 30.0}, {"image_passes", 3000}}}},
      {"deviations", Json::array()},
      {"settings", {{"mask.score", "post"}}},
      {"precision", "float32"},
      {"environment", {{"revision", "abc"}, {"device", "cpu"}, {"cpu", "made up"}, {"threads", 2}}},
      {"finished", "2026-01-01T00:00:00Z"}};
  return result;
}

}  // namespace senet::testing
