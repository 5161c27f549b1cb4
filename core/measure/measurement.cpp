#include "measure/measurement.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <thread>

#include "measure/compiled.h"
#include "senet/error.h"

namespace senet {

namespace {

constexpr int kSchema = 1;
// An engine's roundings err at random by up to a unit, the emulated ones by half of one.
constexpr double kErrorFactor = 4;

Json to_json(const Traffic& traffic) {
  return {{"seconds", traffic.seconds},
          {"sent", {traffic.sent[0], traffic.sent[1]}},
          {"messages", {traffic.messages[0], traffic.messages[1]}},
          {"rounds", traffic.rounds}};
}

Traffic& operator+=(Traffic& total, const Traffic& other) {
  total.seconds += other.seconds;
  total.rounds += other.rounds;
  for (const int party : {0, 1}) {
    total.sent[party] += other.sent[party];
    total.messages[party] += other.messages[party];
  }
  return total;
}

// The engine's report as what each program sent; a program takes as long as its slower party.
std::map<std::string, Traffic> traffic_by_program(const EngineReport& report) {
  std::map<std::string, Traffic> programs;
  for (const int party : {0, 1}) {
    for (const RunCost& cost : report.parties[party].programs) {
      Traffic& traffic = programs[cost.name];
      traffic.seconds = std::max(traffic.seconds, cost.seconds);
      traffic.sent[party] = cost.sent;
      traffic.messages[party] = cost.messages_sent;
      const auto rounds = report.rounds.find(cost.name);
      SENET_CHECK(rounds != report.rounds.end(), "the engine's log of messages has no mark of its program '", cost.name,
                  "'; is it another version's?");
      traffic.rounds = rounds->second;
    }
  }
  return programs;
}

const Traffic& of_program(const std::map<std::string, Traffic>& programs, const std::string& name) {
  const auto found = programs.find(name);
  SENET_CHECK(found != programs.end(), "the engine's log does not say what its program '", name,
              "' cost; is it another version's?");
  return found->second;
}

Traffic mean_of_later(const std::map<std::string, Traffic>& programs, int64_t images) {
  Traffic mean;
  for (int64_t i = 1; i < images; ++i) mean += of_program(programs, "image-" + std::to_string(i));
  const int64_t count = std::max<int64_t>(1, images - 1);
  mean.seconds /= static_cast<double>(count);
  mean.rounds /= count;
  for (const int party : {0, 1}) {
    mean.sent[party] /= count;
    mean.messages[party] /= count;
  }
  return mean;
}

int64_t comparisons_of(const Comparisons& counted, Cost cost) {
  return cost == Cost::max_pool ? counted.in_windows : counted.elementwise;
}

// What the compiled program compares has to be what the program asks for and, gathered, what the result counts.
Comparisons checked_comparisons(const Subject& subject, const EngineReport& report) {
  const Program& program = subject.exported.program;
  const Comparisons compiled = count_comparisons(report.compiled_program);
  const bool gathered = subject.exported.masking == Masking::gather;
  const int64_t expected = gathered ? subject.relus : program.comparisons(Cost::relu);
  const int64_t pooling = program.comparisons(Cost::max_pool);
  if (compiled.elementwise == expected && compiled.in_windows == pooling) return compiled;
  std::string layers;
  for (size_t i = 0; i < program.layers.size() && i < report.compiled_layers.size(); ++i) {
    const ProgramLayer& layer = program.layers[i];
    const Comparisons counted = count_comparisons(report.compiled_layers[i]);
    const int64_t found = comparisons_of(counted, layer.cost);
    if (found != layer.comparisons) {
      layers += text("\n  ", layer.name, ": ", found, " compiled, ", layer.comparisons, " kept");
    }
  }
  fail("the compiled program executes ", compiled.elementwise, " comparisons for ReLUs and ", compiled.in_windows,
       " for max-pooling; expected ", expected, gathered ? " (the result's ReLU count)" : "", " and ", pooling,
       layers.empty() ? "; each layer alone is compiled as expected" : "; layers that differ:" + layers);
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

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  std::string line;
  while (std::getline(info, line)) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

Json caveats_of(const std::string& protocol) {
  Json caveats = {
      "both parties ran on one machine over loopback: seconds say nothing of a network; latencies under a "
      "network are computed from bytes and rounds"};
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
    for (const char* part : {"first", "later", "linear", "relu", "max_pool"}) {
      if (parts.count(part)) row[part] = latency(parts.at(part), profile);
    }
    all.push_back(std::move(row));
  }
  return all;
}

}  // namespace

Json measure(const Engine& engine, const Subject& subject, const EngineJob& job,
             const std::vector<NetworkProfile>& profiles, const std::function<bool()>& stop_requested) {
  const Program& program = subject.exported.program;
  write_package(job.package, program, subject.golden, subject.about);
  const EngineReport report = engine.run(job, stop_requested);
  const Comparisons compiled = checked_comparisons(subject, report);
  const Agreement agreement = compare_logits(subject, report, job);
  SENET_CHECK(agreement.largest_error <= agreement.expected_error, "the engine's logits are off by up to ",
              agreement.largest_error, "; ", job.fraction_bits, " fractional bits explain ", agreement.expected_error,
              " (", kErrorFactor, " times what an emulation of them gives)");
  for (const Json& image : agreement.json.at("differing")) {
    SENET_CHECK(image.at("margin").get<double>() <= 2 * agreement.expected_error, "image ", image.at("image").dump(),
                ": the engine's class is another than plaintext's, whose margin of ", image.at("margin").dump(),
                " no fixed-point error explains");
  }

  const std::map<std::string, Traffic> programs = traffic_by_program(report);
  std::map<std::string, Traffic> parts;
  parts["first"] = of_program(programs, "image-0");
  if (job.images > 1) parts["later"] = mean_of_later(programs, job.images);
  Json layers = Json::array();
  for (size_t i = 0; i < program.layers.size(); ++i) {
    const ProgramLayer& layer = program.layers[i];
    const Traffic& traffic = of_program(programs, "layer-" + std::to_string(i));
    parts[name_of(layer.cost)] += traffic;
    Json row = {{"name", layer.name},
                {"cost", name_of(layer.cost)},
                {"comparisons", comparisons_of(count_comparisons(report.compiled_layers.at(i)), layer.cost)}};
    row.update(to_json(traffic));
    layers.push_back(std::move(row));
  }

  Json json = subject.about;
  json["schema"] = kSchema;
  json["comparisons"] = {{"relu", compiled.elementwise}, {"max_pool", compiled.in_windows}};
  json["protocol"] = job.protocol;
  json["field"] = "FM64";
  json["fraction_bits"] = job.fraction_bits;
  json["engine"] = {{"name", "SecretFlow SPU"}};
  json["engine"].update(engine.versions());
  json["machine"] = {{"processor", processor()}, {"cores", std::thread::hardware_concurrency()}};
  json["images"] = job.images;
  json["caveats"] = caveats_of(job.protocol);
  json["agreement"] = agreement.json;
  for (const char* part : {"first", "later"}) {
    if (parts.count(part)) json[part] = to_json(parts.at(part));
  }
  json["cost"] = Json::object();
  for (const char* part : {"linear", "relu", "max_pool"}) {
    if (parts.count(part)) json["cost"][part] = to_json(parts.at(part));
  }
  json["latency"] = latencies(profiles, parts);
  json["memory"] = {report.parties[0].memory, report.parties[1].memory};
  json["compile_seconds"] = std::max(report.parties[0].compile_seconds, report.parties[1].compile_seconds);
  json["layers"] = std::move(layers);
  return json;
}

}  // namespace senet
