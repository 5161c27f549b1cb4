#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "experiment/environment.h"

namespace senet {

// The times of one run, by arguments ("width:16/batch:64") and then by benchmark; of repetitions the shortest, which is
// the one that other load on the machine disturbed least, in nanoseconds.
using Times = std::map<std::string, std::map<std::string, double>>;

// What the times depend on, into the JSON file.
inline void add_environment() {
  const Json context = environment(resolve_device("auto"));
  for (const auto& [key, value] : context.items()) {
    benchmark::AddCustomContext("senet_" + key, value.is_string() ? value.get<std::string>() : value.dump());
  }
}

// Runs the registered benchmarks with their repetitions interleaved, so that a machine that slows down slows them all
// alike and their ratios stand. The caller's own flags win. Returns an exit code; `after` is given the times.
template <class After>
int run_interleaved(int count, char** values, const After& after) {
  class Keeper final : public benchmark::BenchmarkReporter {
   public:
    bool ReportContext(const Context& context) override { return display_->ReportContext(context); }
    void ReportRuns(const std::vector<Run>& runs) override {
      for (const Run& run : runs) {
        if (run.error_occurred || run.run_type == Run::RT_Aggregate) continue;
        const double time = run.GetAdjustedRealTime();
        const auto [shortest, first] = times[run.run_name.args].try_emplace(run.run_name.function_name, time);
        if (!first) shortest->second = std::min(shortest->second, time);
      }
      display_->ReportRuns(runs);
    }
    void Finalize() override { display_->Finalize(); }
    Times times;

   private:
    std::unique_ptr<benchmark::BenchmarkReporter> display_{benchmark::CreateDefaultDisplayReporter()};
  };
  std::vector<std::string> arguments = {values[0], "--benchmark_enable_random_interleaving=true",
                                        "--benchmark_repetitions=5", "--benchmark_min_time=0.1"};
  arguments.insert(arguments.end(), values + 1, values + count);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  int total = static_cast<int>(pointers.size());
  benchmark::Initialize(&total, pointers.data());
  if (benchmark::ReportUnrecognizedArguments(total, pointers.data())) return 2;
  add_environment();
  Keeper keeper;
  benchmark::RunSpecifiedBenchmarks(&keeper);
  after(keeper.times);
  benchmark::Shutdown();
  return 0;
}

}  // namespace senet
