#include "train/optimizer.h"

#include "config/document.h"
#include "support/graphs.h"
#include "support/support.h"
#include "support/tiny_network.h"
#include "support/training.h"
#include "train/training_settings.h"

namespace senet {
namespace {

using testing::largest_difference;
using testing::random_tensor;
using testing::TinyNetwork;

TEST(Sgd, FollowsItsFormulaForFiveSteps) {
  for (const bool nesterov : {false, true}) {
    TinyNetwork network(2, 3, 6, 5);
    network.initialise(3);
    TrainingSettings settings;
    settings.nesterov = nesterov;
    // A parameter may have a rate and a decay of its own.
    const auto rule = [](const std::string& name) {
      return name == "conv1.weight" ? ParameterRule{0.5, 0.25}
             : name == "bn1.bias"   ? ParameterRule{1, 0}
                                    : ParameterRule();
    };
    settings.rule = rule;
    Sgd sgd(network, settings);
    std::map<std::string, torch::Tensor> w, v;
    for (const auto& item : network.named_parameters()) {
      w[item.key()] = item.value().detach().to(torch::kFloat64).clone();
      v[item.key()] = torch::zeros_like(w[item.key()]);
    }
    for (int step = 0; step < 5; ++step) {
      const double lr = 0.1 / (1 + step);
      uint64_t seed = 100 * step;
      for (auto& item : network.named_parameters()) {
        const ParameterRule own = rule(item.key());
        const torch::Tensor gradient = random_tensor(item.value().sizes(), ++seed, torch::kFloat32);
        item.value().mutable_grad() = torch::empty_like(item.value()).copy_(gradient);
        torch::Tensor &weight = w[item.key()], &velocity = v[item.key()];
        const torch::Tensor slope = gradient.to(torch::kFloat64) + own.weight_decay.value_or(5e-4) * weight;
        velocity = 0.9 * velocity + slope;
        weight = weight - lr * own.lr_factor * (nesterov ? slope + 0.9 * velocity : velocity);
      }
      sgd.step(lr);
    }
    for (const Parameter& parameter : sgd.parameters()) {
      EXPECT_LT(largest_difference(parameter.value, w[parameter.name]), 2e-6) << parameter.name;
      EXPECT_LT(largest_difference(parameter.momentum, v[parameter.name]), 2e-6) << parameter.name;
    }
  }
}

TEST(Sgd, TheLoopAndTheTensorPathAgree) {
  TinyNetwork one(2, 3, 6, 5), other(2, 3, 6, 5);
  one.initialise(3);
  other.initialise(3);
  TrainingSettings settings = testing::decay(1e-2);
  settings.nesterov = true;
  Sgd loop(one, settings), tensors(other, settings);
  for (int step = 0; step < 3; ++step) {
    const torch::Tensor gradient = random_tensor(one.conv2->weight.sizes(), step, torch::kFloat32);
    one.conv2->weight.mutable_grad() = torch::empty_like(one.conv2->weight).copy_(gradient);
    // A gradient in another layout than the weight's takes the general path.
    other.conv2->weight.mutable_grad() = gradient.contiguous();
    loop.step(0.1);
    tensors.step(0.1);
  }
  EXPECT_LT(largest_difference(one.conv2->weight, other.conv2->weight), 1e-6);
}

// The loop and the tensor path round in another order, so that identical bits tell which one ran.
TEST(Sgd, TheLoopTakesEitherLayoutOfA1x1ConvolutionsGradient) {
  const auto last = torch::MemoryFormat::ChannelsLast;
  const torch::Tensor start = random_tensor({65, 33, 1, 1}, 1, torch::kFloat32);
  const auto stepped = [&](torch::MemoryFormat of_weight, torch::MemoryFormat of_gradient) {
    Conv2d conv({33, 65, 1});
    const torch::NoGradGuard no_gradient;
    conv.weight.set_data(torch::empty_like(start, of_weight).copy_(start));
    Sgd sgd(conv, testing::decay(1e-2));
    for (int step = 0; step < 3; ++step) {
      const torch::Tensor gradient = random_tensor(start.sizes(), 2 + step, torch::kFloat32);
      conv.weight.mutable_grad() = torch::empty_like(gradient, of_gradient).copy_(gradient);
      sgd.step(0.1);
    }
    return std::pair{conv.weight.detach(), conv.weight.grad()};
  };
  const auto [expected, same] = stepped(last, last);
  EXPECT_EQ(expected.strides(), same.strides());
  const auto [found, other] = stepped(last, torch::MemoryFormat::Contiguous);
  EXPECT_NE(found.strides(), other.strides());
  EXPECT_TRUE(testing::identical(found, expected));
  EXPECT_TRUE(testing::identical(stepped(torch::MemoryFormat::Contiguous, last).first, expected));
}

TEST(Sgd, ParametersWithoutAGradientStay) {
  TinyNetwork network(2, 3, 6, 5);
  network.initialise(3);
  const torch::Tensor before = network.conv1->weight.detach().clone();
  Sgd(network, TrainingSettings()).step(1);
  EXPECT_TRUE(testing::identical(network.conv1->weight.detach(), before));
}

// What a GPU does in place of setting gradients to zero.
TEST(Optimizer, DroppedGradientsAreTheNextPasssAndZeroWhereItGivesNone) {
  for (const OptimizerKind kind : {OptimizerKind::sgd, OptimizerKind::adam}) {
    const auto weights = [&](bool drop) {
      TinyNetwork network(2, 3, 6, 5);
      network.initialise(3);
      TrainingSettings settings;
      settings.optimizer = kind;
      const auto optimizer = make_optimizer(network, settings);
      for (int step = 0; step < 3; ++step) {
        drop ? optimizer->drop_gradients() : optimizer->zero_gradients();
        for (int pass = 0; pass < 2; ++pass) {
          // The first convolution takes no part in the second step, the classifier in none.
          for (const Layer* layer : std::initializer_list<const Layer*>{network.conv1.get(), network.conv2.get()}) {
            if (step == 1 && layer == network.conv1.get()) continue;
            const torch::Tensor factors = random_tensor(layer->weight.sizes(), 10 * step + pass, torch::kFloat32);
            (layer->weight * factors).sum().backward();
          }
        }
        optimizer->step(0.001);
      }
      return std::vector<torch::Tensor>{network.conv1->weight.detach(), network.conv2->weight.detach(),
                                        network.linear->weight.detach()};
    };
    const auto dropped = weights(true), zeroed = weights(false);
    for (size_t i = 0; i < zeroed.size(); ++i) EXPECT_TRUE(testing::identical(dropped[i], zeroed[i])) << i;
  }
}

TEST(Optimizer, AReplayLeavesToTheHostWhatAStepDoes) {
  TinyNetwork network(2, 3, 6, 5);
  network.initialise(3);
  Sgd sgd(network, TrainingSettings());
  const torch::Tensor x = random_tensor({4, 2, 6, 6}, 1, torch::kBFloat16);
  const torch::Tensor& weight = network.conv1->weight;
  testing::WatchedWork graph;
  const auto step = [&] {
    sgd.drop_gradients();
    network.conv1->forward(x).to(torch::kFloat32).square().sum().backward();
    sgd.step(0.01);
  };
  step();
  graph.record(step);
  const torch::Tensor recorded = weight.grad();
  step();
  EXPECT_FALSE(weight.grad().is_same(recorded));
  const auto version = weight._version();
  graph.replay();
  EXPECT_TRUE(weight.grad().is_same(recorded)) << "which a replay fills";
  EXPECT_GT(weight._version(), version) << "a replay changes the weights";
}

TEST(Schedule, DropsStartWithTheFirstEpochAtOrBeyondTheirFraction) {
  TrainingSettings settings;
  settings.epochs = 240;
  settings.lr = 0.05;
  settings.lr_drops = {0.625, 0.75, 0.875};
  for (const auto& [epoch, rate] : std::vector<std::pair<int64_t, double>>{
           {0, 0.05}, {149, 0.05}, {150, 5e-3}, {179, 5e-3}, {180, 5e-4}, {209, 5e-4}, {210, 5e-5}, {239, 5e-5}}) {
    EXPECT_NEAR(settings.lr_at(epoch), rate, 1e-12) << epoch;
  }
  settings.epochs = 100;
  settings.lr_drops = {0.55};  // whose product with 100 is more than 55 in doubles
  EXPECT_NEAR(settings.lr_at(54), 0.05, 1e-12);
  EXPECT_NEAR(settings.lr_at(55), 5e-3, 1e-12);
  settings.lr_drops = {0.625, 0.75, 0.875};
  settings.epochs = 5;  // drops at 3.125, 3.75 and 4.375
  EXPECT_NEAR(settings.lr_at(3), 0.05, 1e-12);
  EXPECT_NEAR(settings.lr_at(4), 0.05 * 0.01, 1e-12);
  settings.schedule = Schedule::cosine;
  settings.epochs = 10;
  EXPECT_NEAR(settings.lr_at(0), 0.05, 1e-12);
  EXPECT_NEAR(settings.lr_at(5), 0.025, 1e-12);
  settings.lr_floor = 0.01;
  EXPECT_NEAR(settings.lr_at(5), 0.03, 1e-12);
  EXPECT_NEAR(settings.lr_at(10), 0.01, 1e-12);
  settings.schedule = Schedule::constant;
  EXPECT_NEAR(settings.lr_at(9), 0.05, 1e-12);
}

TEST(Schedule, BeginsAgain) {
  TrainingSettings settings, one;
  settings.epochs = 12;
  settings.restart_epochs = one.epochs = 4;
  settings.schedule = one.schedule = Schedule::cosine;
  for (int64_t epoch = 0; epoch < 12; ++epoch) EXPECT_EQ(settings.lr_at(epoch), one.lr_at(epoch % 4));
}

TEST(Schedule, TheRateRisesInTheFirstEpochs) {
  for (const Schedule schedule : {Schedule::step, Schedule::cosine, Schedule::constant}) {
    TrainingSettings plain;
    plain.epochs = 8;
    plain.schedule = schedule;
    plain.lr_drops = {0.25};
    TrainingSettings warm = plain;
    warm.warmup_epochs = 3;
    for (int64_t epoch = 0; epoch < 8; ++epoch) {
      const double share = epoch < 3 ? static_cast<double>(epoch + 1) / 4 : 1;
      EXPECT_NEAR(warm.lr_at(epoch), share * plain.lr_at(epoch), 1e-12);
    }
  }
}

TEST(TrainingOptions, AreReadIntoTheirSettings) {
  const Document document = Document::from_toml(
      "[t]\nepochs = 3\nbatch = 7\nlr = 0.2\nmomentum = 0.8\nweight_decay = 0.1\noptimizer = \"adamw\"\nnesterov = "
      "true\n"
      "schedule = \"cosine\"\nlr_drops = [0.5]\nlr_drop_factor = 0.3\nlr_floor = 1e-3\nwarmup_epochs = 2\n"
      "best_epoch = true\ncrop_padding = 2\nflip = false\nrandom_resized = true\ncutout = 5\ncheckpoint_seconds = 9\n",
      "x.toml");
  const TrainingSettings settings = training_settings(document.resolve("t", training_options()));
  EXPECT_EQ(settings.epochs, 3);
  EXPECT_EQ(settings.batch, 7);
  EXPECT_EQ(settings.lr, 0.2);
  EXPECT_EQ(settings.momentum, 0.8);
  EXPECT_EQ(settings.weight_decay, 0.1);
  EXPECT_EQ(settings.optimizer, OptimizerKind::adamw);
  EXPECT_TRUE(settings.nesterov);
  EXPECT_EQ(settings.schedule, Schedule::cosine);
  EXPECT_EQ(settings.lr_drops, std::vector<double>{0.5});
  EXPECT_EQ(settings.lr_drop_factor, 0.3);
  EXPECT_EQ(settings.lr_floor, 1e-3);
  EXPECT_EQ(settings.warmup_epochs, 2);
  EXPECT_TRUE(settings.best_epoch);
  EXPECT_EQ(settings.crop_padding, 2);
  EXPECT_FALSE(settings.flip);
  EXPECT_TRUE(settings.random_resized);
  EXPECT_EQ(settings.cutout, 5);
  EXPECT_EQ(settings.checkpoint_seconds, 9);
}

TEST(TrainingOptions, DefaultsAreTheTeachersOfThePaper) {
  const TrainingSettings settings = training_settings(Document("none").resolve("teacher", training_options()));
  EXPECT_EQ(settings.epochs, 240);
  EXPECT_EQ(settings.batch, 128);
  EXPECT_EQ(settings.lr, 0.05);
  EXPECT_EQ(settings.momentum, 0.9);
  EXPECT_EQ(settings.weight_decay, 5e-4);
  EXPECT_EQ(settings.lr_drops, (std::vector<double>{0.625, 0.75, 0.875}));
  EXPECT_EQ(settings.lr_drop_factor, 0.1);
  EXPECT_EQ(settings.crop_padding, 4);
  EXPECT_TRUE(settings.flip);
}

}  // namespace
}  // namespace senet
