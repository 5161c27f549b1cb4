#include "support/phase.h"
#include "support/tiny_network.h"

namespace senet {
namespace {

using testing::error_of;
using testing::identical;
using testing::PhaseInMemory;
using testing::TinyNetwork;

TEST(BatchesOfAPart, ComeInTheImagesOrderWithoutAugmentation) {
  PhaseInMemory made;
  const Images& images = made.laboratory.data.train;
  const torch::Tensor expected = ((images.pixels.to(torch::kFloat32) / 255 - 0.5) / 0.25).permute({0, 3, 1, 2});
  for (int turn = 0; turn < 2; ++turn) {
    std::vector<int64_t> sizes;
    int64_t begin = 0;
    made.context.for_each_batch(Part::train, 8, 0, [&](const Batch& batch) {
      const int64_t count = batch.labels.size(0);
      sizes.push_back(count);
      EXPECT_TRUE(identical(batch.labels, images.labels.narrow(0, begin, count)));
      EXPECT_TRUE(batch.images.allclose(expected.narrow(0, begin, count), 1e-5, 1e-6));
      begin += count;
    });
    EXPECT_EQ(sizes, (std::vector<int64_t>{8, 8, 6}));
  }
}

TEST(BatchesOfAPart, AreTheFirstImagesUpToALimit) {
  PhaseInMemory made;
  const auto count = [&](Part part, int64_t limit) {
    int64_t images = 0;
    made.context.for_each_batch(part, 4, limit, [&](const Batch& batch) { images += batch.labels.size(0); });
    return images;
  };
  EXPECT_EQ(count(Part::train, 6), 6);
  EXPECT_EQ(count(Part::train, 100), 22);
  EXPECT_EQ(count(Part::held_out, 0), 7);
}

TEST(BatchesOfAPart, AreImagePassesOfThePhase) {
  PhaseInMemory made;
  const auto nothing = [](const Batch&) {};
  made.context.for_each_batch(Part::train, 8, 0, nothing);
  made.context.for_each_batch(Part::train, 4, 10, nothing);
  made.context.for_each_batch(Part::held_out, 4, 0, nothing);
  EXPECT_EQ(made.record.image_passes, 22 + 10 + 7);
  TrainingRecord training;
  training.image_passes = 3 * 22;
  made.record.trainings.emplace_back("network", training);
  EXPECT_EQ(training_time(made.record, 22).image_passes, 3 * 22 + 39);
}

TEST(BatchesOfAPart, LeaveGradientsAndNoUpdate) {
  PhaseInMemory made;
  TinyNetwork network(2, 3, 6, 5);
  network.initialise(1);
  network.eval();
  const torch::Tensor before = network.conv1->weight.detach().clone();
  made.context.for_each_batch(Part::train, 11, 0,
                              [&](const Batch& batch) { network.forward(batch.images).square().sum().backward(); });
  EXPECT_GT(network.conv1->weight.grad().abs().max().item<double>(), 0);
  EXPECT_TRUE(identical(network.conv1->weight.detach(), before));
}

TEST(BatchesOfAPart, SayWhatCannotBe) {
  PhaseInMemory made({}, "", 0);
  Exit exit = Exit::failure;
  const auto nothing = [](const Batch&) {};
  error_of([&] { made.context.for_each_batch(Part::held_out, 4, 0, nothing); }, &exit);
  EXPECT_EQ(exit, Exit::usage) << "no images are held out";
  error_of([&] { made.context.for_each_batch(Part::train, 0, 0, nothing); });
  made.listener.stop = true;
  error_of([&] { made.context.for_each_batch(Part::train, 4, 0, nothing); }, &exit);
  EXPECT_EQ(exit, Exit::interrupted);
}

}  // namespace
}  // namespace senet
