#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "train/trainer.h"

namespace senet {

// A phase's metrics: `metrics.jsonl` (one JSON object a line and epoch) and a TensorBoard event file beside it. Both
// are only ever appended to; a resumed run first cuts them back to the lengths its checkpoint holds.
class MetricsLog {
 public:
  explicit MetricsLog(const std::filesystem::path& folder);

  struct Lengths {
    int64_t lines = 0, events = 0;  // bytes
  };
  Lengths lengths() const;
  void cut_back(const Lengths& lengths);

  void add(const std::string& training, const EpochReport& report);

  static constexpr const char* kLines = "metrics.jsonl";

  // The epochs that the log of a phase's folder holds, one object each; throws where there is no log.
  static bool exists(const std::filesystem::path& folder);
  static std::vector<nlohmann::ordered_json> read(const std::filesystem::path& folder);

 private:
  std::filesystem::path lines_, events_;
};

// A record of TensorBoard's event file: a scalar summary, or the file's first record when `tag` is empty.
std::string tensorboard_record(double wall_time, int64_t step, const std::string& tag, float value);

}  // namespace senet
