#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "tools/export/network_export.h"
#include "tools/measure/engine.h"
#include "tools/measure/network_profile.h"

namespace senet {

// What is measured of one network under one protocol.
struct Subject {
  const NetworkExport& exported;
  const Golden& golden;
  int64_t relus;                        // that its result counts; compared with what the compiled program does
  Multiplications multiplications;      // likewise
  std::map<std::string, int64_t> kept;  // by ReLU site, as the result has them; empty: it does not say
  Json about;                           // describe_export()
};

// Writes the export into `work`, has the engine run it and compares. The measurement, as a JSON document:
//   `about`, with comparisons {relu, max_pool} and multiplications {squares, secret_coefficients} as the compiled
//     program executes them
//   protocol, field, fraction_bits, engine, machine, images, caveats
//   agreement {largest_error, expected_error, same_class, accuracy, plaintext_accuracy, differing}; of an image whose
//     class differs: {image, margin, error}
//   first, later: {seconds, sent [client, server], messages [client, server], rounds}, of the first image's run and of
//     the others', in which set-up is done: their mean, of seconds the median
//   cost {linear, relu, polynomial, max_pool}: the same of the layers of each kind, on the first image once more
//   layers [{name, cost, comparisons, multiplications if any, memory [client, server], …}]: of each, the cheaper of two
//     runs; where a protocol refills its stock, that is in the images' runs alone
//   memory [client, server]: the most that a party held while it ran an image, bytes
//   compile_seconds
//   latency [{network, bandwidth, round_trip, first, later, linear, relu, polynomial, max_pool}]: computed
// Throws when the result and the network, or the network and the compiled program, differ in ReLUs or in
// multiplications of polynomials, saying in which layers; when the engine's logs contradict each other; and when logits
// differ from plaintext by more than fixed-point numbers explain, so that a class can differ only where its margin is
// at most twice that.
Json measure(const Engine& engine, const Subject& subject, const EngineJob& job,
             const std::vector<NetworkProfile>& profiles, const std::function<bool()>& stop_requested);

}  // namespace senet
