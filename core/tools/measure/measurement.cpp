#include "tools/measure/measurement.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <thread>

#include "experiment/environment.h"
#include "senet/error.h"
#include "tools/measure/compiled.h"

namespace senet {

namespace {

// An engine's roundings err at random by up to a unit, the emulated ones by half of one; and the emulated error is that
// of a few logits, by chance smaller than another's.
constexpr double kErrorFactor = 4;

Traffic& operator+=(Traffic& total, const Traffic& other) {
  total.seconds += other.seconds;
  total.rounds += other.rounds;
  total.in_turns = other.in_turns;
  for (const int party : {0, 1}) {
    total.sent[party] += other.sent[party];
    total.messages[party] += other.messages[party];
  }
  return total;
}

// The engine's report as what each program sent; a program takes as long as its slower party. Both parties' logs have
// to agree with each other and with those of messages.
std::map<std::string, Traffic> traffic_by_program(const EngineReport& report, const std::string& protocol) {
  std::map<std::string, RunCost> parties[2];
  for (const int party : {0, 1}) {
    for (const RunCost& cost : report.parties[party].programs) parties[party][cost.name] = cost;
  }
  std::map<std::string, Traffic> programs;
  for (const auto& [name, client] : parties[0]) {
    const auto other = parties[1].find(name);
    const auto found = report.rounds.find(name);
    SENET_CHECK(other != parties[1].end() && found != report.rounds.end(),
                "the engine's logs do not all have its program '", name, "'; is it another version's?");
    const RunCost& server = other->second;
    const Rounds& rounds = found->second;
    const bool sound = client.sent == server.received && server.sent == client.received &&
                       client.messages_sent == rounds.messages_sent[0] &&
                       server.messages_sent == rounds.messages_sent[1];
    SENET_CHECK(sound, "the engine's logs contradict each other on its program '", name, "': ", client.sent, " and ",
                server.sent, " bytes sent, ", server.received, " and ", client.received, " received; ",
                client.messages_sent, " and ", server.messages_sent, " messages sent, ", rounds.messages_sent[0],
                " and ", rounds.messages_sent[1], " logged; is it another version's?");
    Traffic& traffic = programs[name];
    traffic = {std::max(client.seconds, server.seconds),
               {client.sent, server.sent},
               {client.messages_sent, server.messages_sent},
               rounds.count,
               protocol == "cheetah"};
  }
  return programs;
}

const Traffic& of_program(const std::map<std::string, Traffic>& programs, const std::string& name) {
  const auto found = programs.find(name);
  SENET_CHECK(found != programs.end(), "the engine's log does not say what its program '", name,
              "' cost; is it another version's?");
  return found->second;
}

// Counts in the mean; seconds as their median, which a moment of other work on the machine does not move.
Traffic typical_of_later(const std::map<std::string, Traffic>& programs, int64_t images) {
  Traffic sum;
  std::vector<double> seconds;
  for (int64_t i = 1; i < images; ++i) {
    const Traffic& one = of_program(programs, "image-" + std::to_string(i));
    sum += one;
    seconds.push_back(one.seconds);
  }
  const auto mean = [&](int64_t total) {
    return std::llround(static_cast<double>(total) / static_cast<double>(seconds.size()));
  };
  Traffic typical{0,
                  {mean(sum.sent[0]), mean(sum.sent[1])},
                  {mean(sum.messages[0]), mean(sum.messages[1])},
                  mean(sum.rounds),
                  sum.in_turns};
  std::sort(seconds.begin(), seconds.end());
  typical.seconds = (seconds[(seconds.size() - 1) / 2] + seconds[seconds.size() / 2]) / 2;
  return typical;
}

int64_t comparisons_of(const Comparisons& counted, Cost cost) {
  return cost == Cost::max_pool ? counted.in_windows : counted.elementwise;
}

// The network that was restored has to be the one that the result describes.
void check_counts(const Subject& subject) {
  std::string differ;
  for (const Node& node : subject.exported.graph.nodes) {
    const auto site = subject.kept.find(node.name);
    if (node.op != Operator::relu || site == subject.kept.end()) continue;
    const auto found = node.mask.sum().item<int64_t>();
    if (found != site->second) differ += text("\n  ", node.name, ": ", found, " kept, the result says ", site->second);
  }
  const int64_t relus = subject.exported.graph.relus();
  SENET_CHECK(differ.empty() && relus == subject.relus, "the network keeps ", relus, " ReLUs, its result counts ",
              subject.relus, differ.empty() ? "" : "; they differ in:", differ,
              "\nthe stored network is not the result's: run the experiment again");
  const Multiplications multiplied = subject.exported.graph.multiplications();
  SENET_CHECK(multiplied.squares == subject.multiplications.squares &&
                  multiplied.coefficients == subject.multiplications.coefficients,
              "the network squares ", multiplied.squares, " and multiplies ", multiplied.coefficients,
              " secrets by coefficients, its result counts ", subject.multiplications.squares, " and ",
              subject.multiplications.coefficients,
              "; the stored network is not the result's: run the experiment again");
}

// What the compiled program compares has to be what the program asks for.
Comparisons checked_comparisons(const Subject& subject, const EngineReport& report) {
  const Program& program = subject.exported.program;
  const Comparisons compiled = count_comparisons(report.compiled_program);
  const int64_t expected = program.comparisons(Cost::relu), pooling = program.comparisons(Cost::max_pool);
  if (compiled.elementwise == expected && compiled.in_windows == pooling) return compiled;
  std::string layers;
  for (size_t i = 0; i < program.layers.size() && i < report.compiled_layers.size(); ++i) {
    const ProgramLayer& layer = program.layers[i];
    const Comparisons counted = count_comparisons(report.compiled_layers[i]);
    const int64_t found = comparisons_of(counted, layer.cost);
    if (found != layer.comparisons) {
      layers += text("\n  ", layer.name, ": ", found, " compiled, ", layer.comparisons, " asked for");
    }
  }
  fail("the compiled program executes ", compiled.elementwise, " comparisons for ReLUs and ", compiled.in_windows,
       " for max-pooling; expected ", expected, " and ", pooling,
       layers.empty() ? "; each layer alone is compiled as expected" : "; layers that differ:" + layers);
}

// What the polynomials' layers multiply, compiled, has to be what they ask for.
Multiplications checked_multiplications(const Program& program, const EngineReport& report) {
  Multiplications total;
  std::string differ;
  for (size_t i = 0; i < program.layers.size(); ++i) {
    const ProgramLayer& layer = program.layers[i];
    if (layer.cost != Cost::polynomial) continue;
    const Multiplications compiled = count_multiplications(report.compiled_layers.at(i));
    total.squares += compiled.squares;
    total.coefficients += compiled.coefficients;
    if (compiled.squares != layer.multiplications.squares ||
        compiled.coefficients != layer.multiplications.coefficients) {
      differ += text("\n  ", layer.name, ": ", compiled.squares, " squares and ", compiled.coefficients,
                     " products by coefficients compiled, ", layer.multiplications.squares, " and ",
                     layer.multiplications.coefficients, " asked for");
    }
  }
  SENET_CHECK(differ.empty(), "the compiled program multiplies otherwise than it is asked for:", differ);
  return total;
}

struct Agreement {
  double largest_error = 0;
  double expected_error = 0;
  Json json;
};

Agreement compare_logits(const Subject& subject, const EngineReport& report, const EngineJob& job) {
  const int64_t classes = subject.golden.logits.size(1);
  SENET_CHECK(static_cast<int64_t>(report.logits.size()) == job.images * classes, "the engine gave ",
              report.logits.size(), " logits, expected ", job.images, "×", classes);
  const torch::Tensor found =
      torch::from_blob(const_cast<float*>(report.logits.data()), {job.images, classes}, torch::kFloat32);
  const torch::Tensor plain = subject.golden.logits.slice(0, 0, job.images);
  const torch::Tensor images = subject.golden.images.slice(0, 0, job.images);
  const Graph& graph = subject.exported.graph;
  const torch::Tensor rounding = evaluate(graph, images, {job.fraction_bits}) - evaluate(graph, images);
  const torch::Tensor errors = std::get<0>((found - plain).abs().max(1));
  const auto top = plain.topk(std::min<int64_t>(2, classes), 1);
  const torch::Tensor chosen = found.argmax(1), wanted = plain.argmax(1);
  const torch::Tensor labels = subject.golden.labels.slice(0, 0, job.images);

  Agreement agreement;
  agreement.largest_error = errors.max().item<double>();
  agreement.expected_error = kErrorFactor * rounding.abs().max().item<double>();
  Json differing = Json::array();
  for (int64_t i = 0; i < job.images; ++i) {
    if (chosen[i].item<int64_t>() == wanted[i].item<int64_t>()) continue;
    const double margin = (std::get<0>(top)[i][0] - std::get<0>(top)[i][1]).item<double>();
    differing.push_back({{"image", i}, {"margin", margin}, {"error", errors[i].item<double>()}});
  }
  const auto share = [&](const torch::Tensor& equal) {
    return static_cast<double>(equal.sum().item<int64_t>()) / static_cast<double>(job.images);
  };
  agreement.json = {{"largest_error", agreement.largest_error},       {"expected_error", agreement.expected_error},
                    {"same_class", share(chosen.eq(wanted))},         {"accuracy", share(chosen.eq(labels))},
                    {"plaintext_accuracy", share(wanted.eq(labels))}, {"differing", differing}};
  return agreement;
}

// While it ran an image.
int64_t most_memory(const PartyReport& party) {
  int64_t most = 0;
  for (const auto& [program, bytes] : party.memory) {
    if (program.rfind("image-", 0) == 0) most = std::max(most, bytes);
  }
  return most;
}

Json caveats_of(const std::string& protocol) {
  Json caveats = {
      "both parties ran on one machine, whose cores they shared, over loopback; latencies under a network are "
      "computed: these seconds, bytes and rounds",
      "both parties know the program and its masks; the logits' opening, one round more, is not in the figures"};
  if (protocol == "semi2k") {
    caveats.push_back(
        "SEMI2K: one party deals the multiplication triples, so that bytes and time are an online phase's "
        "only");
  } else {
    caveats.push_back("CHEETAH: no dealer; the first run pays a set-up (base oblivious transfers, keys)");
  }
  return caveats;
}

Json latencies(const std::vector<NetworkProfile>& profiles, const std::map<std::string, Traffic>& parts) {
  Json all = Json::array();
  for (const NetworkProfile& profile : profiles) {
    Json row = {{"network", profile.name},
                {"bandwidth", profile.bandwidth},
                {"round_trip", profile.round_trip},
                {"how", "computed: measured seconds + rounds · round trip / 2 + measured bytes / bandwidth"}};
    for (const auto& [part, traffic] : parts) row[part] = latency(traffic, profile);
    all.push_back(std::move(row));
  }
  return all;
}

}  // namespace

Json measure(const Engine& engine, const Subject& subject, const EngineJob& job,
             const std::vector<NetworkProfile>& profiles, const std::function<bool()>& stop_requested) {
  const Program& program = subject.exported.program;
  double load = -1;  // other work, in processes that want a core, before the engine starts
  getloadavg(&load, 1);
  check_counts(subject);
  write_package(job.package, program, subject.golden, subject.about);
  const EngineReport report = engine.run(job, stop_requested);
  const Comparisons compiled = checked_comparisons(subject, report);
  const Multiplications multiplied = checked_multiplications(program, report);
  const Agreement agreement = compare_logits(subject, report, job);
  SENET_CHECK(agreement.largest_error <= agreement.expected_error, "the engine's logits are off by up to ",
              agreement.largest_error, "; ", job.fraction_bits, " fractional bits explain ", agreement.expected_error,
              " (", kErrorFactor, " times what an emulation of them gives)");

  const std::map<std::string, Traffic> programs = traffic_by_program(report, job.protocol);
  std::map<std::string, Traffic> parts;
  parts["first"] = of_program(programs, "image-0");
  if (job.images > 1) parts["later"] = typical_of_later(programs, job.images);
  Json layers = Json::array();
  for (size_t i = 0; i < program.layers.size(); ++i) {
    const ProgramLayer& layer = program.layers[i];
    const std::string name = "layer-" + std::to_string(i), again = name + "-again";
    const auto bytes = [&](const std::string& run) {
      const Traffic& traffic = of_program(programs, run);
      return traffic.sent[0] + traffic.sent[1];
    };
    const std::string run = bytes(again) < bytes(name) ? again : name;
    const Traffic& traffic = of_program(programs, run);
    parts[name_of(layer.cost)] += traffic;
    Json row = {{"name", layer.name},
                {"cost", name_of(layer.cost)},
                {"comparisons", comparisons_of(count_comparisons(report.compiled_layers.at(i)), layer.cost)}};
    if (layer.multiplications.any()) row["multiplications"] = to_json(layer.multiplications);
    row.update(to_json(traffic));
    row["memory"] = {report.parties[0].memory.at(run), report.parties[1].memory.at(run)};
    layers.push_back(std::move(row));
  }

  Json json = subject.about;
  json["schema"] = kMeasurementSchema;
  json["comparisons"] = {{"relu", compiled.elementwise}, {"max_pool", compiled.in_windows}};
  json["multiplications"] = to_json(multiplied);
  json["protocol"] = job.protocol;
  json["field"] = "FM64";
  json["fraction_bits"] = job.fraction_bits;
  json["engine"] = {{"name", "SecretFlow SPU"}};
  json["engine"].update(engine.versions());
  json["machine"] = {
      {"processor", environment(torch::kCPU).cpu}, {"cores", std::thread::hardware_concurrency()}, {"load", load}};
  json["images"] = job.images;
  json["caveats"] = caveats_of(job.protocol);
  int64_t unordered = 0;
  for (const auto& [name, rounds] : report.rounds) unordered += rounds.unordered;
  if (unordered > 0) {
    json["caveats"].push_back(
        text(unordered, " messages were logged in an order that could not be: rounds may be counted too low"));
  }
  json["agreement"] = agreement.json;
  for (const char* part : {"first", "later"}) {
    if (parts.count(part)) json[part] = to_json(parts.at(part));
  }
  json["cost"] = Json::object();
  for (const Cost cost : kEveryCost) {
    if (const auto part = parts.find(name_of(cost)); part != parts.end())
      json["cost"][part->first] = to_json(part->second);
  }
  json["latency"] = latencies(profiles, parts);
  json["memory"] = {most_memory(report.parties[0]), most_memory(report.parties[1])};
  json["compile_seconds"] = std::max(report.parties[0].compile_seconds, report.parties[1].compile_seconds);
  json["layers"] = std::move(layers);
  return json;
}

}  // namespace senet
