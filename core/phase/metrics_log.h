#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "train/trainer.h"

namespace senet {

// A phase's metrics: `metrics.jsonl` (one JSON object a line and epoch) and a TensorBoard event file beside it. They
// show how trainings went; nothing is trained again for want of them. What is damaged in them is passed over.
class MetricsLog {
 public:
  explicit MetricsLog(const std::filesystem::path& folder);

  // Takes out what is there of a training that goes on after `epochs` of them, and what of the events lies behind its
  // checkpoint's `events`.
  void go_back(const std::string& training, int64_t epochs, int64_t events);
  void add(const std::string& training, const EpochReport& report);
  // Waits until all that was added is on the disk.
  void flush();
  int64_t events() const;  // bytes of the event file

  static constexpr const char* kLines = "metrics.jsonl";

  // The epochs that the log of a phase's folder holds, one object each, with "training", "epoch" and "seconds" at
  // least.
  static std::vector<nlohmann::ordered_json> read(const std::filesystem::path& folder);

 private:
  std::filesystem::path lines_, events_;
  bool unflushed_ = false;
};

// A record of TensorBoard's event file: a scalar summary, or the file's first record when `tag` is empty.
std::string tensorboard_record(double wall_time, int64_t step, const std::string& tag, float value);

}  // namespace senet
