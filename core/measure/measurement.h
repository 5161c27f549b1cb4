#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "export/network_export.h"
#include "measure/engine.h"
#include "measure/network_profile.h"

namespace senet {

// What is measured of one network under one protocol.
struct Subject {
  const NetworkExport& exported;
  const Golden& golden;
  int64_t relus;  // that its result counts; compared with what the compiled program does
  Json about;     // describe_export()
};

// Writes the export into `work`, has the engine run it and compares. The measurement, as a JSON document:
//   `about`, with comparisons {relu, max_pool} as the compiled program executes them
//   protocol, field, fraction_bits, engine, machine, images, caveats
//   agreement {largest_error, expected_error, same_class, accuracy, plaintext_accuracy, differing [{image, margin,
//   error}]} first, later: {seconds, sent [client, server], messages [client, server], rounds} of the first image's run
//   and, in the
//     mean, of the others', in which set-up is done
//   cost {linear, relu, max_pool}: the same of the layers of each kind, on the first image once more
//   layers [{name, cost, comparisons, …}]: of each
//   memory [client, server], compile_seconds
//   latency [{network, bandwidth, round_trip, first, later, linear, relu, max_pool}]: computed
// Throws when the compiled program does not compare what the result counts, saying in which layers, and when logits
// differ from plaintext by more than fixed-point numbers explain.
Json measure(const Engine& engine, const Subject& subject, const EngineJob& job,
             const std::vector<NetworkProfile>& profiles, const std::function<bool()>& stop_requested);

}  // namespace senet
