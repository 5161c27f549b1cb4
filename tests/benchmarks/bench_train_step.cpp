// What one training step costs in each phase, without the loading of its images: ResNet18, 3×32×32, 100 classes, 10 %
// of the ReLUs. `teacher_forward`, `plain_step`: all ReLUs in place. Afterwards, for each phase, its step and its peak
// memory over those of a teacher's forward pass and a plain step, which are what it consists of; the plain step against
// a plain LibTorch program's; and each step's share of the rate at which this machine multiplies matrices.

#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <torch/cuda.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cstdio>
#include <map>
#include <memory>

#include "benchmarks/interleaved.h"
#include "benchmarks/libtorch_loop.h"
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
  std::map<std::string, double> peaks;  // bytes in use at once beyond what stays

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
void time_steps(benchmark::State& state, Workbench& bench, const std::string& name, const Step& step) {
  step();
  forget_most_in_use();
  const int64_t before = tensor_memory().in_use;
  for (auto _ : state) {
    step();
    if (bench.device.is_cuda()) torch::cuda::synchronize();
  }
  const auto peak = static_cast<double>(tensor_memory().most_in_use - before);
  bench.peaks[text(name, "/", state.range(1))] = peak;
  state.counters["peak_MB"] = peak / 1e6;
  state.SetItemsProcessed(state.iterations() * state.range(1));
}

void teacher_forward(benchmark::State& state) {
  Workbench& bench = Workbench::of(state.range(0));
  const Batch batch = bench.batch(state.range(1));
  const torch::NoGradGuard no_gradient;
  time_steps(state, bench, "teacher_forward", [&] { bench.teacher->forward(batch.images); });
}

void training_step(benchmark::State& state, const std::string& phase) {
  Workbench& bench = Workbench::of(state.range(0));
  const Batch batch = bench.batch(state.range(1));
  Training& training = bench.trainings.at(phase);
  // A learning rate of 0, so that every step is the same work on the same numbers.
  time_steps(state, bench, phase,
             [&] { train_step(*training.objective, batch, training.optimizer, /*lr=*/0, training.sums); });
}

// In LibTorch's own memory, as its programs have it.
void libtorch_step(benchmark::State& state, torch::MemoryFormat format, bool float32) {
  Workbench& bench = Workbench::of(state.range(0));
  const Batch batch = bench.batch(state.range(1));
  const auto precision = float32 ? torch::kFloat32 : resolve_precision("auto", bench.device);
  LibtorchLoop loop(state.range(0), kShape.classes, format, precision);
  keep_tensor_memory(false);
  for (auto _ : state) loop.step(batch.images, batch.labels);
  keep_tensor_memory();
  state.SetItemsProcessed(state.iterations() * state.range(1));
}

constexpr int64_t kMatrix = 2048;

void matrix_product(benchmark::State& state) {
  const torch::Device device = resolve_device("auto");
  const torch::Tensor a = torch::randn({kMatrix, kMatrix}).to(device, resolve_precision("auto", device));
  for (auto _ : state) benchmark::DoNotOptimize(a.mm(a).data_ptr());
}

// To standard error, so that --benchmark_format=json stays JSON.
void print_ratios(const Times& all) {
  for (const auto& [sizes, times] : all) {
    if (!times.count("teacher_forward") || !times.count("plain_step")) continue;
    const auto say = [&, &of = sizes](const char* name, double share, const char* what) {
      std::fprintf(stderr, "%s/%s: %.3f of %s\n", name, of.c_str(), share, what);
    };
    int64_t width = 0, batch = 0;
    std::sscanf(sizes.c_str(), "width:%ld/batch:%ld", &width, &batch);
    Workbench& bench = Workbench::of(width);
    const auto peak = [&](const char* name) { return bench.peaks.at(text(name, "/", batch)); };
    const double parts = times.at("teacher_forward") + times.at("plain_step");
    for (const char* phase : {"mask_step", "finetune_step"}) {
      if (!times.count(phase)) continue;
      say(phase, times.at(phase) / parts, "teacher_forward + plain_step");
      say(phase, peak(phase) / std::max(peak("teacher_forward"), peak("plain_step")),
          "the larger peak memory of teacher_forward and plain_step");
    }
    for (const char* loop : {"libtorch_float32_contiguous_step", "libtorch_channels_last_step"}) {
      if (times.count(loop)) say(loop, times.at(loop) / times.at("plain_step"), "the time of plain_step");
    }
    const auto matrices = all.find("");
    if (matrices == all.end() || !matrices->second.count("matrix_product")) continue;
    const double peak_rate = 2.0 * kMatrix * kMatrix * kMatrix / matrices->second.at("matrix_product");
    const double forward = 2.0 * static_cast<double>(batch * count(*bench.teacher, kShape).macs);
    for (const auto& [name, passes] :
         {std::pair{"teacher_forward", 1}, {"plain_step", 3}, {"mask_step", 4}, {"finetune_step", 4}}) {
      if (times.count(name)) say(name, passes * forward / times.at(name) / peak_rate, "the rate of matrix_product");
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
  sizes(benchmark::RegisterBenchmark("libtorch_float32_contiguous_step", libtorch_step, torch::MemoryFormat::Contiguous,
                                     /*float32=*/true));
  sizes(benchmark::RegisterBenchmark("libtorch_channels_last_step", libtorch_step, torch::MemoryFormat::ChannelsLast,
                                     /*float32=*/false));
  benchmark::RegisterBenchmark("matrix_product", matrix_product)->UseRealTime()->Unit(benchmark::kMillisecond);
  return run_interleaved(count, values, print_ratios);
}
