// What a training step costs that is cut into shards, a process each: ResNet18, 3×32×32, 100 classes, all ReLUs in
// place. `sharded_step`: of all shards, joined; `step_alone`: the same work on the same shard, where what the others
// would send is a copy of its own, so that the difference is what the ranks' meetings take; `whole_step`: of one
// process with the threads of all. `sum`: of as many values as the network has weights, in the fixed order of shards;
// `allreduce`: the same by c10d's own, in an order of its own.

#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <spawn.h>
#include <sys/wait.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <sstream>

#ifndef USE_C10D_GLOO  // PyTorch's own CMake package says it; the system's leaves it out
#define USE_C10D_GLOO
#endif
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "benchmarks/resnet18.h"
#include "benchmarks/turns.h"
#include "cli/c10d_world.h"
#include "cli/tensor_memory.h"
#include "method/objectives.h"
#include "train/optimizer.h"
#include "train/steps.h"

extern char** environ;

namespace senet {
namespace {

constexpr const char* kHost = "127.0.0.1";
// For a process that this program starts: "rank port" and the setting.
constexpr const char* kStarted = "SENET_BENCH_SHARD";

struct Setting {
  int64_t shards, threads, width, batch, rounds;
};

struct OpenWorld : World {
  using World::broadcast;
  using World::exchange;
};

// Counts what this rank sends, and sends it on demand only.
class CountingWorld final : public World {
 public:
  CountingWorld(World& real, bool sends, int64_t& bytes)
      : World(real.rank(), real.size()), real_(real), sends_(sends), bytes_(bytes) {}
  std::vector<torch::Tensor> gather(const torch::Tensor& mine) override {
    bytes_ += (size() - 1) * static_cast<int64_t>(mine.nbytes());
    return sends_ ? real_.gather(mine) : std::vector<torch::Tensor>(size(), mine.detach().contiguous());
  }

 protected:
  torch::Tensor exchange(const torch::Tensor& slices) override {
    bytes_ += (size() - 1) * static_cast<int64_t>(slices.nbytes()) / size();
    return sends_ ? (real_.*(&OpenWorld::exchange))(slices) : slices.clone();
  }
  void broadcast(torch::Tensor& values) override {
    if (sends_) (real_.*(&OpenWorld::broadcast))(values);
  }

 private:
  World& real_;
  bool sends_;
  int64_t& bytes_;
};

c10::intrusive_ptr<c10d::ProcessGroupGloo> plain_group(World& world) {
  c10d::TCPStoreOptions options;
  options.isServer = world.rank() == 0;
  options.waitWorkers = false;
  options.port = 0;
  c10::intrusive_ptr<c10d::TCPStore> store;
  if (world.rank() == 0) store = c10::make_intrusive<c10d::TCPStore>(kHost, options);
  const std::string port = world.of_first(store ? std::to_string(store->getPort()) : "");
  if (!store) {
    options.port = static_cast<uint16_t>(std::stoi(port));
    store = c10::make_intrusive<c10d::TCPStore>(kHost, options);
  }
  auto group = c10d::ProcessGroupGloo::Options::create();
  group->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(kHost));
  return c10::make_intrusive<c10d::ProcessGroupGloo>(store, world.rank(), world.size(), group);
}

Batch batch_of(int64_t size) {
  return {
      torch::randn({size, kShape.channels, kShape.height, kShape.width}).contiguous(torch::MemoryFormat::ChannelsLast),
      torch::arange(size) % kShape.classes,
      0,
      torch::arange(size),
      {}};
}

// What every rank does, in one order.
class Rank {
 public:
  Rank(const Setting& setting, std::unique_ptr<World> world)
      : setting_(setting),
        world_(std::move(world)),
        group_(plain_group(*world_)),
        network_(make_resnet18(setting.width, 1, torch::kCPU)),
        objective_(*network_),
        optimizer_(*network_, TrainingSettings()),
        sums_(torch::kCPU),
        whole_(batch_of(setting.batch)),
        shard_(batch_of(setting.batch / setting.shards)) {
    int64_t weights = 0;
    for (const torch::Tensor& parameter : network_->parameters()) weights += parameter.numel();
    values_ = torch::randn({weights});
    at::set_num_threads(static_cast<int>(setting.threads));
  }

  std::vector<Work> works() {
    const Work meet = {"meet", [this] { world_->gather(torch::zeros({1})); }};
    return {meet, {"sharded_step", [this] { sharded_step(/*sends=*/true); }},
            meet, {"step_alone", [this] { sharded_step(/*sends=*/false); }},
            meet, {"whole_step", [this] { whole_step(); }},
            meet, {"sum", [this] { world_->sum(values_); }},
            meet, {"allreduce", [this] { allreduce(); }}};
  }
  void run(int64_t rounds) {
    for (int64_t round = 0; round < rounds; ++round) {
      for (const Work& work : works()) work.run();
    }
  }
  int64_t bytes_of_a_step() {
    bytes_ = 0;
    sharded_step(/*sends=*/false);
    return bytes_;
  }

 private:
  void sharded_step(bool sends) {
    set_world(std::make_unique<CountingWorld>(*world_, sends, bytes_));
    // A learning rate of 0, so that every step is the same work on the same numbers.
    train_step(objective_, shard_, optimizer_, /*lr=*/0, sums_, 1.0 / static_cast<double>(setting_.shards));
    set_world(nullptr);
  }
  void whole_step() {
    if (world_->rank() > 0) return;
    at::set_num_threads(static_cast<int>(setting_.threads * setting_.shards));
    train_step(objective_, whole_, optimizer_, /*lr=*/0, sums_);
    at::set_num_threads(static_cast<int>(setting_.threads));
  }
  void allreduce() {
    std::vector<torch::Tensor> all = {values_};
    group_->allreduce(all)->wait();
    values_.div_(static_cast<double>(setting_.shards));
  }

  const Setting setting_;
  std::unique_ptr<World> world_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
  std::shared_ptr<Network> network_;
  CrossEntropy objective_;
  Sgd optimizer_;
  EpochSums sums_;
  Batch whole_, shard_;
  torch::Tensor values_;
  int64_t bytes_ = 0;
};

pid_t start(const Setting& setting, int rank, int port) {
  std::string started = text(kStarted, "=", rank, " ", port, " ", setting.shards, " ", setting.threads, " ",
                             setting.width, " ", setting.batch, " ", setting.rounds);
  std::vector<char*> variables = {started.data()};
  for (char** one = environ; *one; ++one) variables.push_back(*one);
  variables.push_back(nullptr);
  std::string program = "/proc/self/exe";
  std::array<char*, 2> words = {program.data(), nullptr};
  pid_t child = -1;
  SENET_CHECK(posix_spawn(&child, program.c_str(), nullptr, nullptr, words.data(), variables.data()) == 0,
              "the process of a shard could not be started");
  return child;
}

int started_rank(const std::string& said) {
  Setting setting{};
  int rank = 0, port = 0;
  std::istringstream(said) >> rank >> port >> setting.shards >> setting.threads >> setting.width >> setting.batch >>
      setting.rounds;
  Rank mine(setting, form_world({rank, static_cast<int>(setting.shards), kHost, port}, [](int) {}));
  mine.run(1 + setting.rounds);
  return 0;
}

void steps(benchmark::State& state) {
  const Setting setting{state.range(0), state.range(1), state.range(2), state.range(3),
                        static_cast<int64_t>(state.max_iterations)};
  std::vector<pid_t> others;
  Rank rank(setting, form_world({0, static_cast<int>(setting.shards), kHost, 0}, [&](int port) {
              for (int other = 1; other < setting.shards; ++other) others.push_back(start(setting, other, port));
            }));
  const Times times = take_turns(state, rank.works());
  for (const pid_t other : others) waitpid(other, nullptr, 0);

  state.counters["images_per_second"] = 1000.0 * static_cast<double>(setting.batch) / median(times.at("sharded_step"));
  state.counters["MB_sent_a_step"] = static_cast<double>(rank.bytes_of_a_step()) / 1e6;
  const std::string sizes = text("/shards:", setting.shards, "/threads:", setting.threads, "/width:", setting.width,
                                 "/batch:", setting.batch);
  say("whole_step" + sizes, ratio(times, "whole_step", {"sharded_step"}), "the time of sharded_step");
  say("step_alone" + sizes, ratio(times, "step_alone", {"sharded_step"}), "the time of sharded_step");
  say("sum" + sizes, ratio(times, "sum", {"allreduce"}), "the time of c10d's allreduce");
}

}  // namespace
}  // namespace senet

int main(int count, char** values) {
  using namespace senet;
  keep_tensor_memory();
  if (const char* said = std::getenv(kStarted)) return started_rank(said);
  // The first is too short to say anything: tests run it, to see that this program works.
  for (const auto& [shards, width, batch, rounds] : {std::array<int64_t, 4>{2, 8, 4, 2},
                                                     {2, 8, 64, 15},
                                                     {4, 8, 64, 15},
                                                     {2, 16, 128, 15},
                                                     {4, 16, 128, 15},
                                                     {2, 64, 128, 3}}) {
    benchmark::RegisterBenchmark("steps", steps)
        ->ArgNames({"shards", "threads", "width", "batch"})
        ->Args({shards, 1, width, batch})
        ->Iterations(rounds)
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  }
  return run_benchmarks(count, values);
}
