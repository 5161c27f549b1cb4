#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace senet {

using Series = std::map<std::string, std::vector<double>>;  // what a step recorded, by name

// A network that a method trained to choose from.
struct Candidate {
  std::string name;  // its configuration
  int64_t relus;
  double accuracy;  // in [0, 1], on what it was judged by
  bool chosen = false;
};

struct Score {
  double accuracy;  // in [0, 1]
  double loss;      // mean cross entropy
  int64_t images;
};

}  // namespace senet
