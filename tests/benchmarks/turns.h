#pragma once

#include <benchmark/benchmark.h>
#include <torch/cuda.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "experiment/environment.h"

namespace senet {

struct Work {
  std::string name;
  std::function<void()> run;
};

// What was asked of a device is done; every clock is read behind it.
inline void wait_for(const torch::Device& device) {
  if (device.is_cuda()) torch::cuda::synchronize();
}

// The times of each piece of work, in ms, round by round.
using Times = std::map<std::string, std::vector<double>>;

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// Every iteration of the benchmark is a round that does each piece of work once, so that a machine that slows down for
// a while slows all of them; the first round is not counted. Reports the median time of each.
inline Times take_turns(benchmark::State& state, const std::vector<Work>& works) {
  for (const Work& work : works) work.run();
  Times times;
  for (auto _ : state) {
    for (const Work& work : works) {
      const auto begin = std::chrono::steady_clock::now();
      work.run();
      const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - begin;
      times[work.name].push_back(time.count());
    }
  }
  for (const auto& [name, of_rounds] : times) state.counters[name + "_ms"] = median(of_rounds);
  return times;
}

// The median over the rounds of one time over the sum of others, both of the same round.
inline double ratio(const Times& times, const std::string& of, const std::vector<std::string>& to) {
  std::vector<double> ratios;
  for (size_t round = 0; round < times.at(of).size(); ++round) {
    double sum = 0;
    for (const std::string& name : to) sum += times.at(name)[round];
    ratios.push_back(times.at(of)[round] / sum);
  }
  return median(ratios);
}

// A line that scripts/bench keeps; to standard error, so that --benchmark_format=json stays JSON.
inline void say(const std::string& name, double value, const std::string& of) {
  std::fprintf(stderr, "%s: %.3f of %s\n", name.c_str(), value, of.c_str());
}

inline int run_benchmarks(int count, char** values) {
  benchmark::Initialize(&count, values);
  if (benchmark::ReportUnrecognizedArguments(count, values)) return 2;
  // What the times depend on, into the JSON file.
  const Json context = to_json(environment(resolve_device("auto")));
  for (const auto& [key, value] : context.items()) {
    benchmark::AddCustomContext("senet_" + key, value.is_string() ? value.get<std::string>() : value.dump());
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace senet
