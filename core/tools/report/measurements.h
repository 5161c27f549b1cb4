#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <vector>

#include "results/result.h"
#include "storage/form.h"

namespace senet {

// What a part of a private inference does to the network, and how long it computes.
struct Traffic {
  double seconds = 0;                      // measured over loopback
  std::vector<int64_t> sent = {0, 0};      // bytes, by each party
  std::vector<int64_t> messages = {0, 0};  // by each party
  int64_t rounds = 0;                      // the longest chain of messages, each of which waits for the one before
  bool in_turns = false;  // the parties answer each other, in place of both sending in each round; not stored

  double megabytes() const;  // sent by both parties
};
void form(Form& form, Traffic& traffic);

// What tables and figures show of a measurement: `measured/<run>.*.json` beside the result, written by `senet measure`.
struct Measurement {
  struct Latency {  // computed, of a whole inference
    std::string network;
    std::optional<double> bandwidth, round_trip;  // Mb/s; ms
    double first = 0;
    std::optional<double> later;  // without the first run's set-up

    double seconds() const { return later.value_or(first); }
    std::string name() const;  // "LAN (3000.0 Mb/s, 0.8 ms)"
  };
  std::filesystem::path file;
  std::string run, protocol, masking;
  double width = 1;
  int64_t relus = 0, images = 0;
  int64_t relu_comparisons = 0, max_pool_comparisons = 0;
  Multiplications multiplications;
  std::vector<std::string> caveats;
  Traffic first;
  std::optional<Traffic> later;         // mean of the inferences after the first
  std::map<std::string, Traffic> cost;  // of the layers of a kind: "linear", "relu", "polynomial", "max_pool"
  std::vector<Latency> latencies;
  double same_class = 0, largest_error = 0;  // against plaintext: share of the images; of a logit
  std::vector<int64_t> memory;               // the most that each party held, bytes

  std::string at_its_width() const;                   // " at width 0.5"; empty at full width
  std::string title(const std::string& label) const;  // of its cell, with the width of a narrower one, and the masking
  double megabytes(const char* kind) const;           // of `cost`; 0 without it
  const Traffic& whole() const { return later ? *later : first; }
  double latency(const char* network) const;  // NaN for a network it has not
};
// Throws (exit code 2) with file and key for what is no measurement.
Measurement measurement_from(const Json& json, const std::filesystem::path& file);

// In the order of protocols, maskings and widths. Throws (exit code 2) with the file's name for what is no measurement
// of this run, or of other ReLUs than the result counts.
std::vector<Measurement> measurements_of(const Result& result);

}  // namespace senet
