// Trainings on the GPU: recorded steps against plain ones, repeats, checkpoints, and what goes wrong there.
#include <ATen/Context.h>

#include "device/device.h"
#include "method/objectives.h"
#include "support/support.h"
#include "support/tiny_images.h"
#include "support/tiny_network.h"
#include "train/steps.h"
#include "train/trainer.h"
#include "train/widths.h"

namespace senet {
namespace {

using testing::identical;
using testing::kTinyNormalisation;
using testing::tiny_images;
using testing::TinyNetwork;

constexpr int64_t kBatch = 8;
class Host final : public TrainingHost {
 public:
  std::optional<TensorMap> restore() override { return saved; }
  void save(const TensorMap& state) override { saved = state; }
  void report(const EpochReport& report) override { losses.push_back(report.loss); }
  void progress(const Progress&) override { ++steps; }
  bool stop_requested() const override { return steps >= stop_after; }

  std::optional<TensorMap> saved;
  std::vector<double> losses;
  int steps = 0, stop_after = 1 << 30;
};

// At width 1 alone, or SENet++'s: at two.
struct MaskTraining {
  torch::Device device;
  TinyNetwork teacher{2, 3, 6, 5}, student{2, 3, 6, 5};
  BatchLoader data, held_out;
  TrainingSettings settings;
  std::unique_ptr<MaskIdentification> objective;

  MaskTraining(torch::Device where, bool two_widths)
      : device(where),
        data(tiny_images(11 * kBatch + 3), kTinyNormalisation, torch::kFloat32, where),
        held_out(tiny_images(7), kTinyNormalisation, torch::kFloat32, where) {
    teacher.initialise(1);
    student.initialise(2);
    teacher.to(device);
    student.to(device);
    settings.epochs = 4;
    settings.batch = kBatch;
    settings.crop_padding = 1;
    settings.checkpoint_seconds = 1e9;
    MaskSettings mask;
    mask.update_steps = 5;
    const Widths widths =
        two_widths ? Widths(student, {0.67, 1.0}, [](double) { return std::make_shared<TinyNetwork>(2, 2, 6, 5); })
                   : Widths(student);
    objective = std::make_unique<MaskIdentification>(teacher, widths, std::vector<int64_t>{40, 12}, mask, 3);
  }
  void run(Host& host) { Trainer{data, held_out, settings, 7}.run(student, *objective, host); }
};

class TrainingOnTheGpu : public ::testing::TestWithParam<bool> {};

TEST_P(TrainingOnTheGpu, RepeatsBitForBitAndFollowsTheCpu) {
  Host cpu, gpu, again;
  MaskTraining(torch::kCPU, GetParam()).run(cpu);
  MaskTraining(torch::kCUDA, GetParam()).run(gpu);
  MaskTraining(torch::kCUDA, GetParam()).run(again);
  ASSERT_EQ(gpu.saved->size(), again.saved->size());
  for (const auto& [name, tensor] : *gpu.saved) {
    // Times differ.
    if (name.rfind("trainer.", 0) == 0) continue;
    EXPECT_TRUE(identical(tensor, again.saved->at(name))) << name;
  }
  EXPECT_NEAR(gpu.losses.front(), cpu.losses.front(), 1e-2);
}

TEST_P(TrainingOnTheGpu, GoesOnFromACheckpointBitForBit) {
  Host whole;
  MaskTraining(torch::kCUDA, GetParam()).run(whole);
  for (const int stop : {2, 9, 17, 30}) {
    Host host;
    host.stop_after = stop;
    EXPECT_THROW(MaskTraining(torch::kCUDA, GetParam()).run(host), Error);
    host.stop_after = 1 << 30;
    MaskTraining(torch::kCUDA, GetParam()).run(host);
    for (const auto& [name, tensor] : *whole.saved) {
      if (name.rfind("trainer.", 0) == 0) continue;
      EXPECT_TRUE(identical(tensor, host.saved->at(name))) << stop << " " << name;
    }
  }
}

TEST_P(TrainingOnTheGpu, ARecordedStepDoesWhatThePlainOneDoes) {
  const auto weights = [](bool recorded) {
    MaskTraining training(torch::kCUDA, GetParam());
    const DeviceStream stream(true);
    const auto optimizer = make_optimizer(training.student, training.settings);
    EpochSums sums(training.device);
    Steps steps(*training.objective, *optimizer, sums, kBatch, training.device, step_graph(true));
    training.student.train();
    BatchStream batches(training.data, training.data.shuffled(1, 0), kBatch);
    for (int i = 0; i < 12; ++i) {
      const double lr = 0.05 / (1 + i);
      recorded ? steps.run(batches.next(), lr, i)
               : train_step(*training.objective, batches.next(), *optimizer, lr, sums);
      if (i == 7) steps.changed();
    }
    std::vector<torch::Tensor> all = {torch::tensor({sums.value("loss"), sums.value("correct")})};
    for (const torch::Tensor& parameter : training.student.parameters()) all.push_back(parameter.detach().cpu());
    return all;
  };
  const auto plain = weights(false), recorded = weights(true);
  for (size_t i = 0; i < plain.size(); ++i) EXPECT_TRUE(identical(recorded[i], plain[i])) << i;
}

// LibTorch throws where it has none and is told to.
TEST_P(TrainingOnTheGpu, AllOfAStepHasADeterministicImplementation) {
  struct Told {
    Told() {
      at::globalContext().setDeterministicFillUninitializedMemory(false);
      at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
    }
    ~Told() { at::globalContext().setDeterministicAlgorithms(false, false); }
  };
  const Told told;
  MaskTraining training(torch::kCUDA, GetParam());
  const auto optimizer = make_optimizer(training.student, training.settings);
  EpochSums sums(training.device);
  training.student.train();
  const Batch batch = BatchStream(training.data, training.data.shuffled(1, 0), kBatch).next();
  EXPECT_NO_THROW(train_step(*training.objective, batch, *optimizer, 0.05, sums));
}

INSTANTIATE_TEST_SUITE_P(Methods, TrainingOnTheGpu, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "SenetPlusPlus" : "Senet"; });

TEST(MemoryOnTheGpu, RecordingAgainTakesNoMoreMemory) {
  const DeviceStream stream(true);
  const torch::Tensor x = torch::ones({1 << 20}, torch::kCUDA);
  DeviceGraph graph;
  int64_t after_first = 0;
  for (int i = 0; i < 20; ++i) {
    graph.record([&] { x.add_((x * 2 + 1).sum() * 0); });
    graph.replay();
    graph.forget();
    if (i == 1) after_first = device_memory().free;
  }
  EXPECT_GE(device_memory().free, after_first - (int64_t{32} << 20));
}

TEST(MemoryOnTheGpu, TooLittleMemorySaysHowMuchThereIsAndWhatToLower) {
  const std::string message =
      testing::error_of([] { with_explained_errors([] { (void)torch::empty({int64_t{1} << 42}, torch::kCUDA); }); });
  EXPECT_NE(message.find("memory is too small; the GPU has "), std::string::npos) << message;
  EXPECT_NE(message.find("training.batch"), std::string::npos) << message;
}

}  // namespace
}  // namespace senet
