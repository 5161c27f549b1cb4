// What one training step costs in each phase, without the loading of its images: ResNet18, 3×32×32, 100 classes, 10 %
// of the ReLUs. Afterwards, for each phase, its step over the sum of a teacher's forward pass and a plain step, which
// are what it consists of. `teacher_forward`, `plain_step`: all ReLUs in place.

#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <torch/cuda.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cstdio>
#include <map>
#include <memory>

#include "benchmarks/interleaved.h"
#include "config/document.h"
#include "experiment/environment.h"
#include "nn/tensor_memory.h"
#include "plugin/host.h"
#include "senet/objectives.h"
#include "train/sgd.h"
#include "train/trainer.h"

namespace senet {
namespace {

constexpr NetworkShape kShape{3, 32, 32, 100};

std::shared_ptr<Network> make_network(int64_t width, uint64_t seed, const torch::Device& device) {
  static const PluginHost host(PluginHost::search_path({}));
  Document document;
  document.set(text("model.width=", width));
  const Options options = document.resolve("model", host.options(PluginKind::model, "resnet18"));
  auto network = host.make<Model>("resnet18", options)->build(kShape);
  network->initialise(seed);
  network->to(device);
  network->train();
  return network;
}

std::vector<int64_t> a_tenth_of_each_site(const Network& network) {
  std::vector<int64_t> relus;
  for (const ReluSite& site : network.sites()) relus.push_back(site.relus() / 10);
  return relus;
}

// A network with its objective and optimiser.
struct Training {
  std::shared_ptr<Network> network;
  std::unique_ptr<Objective> objective;
  Sgd optimizer;
  EpochSums sums;

  template <class Make>
  Training(std::shared_ptr<Network> trained, const Make& make)
      : network(std::move(trained)),
        objective(make(*network)),
        optimizer(*network, 0.9, 5e-4),
        sums(network->parameters().front().device()) {}
};

// The networks of one width, made once for all benchmarks: interleaved repetitions would make them again each time.
struct Workbench {
  torch::Device device = resolve_device("auto");
  std::shared_ptr<Network> teacher;
  std::map<std::string, Training> trainings;

  explicit Workbench(int64_t width) : teacher(make_network(width, 1, device)) {
    teacher->eval();
    trainings.try_emplace("plain_step", make_network(width, 2, device),
                          [](Network& network) { return std::make_unique<CrossEntropy>(network); });
    trainings.try_emplace("mask_step", make_network(width, 2, device), [this](Network& network) {
      return std::make_unique<MaskIdentification>(*teacher, network, a_tenth_of_each_site(network), MaskSettings(), 3);
    });
    trainings.try_emplace("finetune_step", make_network(width, 2, device), [this](Network& network) {
      network.set_masks(trainings.at("mask_step").network->masks());
      return std::make_unique<Finetuning>(*teacher, network, FinetuneSettings());
    });
  }
  Batch batch(int64_t size) const {
    const torch::ScalarType precision = resolve_precision("auto", device);
    return {torch::randn({size, kShape.channels, kShape.height, kShape.width})
                .to(device, precision)
                .contiguous(torch::MemoryFormat::ChannelsLast),
            (torch::arange(size) % kShape.classes).to(device)};
  }

  static Workbench& of(int64_t width) {
    static std::map<int64_t, Workbench> all;
    return all.try_emplace(width, width).first->second;
  }
};

template <class Step>
void time_steps(benchmark::State& state, const torch::Device& device, const Step& step) {
  for (auto _ : state) {
    step();
    if (device.is_cuda()) torch::cuda::synchronize();
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
}

void teacher_forward(benchmark::State& state) {
  Workbench& bench = Workbench::of(state.range(0));
  const Batch batch = bench.batch(state.range(1));
  const torch::NoGradGuard no_gradient;
  time_steps(state, bench.device, [&] { bench.teacher->forward(batch.images); });
}

void training_step(benchmark::State& state, const std::string& phase) {
  Workbench& bench = Workbench::of(state.range(0));
  const Batch batch = bench.batch(state.range(1));
  Training& training = bench.trainings.at(phase);
  // A learning rate of 0, so that every step is the same work on the same numbers.
  time_steps(state, bench.device,
             [&] { train_step(*training.objective, batch, training.optimizer, /*lr=*/0, training.sums); });
}

// To standard error, so that --benchmark_format=json stays JSON.
void print_ratios(const Times& all) {
  for (const auto& [sizes, times] : all) {
    if (!times.count("teacher_forward") || !times.count("plain_step")) continue;
    const double parts = times.at("teacher_forward") + times.at("plain_step");
    for (const char* phase : {"mask_step", "finetune_step"}) {
      if (!times.count(phase)) continue;
      std::fprintf(stderr, "%s/%s: %.3f of teacher_forward + plain_step\n", phase, sizes.c_str(),
                   times.at(phase) / parts);
    }
  }
}

}  // namespace
}  // namespace senet

int main(int count, char** values) {
  using namespace senet;
  keep_tensor_memory();
  at::set_num_threads(available_threads());
  const auto sizes = [](benchmark::internal::Benchmark* benchmark) {
    benchmark->ArgNames({"width", "batch"})->ArgsProduct({{16, 64}, {64, 128}});
    benchmark->UseRealTime()->Unit(benchmark::kMillisecond);
  };
  sizes(benchmark::RegisterBenchmark("teacher_forward", teacher_forward));
  for (const char* phase : {"plain_step", "mask_step", "finetune_step"}) {
    sizes(benchmark::RegisterBenchmark(phase, training_step, std::string(phase)));
  }
  return run_interleaved(count, values, print_ratios);
}
