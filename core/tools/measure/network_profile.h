#pragma once

#include <filesystem>
#include <string>

#include "tools/report/measurements.h"

namespace senet {

// A network between the two parties.
struct NetworkProfile {
  std::string name;
  double bandwidth;   // Mb/s, in each direction
  double round_trip;  // ms
};

// A TOML file with `name`, `bandwidth` and `round_trip`. Throws (exit code 2) for anything else.
NetworkProfile load_network_profile(const std::filesystem::path& file);

// Computed, not measured: seconds + rounds · round_trip / 2 + bytes / bandwidth. Where both parties send at once, the
// bytes are those of the larger direction; where they send in turns, those of both.
double latency(const Traffic& traffic, const NetworkProfile& profile);

}  // namespace senet
