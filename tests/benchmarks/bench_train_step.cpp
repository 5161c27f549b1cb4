// What one training step costs in each phase, without the loading of its images: ResNet18, 3×32×32, 100 classes, 10 %
// of the ReLUs. `teacher_forward`, `plain_step`: all ReLUs in place. Afterwards, for each phase, its step and its peak
// memory over those of a teacher's forward pass and a plain step, which are what it consists of; the plain step against
// a plain LibTorch program's; and each step's share of the rate at which this machine multiplies matrices.

#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <array>
#include <cmath>
#include <map>
#include <memory>

#include "benchmarks/libtorch_loop.h"
#include "benchmarks/resnet18.h"
#include "benchmarks/turns.h"
#include "cli/tensor_memory.h"
#include "cli/threads.h"
#include "experiment/environment.h"
#include "method/objectives.h"
#include "support/training.h"
#include "train/optimizer.h"
#include "train/steps.h"
#include "train/trainer.h"

namespace senet {
namespace {

// Large enough that its start takes no part of its time.
int64_t matrix_size(const torch::Device& device) { return device.is_cuda() ? 8192 : 2048; }

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
        optimizer(*network, TrainingSettings()),
        sums(network->parameters().front().device()) {}
};

// The networks of one width, made once for all batch sizes.
struct Workbench {
  torch::Device device = resolve_device("auto");
  std::shared_ptr<Network> teacher;
  std::map<std::string, Training> trainings;

  explicit Workbench(int64_t width) : teacher(make_resnet18(width, 1, device)) {
    teacher->eval();
    trainings.try_emplace("plain_step", make_resnet18(width, 2, device),
                          [](Network& network) { return std::make_unique<CrossEntropy>(network); });
    trainings.try_emplace("mask_step", make_resnet18(width, 2, device), [this](Network& network) {
      return std::make_unique<MaskIdentification>(*teacher, network, a_tenth_of_each_site(network), MaskSettings(), 3);
    });
    trainings.try_emplace("finetune_step", make_resnet18(width, 2, device), [this](Network& network) {
      network.set_masks(trainings.at("mask_step").network->masks());
      return std::make_unique<Finetuning>(*teacher, network, testing::finetune_settings());
    });
  }
  Batch batch(int64_t size) const {
    const torch::ScalarType precision = resolve_precision("auto", device);
    return {torch::randn({size, kShape.channels, kShape.height, kShape.width})
                .to(device, precision)
                .contiguous(torch::MemoryFormat::ChannelsLast),
            (torch::arange(size) % kShape.classes).to(device),
            0,
            torch::arange(size, torch::TensorOptions(device).dtype(torch::kInt64)),
            {}};
  }

  static Workbench& of(int64_t width) {
    static std::map<int64_t, Workbench> all;
    return all.try_emplace(width, width).first->second;
  }
};

// Its peak memory in bytes, beyond what stays.
double peak_of(const std::function<void()>& work) {
  work();
  forget_most_in_use();
  const int64_t before = tensor_memory().in_use;
  work();
  return static_cast<double>(tensor_memory().most_in_use - before);
}

LibtorchLoop* libtorch_loop = nullptr;

void steps(benchmark::State& state) {
  const int64_t width = state.range(0), size = state.range(1);
  Workbench& bench = Workbench::of(width);
  const Batch batch = bench.batch(size);
  const DeviceStream stream(bench.device.is_cuda());
  const auto finish = [&] { wait_for(bench.device); };
  const auto evaluate_teacher = [&] {
    const torch::NoGradGuard no_gradient;
    bench.teacher->forward(batch.images);
  };
  DeviceGraph teacher_graph;  // on a GPU a step is one graph, and so is what it is measured against
  const Work teacher_forward = {"teacher_forward", [&] {
                                  if (!bench.device.is_cuda()) return evaluate_teacher();
                                  if (!teacher_graph.recorded()) {
                                    evaluate_teacher();
                                    teacher_graph.record(evaluate_teacher);
                                  }
                                  teacher_graph.replay();
                                  finish();
                                }};
  std::map<std::string, Steps> recorded;
  // A learning rate of 0, so that every step is the same work on the same numbers.
  const auto step = [&](const std::string& phase) {
    return Work{phase, [&, phase] {
                  Training& training = bench.trainings.at(phase);
                  Steps& steps = recorded
                                     .try_emplace(phase, *training.objective, training.optimizer, training.sums, size,
                                                  bench.device, step_graph(bench.device.is_cuda()))
                                     .first->second;
                  steps.run(batch, /*lr=*/0, /*number=*/0);
                  finish();
                }};
  };
  const auto libtorch = [&](const std::string& name, torch::ScalarType type, bool channels_last) {
    return Work{name, [=] { libtorch_loop->step({width, size, kShape.classes, type, channels_last}); }};
  };
  const torch::ScalarType precision = resolve_precision("auto", bench.device);
  const int64_t side = matrix_size(bench.device);
  const torch::Tensor matrix = torch::randn({side, side}).to(bench.device, precision);
  const std::vector<Work> works = {
      teacher_forward,
      step("plain_step"),
      step("mask_step"),
      step("finetune_step"),
      libtorch("libtorch_step", precision, /*channels_last=*/true),
      libtorch("libtorch_float32_contiguous_step", torch::kFloat32, /*channels_last=*/false),
      {"matrix_product", [&] {
         benchmark::DoNotOptimize(matrix.mm(matrix).data_ptr());
         finish();
       }}};
  std::map<std::string, double> peaks;
  // On a GPU the first steps are those that record.
  for (int i = 0; i < 5; ++i) {
    for (size_t work = 0; bench.device.is_cuda() && work < 4; ++work) works[work].run();
  }
  for (size_t i = 0; i < 4 && bench.device.is_cpu(); ++i) {
    peaks[works[i].name] = peak_of(works[i].run);
    state.counters[works[i].name + "_peak_MB"] = peaks[works[i].name] / 1e6;
  }

  const Times times = take_turns(state, works);
  const std::string sizes = text("/width:", width, "/batch:", size);
  for (const char* phase : {"mask_step", "finetune_step"}) {
    say(phase + sizes, ratio(times, phase, {"teacher_forward", "plain_step"}), "teacher_forward + plain_step");
    if (peaks.empty()) continue;
    say(phase + sizes, peaks.at(phase) / std::max(peaks.at("teacher_forward"), peaks.at("plain_step")),
        "the larger peak memory of teacher_forward and plain_step");
  }
  for (const char* other : {"libtorch_step", "libtorch_float32_contiguous_step"}) {
    say(other + sizes, ratio(times, other, {"plain_step"}), "the time of plain_step");
  }
  const double forward = 2.0 * static_cast<double>(size * count(*bench.teacher).macs);
  const double product = 2 * std::pow(static_cast<double>(side), 3);
  for (const auto& [name, passes] :
       {std::pair{"teacher_forward", 1}, {"plain_step", 3}, {"mask_step", 4}, {"finetune_step", 4}}) {
    say(name + sizes, passes * forward / product / ratio(times, name, {"matrix_product"}),
        "the rate of matrix_product");
  }
}

}  // namespace
}  // namespace senet

int main(int count, char** values) {
  using namespace senet;
  LibtorchLoop loop;  // first of all: it forks
  libtorch_loop = &loop;
  keep_tensor_memory();
  at::set_num_threads(available_threads());
  // The first is too short to say anything: tests run it, to see that this program works. (Narrower networks fall into
  // the fault of oneDNN that layers.cpp tells of.)
  for (const auto& [width, batch, rounds] :
       {std::array<int64_t, 3>{16, 4, 2}, {16, 64, 15}, {16, 128, 15}, {64, 128, 5}}) {
    benchmark::RegisterBenchmark("steps", steps)
        ->ArgNames({"width", "batch"})
        ->Args({width, batch})
        ->Iterations(rounds)
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  }
  return run_benchmarks(count, values);
}
