// What each pass over activations costs, as the share it reaches of the rate at which this machine copies, on buffers
// of four times its last cache: the bytes a kernel has to move over its time, against those of the copy. The layers of
// LibTorch that a kernel takes the place of are measured beside it. And the work of an epoch's end, for every site of a
// ResNet18 of width 64.

#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "benchmarks/turns.h"
#include "cli/tensor_memory.h"
#include "cli/threads.h"
#include "data/batches.h"
#include "device/device.h"
#include "experiment/environment.h"
#include "kernels/channel_mean_square.h"
#include "kernels/mismatch.h"
#include "method/masks.h"
#include "senet/activation.h"
#include "senet/layers.h"
#include "senet/masked_relu.h"
#include "train/optimizer.h"

namespace senet {
namespace {

constexpr int64_t kChannels = 64, kSide = 32;
constexpr int kRepeats = 20;
constexpr int64_t kGpuCache = int64_t{64} << 20;  // at least what any of them has

torch::Device device() {
  static const torch::Device found = resolve_device("auto");
  return found;
}

int64_t images_of(torch::ScalarType type) {
  const int64_t cache =
      device().is_cuda() ? kGpuCache : std::max<int64_t>(sysconf(_SC_LEVEL3_CACHE_SIZE), int64_t{16} << 20);
  const auto image = static_cast<int64_t>(kChannels * kSide * kSide * torch::elementSize(type));
  return (4 * cache + image - 1) / image;
}

std::string kind_of(torch::ScalarType type, torch::MemoryFormat format) {
  return precision_name(type) + (format == torch::MemoryFormat::Contiguous ? "/contiguous" : "/channels_last");
}

struct Buffers {
  torch::Tensor x, shortcut, gradient, floors;
  std::shared_ptr<BatchNorm2d> norm = std::make_shared<BatchNorm2d>(kChannels);

  Buffers(torch::ScalarType type, torch::MemoryFormat format) {
    const auto make = [&] {
      return torch::randn({images_of(type), kChannels, kSide, kSide}).to(device(), type).contiguous(format);
    };
    norm->to(device());
    x = make(), shortcut = make(), gradient = make();
    floors = floors_of(torch::rand({kChannels, kSide, kSide}).lt(0.1).to(device(), torch::kUInt8), format);
  }
};

using Kernel = std::function<std::function<void()>(Buffers&)>;

// Forward alone without gradients to keep, or backward alone of a graph made before.
template <class Layer>
Kernel forward_of(const Layer& layer) {
  return [layer](Buffers& b) {
    return [&b, layer] {
      const torch::NoGradGuard no_gradient;
      benchmark::DoNotOptimize(layer(b, b.x, b.shortcut).data_ptr());
    };
  };
}
template <class Layer>
Kernel backward_of(const Layer& layer) {
  return [layer](Buffers& b) {
    const torch::Tensor x = b.x.detach().requires_grad_(), shortcut = b.shortcut.detach().requires_grad_();
    const torch::Tensor y = layer(b, x, shortcut);
    return [&b, x, shortcut, y] {
      benchmark::DoNotOptimize(torch::autograd::grad({y}, {x, shortcut}, {b.gradient}, /*retain_graph=*/true,
                                                     /*create_graph=*/false, /*allow_unused=*/true)[0]
                                   .data_ptr());
    };
  };
}

Kernel copy() {
  return [](Buffers& b) {
    return [&b] {
      if (b.x.is_cuda()) {
        b.shortcut.copy_(b.x);
        return;
      }
      auto* to = static_cast<char*>(b.shortcut.data_ptr());
      const auto* from = static_cast<const char*>(b.x.data_ptr());
      at::parallel_for(0, static_cast<int64_t>(b.x.nbytes()), 1 << 20,
                       [&](int64_t begin, int64_t end) { std::memcpy(to + begin, from + begin, end - begin); });
    };
  };
}

Kernel mismatch() {
  return [](Buffers& b) {
    const auto sum = std::make_shared<torch::Tensor>(
        torch::zeros({kSide, kSide, kChannels}, torch::TensorOptions(device()).dtype(torch::kFloat64)));
    return [&b, sum] { add_mismatch(*sum, b.x, b.shortcut); };
  };
}

// `sweeps`: how often a buffer of the activations' size is read or written.
struct Sweeping {
  const char* name;
  Kernel kernel;
  double sweeps;
  bool channels_last_only;
};

std::vector<Sweeping> kernels() {
  const auto relu = [](Buffers&, const torch::Tensor& x, const torch::Tensor&) { return torch::relu(x); };
  const auto masked = [](Buffers& b, const torch::Tensor& x, const torch::Tensor&) {
    return masked_relu_at(x, b.floors);
  };
  const auto activation =
      std::make_shared<MaskedRelu>(torch::rand({kChannels, kSide, kSide}).lt(0.1).to(torch::kUInt8));
  const auto fused = [activation](Buffers& b, const torch::Tensor& x, const torch::Tensor& shortcut) {
    return activation->after(*b.norm, x, shortcut);
  };
  const auto layers = [activation](Buffers& b, const torch::Tensor& x, const torch::Tensor& shortcut) {
    return activation->forward(b.norm->forward(x) + shortcut);
  };
  const auto attention = [](Buffers&, const torch::Tensor& x, const torch::Tensor&) { return channel_mean_square(x); };
  return {{"copy", copy(), 2, false},
          {"masked_relu_forward", forward_of(masked), 2, false},
          {"masked_relu_backward", backward_of(masked), 3, false},
          {"libtorch_relu_forward", forward_of(relu), 2, false},
          {"libtorch_relu_backward", backward_of(relu), 3, false},
          {"norm_add_relu_forward", forward_of(fused), 4, true},
          {"norm_add_relu_backward", backward_of(fused), 7, true},
          {"layers_norm_add_relu_forward", forward_of(layers), 4, true},
          {"layers_norm_add_relu_backward", backward_of(layers), 7, true},
          {"channel_mean_square_forward", forward_of(attention), 1, true},
          {"mismatch", mismatch(), 2, true}};
}

// On a GPU a graph of some repeats: to start one kernel and to wait for it takes longer than the kernel.
std::function<void()> repeated(const std::function<void()>& work, const std::shared_ptr<DeviceGraph>& graph) {
  return [=] {
    if (!device().is_cuda()) return work();
    if (!graph->recorded()) {
      work();
      graph->record([&] {
        for (int i = 0; i < kRepeats; ++i) work();
      });
    }
    graph->replay();
    graph->wait();
  };
}

void activations(benchmark::State& state, torch::ScalarType type, torch::MemoryFormat format) {
  const DeviceStream stream(device().is_cuda());
  Buffers buffers(type, format);
  std::vector<Work> works;
  std::map<std::string, double> sweeps;
  for (const Sweeping& sweeping : kernels()) {
    if (sweeping.channels_last_only && format != torch::MemoryFormat::ChannelsLast) continue;
    works.push_back({sweeping.name, repeated(sweeping.kernel(buffers), std::make_shared<DeviceGraph>())});
    sweeps[sweeping.name] = sweeping.sweeps;
  }
  const Times times = take_turns(state, works);
  for (const auto& [name, count] : sweeps) {
    if (name == "copy") continue;
    say(name + "/" + kind_of(type, format), count / sweeps.at("copy") * ratio(times, "copy", {name}),
        "the rate of copy");
  }
  const double repeats = device().is_cuda() ? kRepeats : 1;
  for (const auto& [name, of_rounds] : times) state.counters[name + "_ms"] = median(of_rounds) / repeats;
  state.counters["copy_GB_per_s"] = 2e-6 * repeats * static_cast<double>(buffers.x.nbytes()) / median(times.at("copy"));
}

void sgd_step(benchmark::State& state) {
  FullyConnected layer(4096, 4096);
  torch::Generator generator = at::detail::createCPUGenerator(1);
  layer.reset_parameters(generator);
  layer.to(device());
  Sgd optimizer(layer, TrainingSettings());
  for (const torch::Tensor& parameter : layer.parameters()) parameter.mutable_grad() = torch::randn_like(parameter);
  for (auto _ : state) {
    optimizer.step(1e-6);
    wait_for(device());
  }
  state.SetBytesProcessed(state.iterations() * 5 * layer.weight.numel() * 4);
}

// Every site's new mask from its D_l: r_l of a tenth.
void largest_entries_of_all_sites(benchmark::State& state) {
  std::vector<torch::Tensor> sums;
  for (const auto& [sites, channels, side] :
       {std::array<int64_t, 3>{5, 64, 32}, {4, 128, 16}, {4, 256, 8}, {4, 512, 4}}) {
    for (int64_t i = 0; i < sites; ++i) {
      sums.push_back(torch::rand({side, side, channels}, torch::kFloat64).to(device()));
    }
  }
  for (auto _ : state) {
    for (const torch::Tensor& sum : sums) {
      benchmark::DoNotOptimize(chosen_mask(sum.permute({2, 0, 1}), sum.numel() / 10).data_ptr());
    }
  }
}

}  // namespace
}  // namespace senet

int main(int count, char** values) {
  using namespace senet;
  keep_tensor_memory();
  at::set_num_threads(available_threads());
  for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
    for (const auto format : {torch::MemoryFormat::ChannelsLast, torch::MemoryFormat::Contiguous}) {
      const std::string name = "activations/" + kind_of(type, format);
      benchmark::RegisterBenchmark(name.c_str(), activations, type, format)
          ->Iterations(9)
          ->UseRealTime()
          ->Unit(benchmark::kMillisecond);
    }
  }
  benchmark::RegisterBenchmark("sgd_step", sgd_step)->UseRealTime()->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("largest_entries_of_all_sites", largest_entries_of_all_sites)
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
  return run_benchmarks(count, values);
}
