// A world of one rank on the GPU: what travels over NCCL, and the work of a shard there.
#include "cli/c10d_world.h"
#include "cli/gpu_group.h"
#include "kernels/joined_norm.h"
#include "nn/norm_activation.h"
#include "senet/losses.h"
#include "support/support.h"
#include "support/tiny_network.h"
#include "train/steps.h"

namespace senet {
namespace {

using testing::identical;
using testing::kLast;
using testing::largest_difference;
using testing::random_tensor;
using testing::TinyNetwork;

class AWorldOnTheGpu : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!can_form_world() || !can_join_gpus()) GTEST_SKIP() << "this build has no Gloo or no NCCL";
    set_world(form_world({0, 1, "127.0.0.1", 0, {torch::kCUDA, 0}}, [](int) {}));
  }
  void TearDown() override { set_world(nullptr); }
};

TEST_F(AWorldOnTheGpu, MovesTensorsOfEveryTypeAndShapeAndThoseOnTheCpuBesideThem) {
  const DeviceStream stream(true);
  for (const auto type : {torch::kFloat32, torch::kFloat64, torch::kInt64, torch::kUInt8}) {
    for (const std::vector<int64_t>& shape : {std::vector<int64_t>{}, {3}, {2, 5000}}) {
      const torch::Tensor mine = (random_tensor(shape, 1) * 50 + 100).clamp(0, 200).to(type);
      const torch::Tensor gathered = world()->gather(mine.to(torch::kCUDA)).at(0);
      EXPECT_TRUE(gathered.is_cuda());
      EXPECT_TRUE(identical(gathered.cpu(), mine));
      torch::Tensor sum = mine.to(torch::kCUDA);
      world()->sum(sum);
      EXPECT_TRUE(identical(sum.cpu(), mine));
      EXPECT_TRUE(identical(world()->gather(mine).at(0), mine));
    }
  }
  EXPECT_EQ(world()->of_first("words"), "words");
}

TEST_F(AWorldOnTheGpu, HasTheNormOfTheCpu) {
  const std::vector<int64_t> shape = {9, 6, 5, 7};
  const torch::Tensor x = (random_tensor(shape, 1, torch::kFloat32) + 3).contiguous(kLast),
                      shortcut = random_tensor(shape, 2, torch::kFloat32).contiguous(kLast),
                      slope = random_tensor(shape, 3, torch::kFloat32).contiguous(kLast);
  const auto both = [&](const torch::Device& device) {
    const ShardedStep step(1);
    BatchNorm2d norm(6);
    norm.to(device);
    const torch::Tensor input = x.clone().to(device).set_requires_grad(true);
    const torch::Tensor y = norm_activation(norm, input, shortcut.to(device), Rectified::all);
    y.backward(slope.to(device));
    return std::vector<torch::Tensor>{y.detach().cpu(),       input.grad().cpu(),      norm.weight.grad().cpu(),
                                      norm.bias.grad().cpu(), norm.running_mean.cpu(), norm.running_var.cpu()};
  };
  const auto gpu = both(torch::kCUDA), cpu = both(torch::kCPU), again = both(torch::kCUDA);
  for (size_t i = 0; i < cpu.size(); ++i) {
    EXPECT_LT(largest_difference(gpu[i], cpu[i]), 1e-4) << i;
    EXPECT_TRUE(identical(gpu[i], again[i])) << i;
  }
}

// What a training step has to do, without a recorded graph.
TEST_F(AWorldOnTheGpu, TrainsStepsThatRepeatAndFollowTheCpu) {
  class Classification final : public Objective {
   public:
    explicit Classification(Network& network) : network_(network) {}
    Loss loss(const Batch& batch, EpochSums&) override {
      const torch::Tensor logits = network_.forward(batch.images);
      return {cross_entropy(logits, batch.labels), logits};
    }
    void epoch_end(EpochEnd&) override {}

   private:
    Network& network_;
  };
  const auto losses = [](const torch::Device& device) {
    TinyNetwork network(2, 3, 6, 5);
    network.initialise(1);
    network.to(device);
    network.train();
    const DeviceStream stream(device.is_cuda());
    TrainingSettings settings;
    const auto optimizer = make_optimizer(network, settings);
    Classification objective(network);
    EpochSums sums(device);
    Steps steps(objective, *optimizer, sums, 8, device, step_graph(device.is_cuda()));
    for (int i = 0; i < 6; ++i) {
      const torch::Tensor images = random_tensor({8, 2, 6, 6}, i, torch::kFloat32).contiguous(kLast).to(device);
      steps.run({images, (torch::arange(8) % 5).to(device), 0, torch::arange(8).to(device)}, 0.05, i);
    }
    steps.wait();
    sums.join();
    return sums.value("loss");
  };
  const double gpu = losses({torch::kCUDA, 0});
  EXPECT_EQ(gpu, losses({torch::kCUDA, 0}));
  EXPECT_NEAR(gpu, losses(torch::kCPU), 1e-2);
}

}  // namespace
}  // namespace senet
