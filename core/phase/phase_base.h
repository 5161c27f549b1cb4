#pragma once

#include <cstdint>
#include <string>

#include "phase/store.h"
#include "senet/options.h"

namespace senet {

// Everything a cell's phases have in common with those of other cells that share data, model, precision and seed.
struct PhaseBase {
  std::string data;  // fingerprint
  Json model;        // plugin and changed options
  Json student;      // what [student] says otherwise; null where it says nothing
  Json input;        // of the model: channels, height, width, classes
  std::string precision;
  uint64_t seed;
  int64_t shards = 1;  // that a batch is cut into
};

// What every phase that trains is a function of: the base, and the options that affect results and are no defaults.
Json base_inputs(const PhaseBase& base, const Options& options);

// The name of the training whose network a finished phase stands for.
constexpr const char* kNetwork = "network";

}  // namespace senet
