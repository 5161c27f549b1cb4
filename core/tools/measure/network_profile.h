#pragma once

#include <filesystem>
#include <string>

namespace senet {

// A network between the two parties.
struct NetworkProfile {
  std::string name;
  double bandwidth;   // Mb/s, in each direction
  double round_trip;  // ms
};

// A TOML file with `name`, `bandwidth` and `round_trip`. Throws (exit code 2) for anything else.
NetworkProfile load_network_profile(const std::filesystem::path& file);

// What a part of a private inference does to the network, and how long it computes.
struct Traffic {
  double seconds = 0;            // measured over loopback
  int64_t sent[2] = {0, 0};      // bytes, by each party
  int64_t messages[2] = {0, 0};  // by each party
  int64_t rounds = 0;            // the longest chain of messages, each of which waits for the one before
  bool in_turns = false;         // the parties answer each other, in place of both sending in each round
};

// Computed, not measured: seconds + rounds · round_trip / 2 + bytes / bandwidth. Where both parties send at once, the
// bytes are those of the larger direction; where they send in turns, those of both.
double latency(const Traffic& traffic, const NetworkProfile& profile);

}  // namespace senet
