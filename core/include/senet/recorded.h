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

// Multiplications of two secret numbers that an activation, or all of a network's, asks of an engine for private
// inference, for one image.
struct Multiplications {
  int64_t squares = 0;       // of an element by itself
  int64_t coefficients = 0;  // of an element, or of its square, by a coefficient of the network's

  bool any() const { return squares > 0 || coefficients > 0; }
};

struct Score {
  double accuracy;  // in [0, 1]
  double loss;      // mean cross entropy
  int64_t images;
};

}  // namespace senet
