#include "senet/ranked.h"

#include "device/world.h"
#include "senet/losses.h"
#include "support/support.h"
#include "support/tiny_network.h"

namespace senet {
namespace {

using testing::identical;
using testing::random_tensor;
using testing::TinyNetwork;

FallingBudget published() {
  FallingBudget fall;
  fall.fall = Fall::cosine;
  fall.power = 1.5;
  fall.begin = 5;
  fall.end = 0.6;
  fall.epochs = 150;
  fall.all = 491520;
  fall.budget = 49152;
  return fall;
}

TEST(FallingBudget, HasThePublishedCountsOfReLUPruner) {
  const FallingBudget fall = published();
  for (const int64_t epoch : {0, 1, 4, 5}) EXPECT_EQ(fall.at(epoch), 491520) << epoch;
  EXPECT_EQ(fall.at(30), 466122);
  EXPECT_EQ(fall.at(60), static_cast<int64_t>(0.54625456 * 491520));
  EXPECT_EQ(fall.at(91), 49474);
  for (const int64_t epoch : {92, 93, 150}) EXPECT_EQ(fall.at(epoch), 49152) << epoch;
}

TEST(FallingBudget, NeverRisesAndEndsAtTheBudgetWhateverTheLength) {
  for (const Fall form : {Fall::cosine, Fall::power}) {
    for (const int64_t epochs : {1, 2, 5, 6, 7, 40}) {
      FallingBudget fall = published();
      fall.fall = form;
      fall.epochs = epochs;
      for (int64_t epoch = 1; epoch < 60; ++epoch) EXPECT_LE(fall.at(epoch + 1), fall.at(epoch));
      EXPECT_EQ(fall.at(60), 49152);
    }
  }
}

TEST(FallingBudget, ByAPowerAndAtOnce) {
  FallingBudget fall;
  fall.fall = Fall::power;
  fall.power = 3;
  fall.begin = 0;
  fall.end = 1;
  fall.epochs = 10;
  fall.all = 1100;
  fall.budget = 100;
  EXPECT_EQ(fall.at(5), 100 + 125);
  fall.fall = Fall::at_once;
  EXPECT_EQ(fall.at(0), 100);
}

TEST(SitePasses, HoldInputsAndGradientsOfEachSiteTheDroppedElementsToo) {
  TinyNetwork network(2, 3, 6, 5);
  network.initialise(1);
  network.set_masks({torch::zeros({3, 6, 6}, torch::kUInt8), torch::ones({4, 3, 3}, torch::kUInt8)});
  const torch::Tensor images = random_tensor({4, 2, 6, 6}, 1, torch::kFloat32), labels = torch::arange(4);
  SitePasses passes({network.site1, network.site2}, true);
  cross_entropy(network.forward(images, &passes), labels).backward();
  const std::vector<SitePass> taken = passes.take();
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_EQ(taken[0].site, network.site1);
  const torch::Tensor x = network.bn1->forward(network.conv1->forward(images));
  EXPECT_TRUE(taken[0].x.allclose(x, 1e-5, 1e-6));
  // By hand from site1's output on: its activation leaves x as it is.
  const torch::Tensor output = x.detach().requires_grad_();
  const torch::Tensor second = network.bn2->forward(network.conv2->forward(output)).clamp_min(0);
  cross_entropy(network.linear->forward(second.mean({2, 3})), labels).backward();
  EXPECT_TRUE(taken[0].gradient.allclose(output.grad(), 1e-4, 1e-7));
  EXPECT_TRUE(taken[1].gradient.defined());
  EXPECT_FALSE(passes.take()[0].x.defined()) << "taken once";
}

class Plain final : public SummedScore {
 public:
  torch::Tensor of_batch(const SitePass& pass) override { return (pass.x * pass.gradient).sum(0); }
  torch::Tensor of_sum(const torch::Tensor& sum) const override { return sum.abs(); }
};

TEST(SummedScore, AddsUpUntilMasksAreMadeAndKeepsItsSums) {
  TinyNetwork network(2, 3, 6, 5);
  Plain score, resumed;
  for (Plain* each : {&score, &resumed}) each->begin({network.site1}, torch::kCPU);
  const torch::Tensor x = random_tensor({2, 3, 6, 6}, 1), g = random_tensor({2, 3, 6, 6}, 2);
  for (int turn = 0; turn < 2; ++turn) score.add({{network.site1, x, g}}, {});
  EXPECT_TRUE(score.scores()[0].allclose(2 * (x * g).sum(0).abs()));
  Archive saved = Archive::saving();
  score.state(saved);
  Archive loaded = Archive::loading(saved.tensors());
  resumed.state(loaded);
  EXPECT_TRUE(identical(resumed.scores()[0], score.scores()[0]));
  score.masks_made();
  EXPECT_EQ(score.scores()[0].abs().max().item<double>(), 0);
}

// The first of two shards, whose other one has the same images.
class TwinShards final : public World {
 public:
  TwinShards() : World(0, 2) {}
  std::vector<torch::Tensor> gather(const torch::Tensor& mine) override { return {mine.clone(), mine.clone()}; }

 protected:
  torch::Tensor exchange(const torch::Tensor& slices) override { return torch::stack({slices[0], slices[0]}); }
  void broadcast(torch::Tensor&) override {}
};

struct InShards {
  explicit InShards(std::unique_ptr<World> world) { set_world(std::move(world)); }
  ~InShards() { set_world(nullptr); }
};

TEST(SummedScore, IsOfAllImagesWhereEachShardAddsItsOwn) {
  const TinyNetwork network(2, 3, 6, 5);
  const torch::Tensor x = random_tensor({2, 3, 6, 6}, 1), g = random_tensor({2, 3, 6, 6}, 2);
  Plain alone, shared, resumed;
  for (Plain* each : {&alone, &shared, &resumed}) each->begin({network.site1}, torch::kCPU);
  alone.add({{network.site1, x, g}}, {});
  const InShards shards(std::make_unique<TwinShards>());
  {
    const ShardedStep step(0.5);
    shared.add({{network.site1, x, g / 2}}, {});  // of a mean over twice the images
  }
  EXPECT_TRUE(shared.scores()[0].allclose(alone.scores()[0])) << "a shard's own";
  Archive saved = Archive::saving();
  shared.state(saved);
  EXPECT_TRUE(saved.has("shard1.ranked.sum.0")) << "a checkpoint has those of every shard";
  Archive loaded = Archive::loading(saved.tensors());
  resumed.state(loaded);
  loaded.check_all_asked_for();
  for (Plain* each : {&shared, &resumed}) {
    each->join();
    EXPECT_TRUE(each->scores()[0].allclose(2 * alone.scores()[0]));
  }
}

// The first of two shards; the other has three images in place of five, and three times its mean.
class OtherShard final : public World {
 public:
  OtherShard() : World(0, 2) {}
  std::vector<torch::Tensor> gather(const torch::Tensor& mine) override {
    const torch::Tensor mean = mine.narrow(0, 0, mine.numel() - 1) / 5;
    return {mine.clone(), torch::cat({3 * (3 * mean), torch::full({1}, 3, mine.options())})};
  }

 protected:
  torch::Tensor exchange(const torch::Tensor& slices) override { return slices; }
  void broadcast(torch::Tensor&) override {}
};

TEST(MeanOverShards, WeighsEachShardByItsImages) {
  const torch::Tensor mean = random_tensor({2, 3}, 1);
  EXPECT_TRUE(identical(mean_over_shards(mean, 5), mean)) << "without shards";
  const InShards shards(std::make_unique<OtherShard>());
  EXPECT_TRUE(identical(mean_over_shards(mean, 5), mean)) << "outside a step of shards";
  const ShardedStep step(5.0 / 8);
  EXPECT_TRUE(mean_over_shards(mean, 5).allclose((5 * mean + 3 * (3 * mean)) / 8));
}

constexpr Option kOwn[] = {integer_option("finetune.epochs", "3", "own default").counts_epochs(),
                           real_option("own", "1", "an own option")};
constexpr RankedOptions kOptions(kOwn);

TEST(RankedOptions, APluginsOwnStandInPlaceOfTheBases) {
  static_assert(kOptions.count == std::size(kRankedOptions) + 1);
  int found = 0;
  for (size_t i = 0; i < kOptions.count; ++i) {
    if (std::string(kOptions.options[i].name) != "finetune.epochs") continue;
    EXPECT_STREQ(kOptions.options[i].default_value, "3");
    ++found;
  }
  EXPECT_EQ(found, 1);
}

}  // namespace
}  // namespace senet
