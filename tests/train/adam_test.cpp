#include "train/optimizer.h"

#include <cmath>

#include "support/support.h"
#include "support/tiny_network.h"
#include "support/training.h"

namespace senet {
namespace {

using testing::identical;
using testing::random_tensor;
using testing::TinyNetwork;

void give_gradients(TinyNetwork& network, int step) {
  int index = 0;
  for (auto& item : network.named_parameters()) {
    item.value().mutable_grad() = random_tensor(item.value().sizes(), 100 * step + ++index, torch::kFloat32);
  }
}

// Of a parameter with a learning rate and a weight decay of its own.
TEST(Adam, FollowsItsFormulaForFiveSteps) {
  for (const auto& [kind, weight_decay] : {std::pair(OptimizerKind::adam, 0.0), std::pair(OptimizerKind::adam, 0.1),
                                           std::pair(OptimizerKind::adamw, 0.1)}) {
    TinyNetwork network(2, 3, 6, 5);
    network.initialise(1);
    TrainingSettings settings = testing::decay(weight_decay);
    settings.optimizer = kind;
    settings.rule = [&, decay = weight_decay](const std::string& name) {
      return name == "conv2.weight" ? ParameterRule{0.5, 2 * decay} : ParameterRule();
    };
    Adam adam(network, settings);
    const double lr = 0.01 * 0.5, own_decay = 2 * weight_decay;
    const bool decoupled = kind == OptimizerKind::adamw;
    const torch::Tensor weight = network.conv2->weight;
    double w = weight[1][2][0][1].item<double>(), m = 0, v = 0;
    for (int step = 1; step <= 5; ++step) {
      give_gradients(network, step);
      const double g = weight.grad()[1][2][0][1].item<double>() + (decoupled ? 0 : own_decay * w);
      if (decoupled) w -= lr * own_decay * w;
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      w -= lr * (m / (1 - std::pow(0.9, step))) / (std::sqrt(v / (1 - std::pow(0.999, step))) + 1e-8);
      adam.step(0.01);
      EXPECT_NEAR(weight[1][2][0][1].item<double>(), w, 1e-6) << "step " << step;
    }
  }
}

TEST(Adam, GoesOnFromItsState) {
  std::vector<torch::Tensor> ends;
  for (const bool stop : {false, true}) {
    TinyNetwork network(2, 3, 6, 5);
    network.initialise(1);
    auto adam = std::make_unique<Adam>(network, testing::decay(0));
    for (int step = 1; step <= 4; ++step) {
      if (stop && step == 3) {
        Archive saved = Archive::saving();
        adam->state(saved);
        adam = std::make_unique<Adam>(network, testing::decay(0));
        Archive loaded = Archive::loading(saved.tensors());
        adam->state(loaded);
      }
      give_gradients(network, step);
      adam->step(0.01);
    }
    ends.push_back(network.conv1->weight.detach().clone());
  }
  EXPECT_TRUE(identical(ends[0], ends[1]));
}

TEST(MakeOptimizer, MakesWhatTheSettingsName) {
  TinyNetwork network(2, 3, 6, 5);
  TrainingSettings settings;
  EXPECT_NE(dynamic_cast<Sgd*>(make_optimizer(network, settings).get()), nullptr);
  for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::adamw}) {
    settings.optimizer = kind;
    EXPECT_NE(dynamic_cast<Adam*>(make_optimizer(network, settings).get()), nullptr);
  }
}

}  // namespace
}  // namespace senet
