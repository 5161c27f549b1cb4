#pragma once

#include <filesystem>
#include <vector>

#include "results/result.h"

namespace senet {

// What `senet measure` found of a result's network in a two-party engine: `measured/<run>.*.json` beside the result.
struct Measurement {
  std::filesystem::path file;
  Json json;

  double width() const { return json.at("width").get<double>(); }
  std::string at_its_width() const;                   // " at width 0.5"; empty at full width
  std::string title(const std::string& label) const;  // of its cell, with the width of a narrower one, and the masking

  double megabytes(const char* part) const;  // sent by both parties for "linear", "relu" or "max_pool"; 0 without it
  double total_megabytes() const;
  const Json& whole() const;                  // a whole inference, without its first run's set-up where there are more
  double latency(const char* network) const;  // of a whole inference, computed, in s; NaN for a network it has not
};

// In the order of protocols, maskings and widths. Throws (exit code 2) with the file's name for what is no measurement
// of this run, or of other ReLUs than the result counts.
std::vector<Measurement> measurements_of(const Result& result);

}  // namespace senet
