#include <filesystem>
#include <iomanip>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/tools/tool_verbs.h"
#include "display/scratch_folder.h"
#include "experiment/environment.h"
#include "senet/error.h"
#include "storage/files.h"
#include "tools/measure/measurement.h"
#include "tools/report/measurements.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

constexpr int kFractionBits = 18;  // SPU's own for 64-bit numbers

std::vector<NetworkProfile> profiles_of(const Arguments& arguments) {
  std::vector<NetworkProfile> profiles;
  for (const std::string& file : arguments.profiles) profiles.push_back(load_network_profile(file));
  if (!profiles.empty()) return profiles;
  for (const char* file : {"lan.toml", "wan.toml"}) {
    profiles.push_back(load_network_profile(installation_prefix() / "share" / "senet" / "costs" / file));
  }
  return profiles;
}

// By site, where the result says it: at full width.
std::map<std::string, int64_t> counted_by_site(const Result& result, double width) {
  std::map<std::string, int64_t> counted;
  for (const ResultSite& site : result.sites) {
    if (width == 1) counted[site.name] = site.counted;
  }
  return counted;
}

// <results>/<experiment>/measured/<run>.<protocol>[.<masking>][.width-<S>].json: a folder that holds no results.
fs::path measurement_file(const Result& result, const std::string& protocol, const Arguments& arguments) {
  std::string name = result.file.stem().string() + "." + protocol;
  if (arguments.masking != "gather") name += "." + arguments.masking;
  if (arguments.width != 1) name += ".width-" + Json(arguments.width).dump();
  return result.file.parent_path() / "measured" / (name + ".json");
}

void show(const Measurement& measured) {
  const auto row = [](const std::string& name, const Traffic& part, const std::string& comparisons) {
    output() << "  " << std::left << std::setw(14) << name << std::right << std::setw(12) << comparisons << std::fixed
             << std::setw(12) << std::setprecision(3) << part.megabytes() << std::setw(10)
             << part.messages[0] + part.messages[1] << std::setw(8) << part.rounds << std::setw(10) << part.seconds
             << "\n";
  };
  output() << measured.run << ", " << measured.protocol << ", masking " << measured.masking << ": " << measured.relus
           << " ReLUs, ";
  if (measured.multiplications.any()) {
    output() << measured.multiplications.squares << " squares, " << measured.multiplications.coefficients
             << " secret coefficients, ";
  }
  output() << measured.images << " images\n  " << std::setw(26) << "comparisons" << std::setw(12) << "MB"
           << std::setw(10) << "messages" << std::setw(8) << "rounds" << std::setw(10) << "s"
           << "\n";
  for (const auto& [kind, comparisons] :
       {std::pair("linear", std::string()), std::pair("relu", std::to_string(measured.relu_comparisons)),
        std::pair("polynomial", std::string()), std::pair("max_pool", std::to_string(measured.max_pool_comparisons))}) {
    if (measured.cost.count(kind)) row(kind, measured.cost.at(kind), comparisons);
  }
  row("first image", measured.first, "");
  if (measured.later) row("later, mean", *measured.later, "");
  const auto gigabytes = [&](size_t party) { return 1e-9 * static_cast<double>(measured.memory.at(party)); };
  output() << std::defaultfloat << std::setprecision(3) << "  class as in plaintext: " << 100 * measured.same_class
           << " %, logits off by up to " << measured.largest_error << "; memory " << gigabytes(0) << " and "
           << gigabytes(1) << " GB\n";
  for (const Measurement::Latency& network : measured.latencies)
    output() << "  computed latency, " << network.name() << ": " << network.seconds() << " s\n";
  output() << "  " << measured.file.string() << "\n" << std::flush;
}

// What all measurements of one call share.
struct Bench {
  const Arguments& arguments;
  const Engine& engine;
  const PluginHost& plugins;
  const std::vector<NetworkProfile>& profiles;
  const fs::path& work;
  Console& console;
};

Json measure_run(const Bench& bench, const Result& result, const std::string& protocol) {
  const Arguments& arguments = bench.arguments;
  bench.console.message(text(result.id(), ": ", protocol, ", ", arguments.images, " images"));
  const RestoredRun run = restore_run(result, bench.plugins, run_folders(arguments), torch::kCPU, arguments.width);
  const NetworkExport exported(*run.network, masking_of(arguments.masking));
  const Golden golden =
      golden_images(*run.network, make_loader(*run.laboratory, run.laboratory->data.test), arguments.images);
  Json about = describe_export(result, arguments.width, exported);
  about["environment"] = to_json(environment(torch::kCPU));
  const NetworkScores counted = result.at_width(arguments.width).scores;
  const Subject subject{
      exported,        golden, counted.relus, counted.multiplications, counted_by_site(result, arguments.width),
      std::move(about)};
  const fs::path file = measurement_file(result, protocol, arguments);
  const fs::path folder = bench.work / slug(result.experiment + "-" + file.stem().string());
  fs::create_directories(folder);
  const EngineJob job{folder / "export", folder,         protocol,         kFractionBits,
                      arguments.images,  arguments.port, arguments.timeout};
  Json measured = measure(bench.engine, subject, job, bench.profiles, [&] { return bench.console.stop_requested(); });
  write_atomically(file, readable(measured) + "\n");
  if (!arguments.json) show(measurement_from(measured, file));
  return measured;
}

}  // namespace

int measure_runs(const Arguments& arguments) {
  const std::vector<NetworkProfile> profiles = profiles_of(arguments);
  const Engine engine(arguments.engine, installation_prefix());
  const PluginHost plugins = load_plugins(arguments);
  std::vector<Result> results;
  for (const std::string& subject : arguments.subjects) results.push_back(find_result(arguments.results, subject));
  const std::vector<std::string> protocols =
      arguments.protocols.empty() ? std::vector<std::string>{"semi2k", "cheetah"} : arguments.protocols;
  prepare_cpu(arguments);
  Console console;
  console.stop_when_asked();
  // Exports and the engine's logs are kept where the command line names a folder for them.
  const ScratchFolder scratch("measure");
  const fs::path work = arguments.work.empty() ? scratch.path() : fs::path(arguments.work);
  fs::create_directories(work);
  const Bench bench{arguments, engine, plugins, profiles, work, console};
  Json all = Json::array();
  // One that fails leaves the others running.
  std::vector<Error> failures;
  const auto failed = [&](const Result& result, const std::string& protocol, const char* why, Exit exit) {
    failures.emplace_back(text(result.id(), ", ", protocol, ": ", why), exit);
    console.message(failures.back().what());
  };
  for (const Result& result : results) {
    for (const std::string& protocol : protocols) {
      try {
        all.push_back(measure_run(bench, result, protocol));
      } catch (const Error& error) {
        if (error.exit() == Exit::interrupted) throw;
        failed(result, protocol, error.what(), error.exit());
      } catch (const std::exception& error) {
        failed(result, protocol, error.what(), Exit::failure);
      }
    }
  }
  if (arguments.json) output() << all.dump(2) << "\n";
  if (failures.empty()) return 0;
  throw Error(text(failures.size(), " of ", results.size() * protocols.size(), " measurements failed"),
              failures.front().exit());
}

}  // namespace senet
