#include "baselines/snl/snl.h"

#include <cmath>

#include "support/support.h"
#include "support/tiny_network.h"

namespace senet {
namespace {

using testing::largest_difference;
using testing::random_tensor;
using testing::TinyNetwork;

TEST(AlphaRelu, IsTheFormulaAndItsGradients) {
  const SiteShape shape = {3, 4, 5};
  AlphaRelu activation(shape, 0.01);
  const torch::Tensor alpha = random_tensor({1, 3, 4, 5}, 1) + 0.5, x = random_tensor({2, 3, 4, 5}, 2),
                      gradient = random_tensor({2, 3, 4, 5}, 3);
  EXPECT_TRUE(activation.alpha.eq(1).all().item<bool>()) << "starts as a ReLU";
  activation.to(torch::kFloat64);
  const torch::Tensor fixed_alpha = alpha, fixed_x = x;
  const auto value = [&](const torch::Tensor& a, const torch::Tensor& at) {
    const torch::Tensor y = a * at.clamp_min(0) + (1 - a) * at;
    return (y * gradient).sum().item<double>();
  };
  {
    const torch::NoGradGuard no_gradient;
    activation.alpha.copy_(alpha);
  }
  torch::Tensor input = x.clone().contiguous(torch::MemoryFormat::ChannelsLast).requires_grad_();
  const torch::Tensor y = activation.forward(input);
  EXPECT_LT(largest_difference(y, alpha * x.clamp_min(0) + (1 - alpha) * x), 1e-12);
  EXPECT_TRUE(y.is_contiguous(torch::MemoryFormat::ChannelsLast));
  y.backward(gradient);
  const auto of_alpha = [&](const torch::Tensor& a) { return value(a, fixed_x); };
  const auto of_x = [&](const torch::Tensor& at) { return value(fixed_alpha, at); };
  EXPECT_LT(largest_difference(activation.alpha.grad(), testing::numerical_gradient(of_alpha, alpha)), 1e-6);
  EXPECT_LT(largest_difference(input.grad(), testing::numerical_gradient(of_x, x)), 1e-6);
}

TEST(AlphaRelu, ItsMaskIsWhatLiesAboveTheThreshold) {
  AlphaRelu activation({1, 1, 4}, 0.01);
  const torch::NoGradGuard no_gradient;
  activation.alpha.copy_(torch::tensor({-1.0f, 0.01f, 0.0101f, 2.0f}).view({1, 1, 1, 4}));
  EXPECT_TRUE(testing::identical(activation.mask(), torch::tensor({0, 0, 1, 1}, torch::kUInt8).view({1, 1, 4})));
}

// A search on the tiny network, 3·6·6 + 4·3·3 = 144 ReLUs; its α set as a test wants them.
struct Search {
  explicit Search(int64_t budget, SnlSettings settings = {}) : objective(teacher, student, budget, settings) {
    teacher.initialise(1);
    student.initialise(2);
    teacher.eval();
  }
  // The first `count` α of the network are 1, the others 0.
  void keep(int64_t count) {
    const torch::NoGradGuard no_gradient;
    for (const ReluSite& site : student.sites()) {
      torch::Tensor alpha = torch::zeros({site.relus()});
      const int64_t here = std::min(count, site.relus());
      alpha.slice(0, 0, here).fill_(1);
      count -= here;
      alpha_of(site).copy_(alpha.view(alpha_of(site).sizes()));
    }
  }
  torch::Tensor& alpha_of(const ReluSite& site) { return dynamic_cast<AlphaRelu&>(site.activation()).alpha; }
  void end_epoch(int64_t epoch) {
    EpochSums sums(torch::kCPU);
    Metrics metrics;
    const Parameters none;
    EpochEnd end{epoch, 100, sums, none, metrics};
    objective.epoch_end(end);
  }
  TinyNetwork teacher{2, 3, 6, 5}, student{2, 3, 6, 5};
  SnlSearch objective;
};

TEST(SnlSearch, LambdaGrowsFromTheSixthEpochOnWhereTheCountIsNotBelowItsLowest) {
  Search search(10);
  // The count after each epoch, and by hand what λ is then, in factors of 1.1.
  const std::vector<std::pair<int64_t, int>> epochs = {{144, 0}, {144, 0}, {140, 0}, {144, 0}, {140, 0},  // before 5
                                                       {140, 1}, {139, 1}, {139, 2}, {141, 3}, {50, 3},
                                                       {11, 3},  {11, 4},  {10, 4}};
  for (size_t epoch = 0; epoch < epochs.size(); ++epoch) {
    EXPECT_FALSE(search.objective.finished()) << "epoch " << epoch;
    search.keep(epochs[epoch].first);
    search.end_epoch(static_cast<int64_t>(epoch));
    EXPECT_EQ(search.objective.count(), epochs[epoch].first);
    EXPECT_NEAR(search.objective.lambda(), 1e-5 * std::pow(1.1, epochs[epoch].second), 1e-12) << "epoch " << epoch;
  }
  EXPECT_TRUE(search.objective.finished()) << "the first count that is not over the budget";
}

TEST(SnlSearch, ItsLossIsCrossEntropyAndDistillationAndTheSumOfAlphas) {
  SnlSettings settings;
  settings.lambda = 0.01;
  settings.distilled.ce_weight = 0.3;
  settings.distilled.kd_weight = 0.8;
  Search search(10, settings);
  {
    const torch::NoGradGuard no_gradient;
    for (const ReluSite& site : search.student.sites()) {
      search.alpha_of(site).copy_(random_tensor(search.alpha_of(site).sizes(), site.index()));
    }
  }
  search.student.train();
  const Batch batch{random_tensor({7, 2, 6, 6}, 1, torch::kFloat32).contiguous(torch::MemoryFormat::ChannelsLast),
                    torch::arange(7) % 5};
  double sum = 0;
  for (const torch::Tensor& alpha : search.objective.alphas())
    sum += alpha.to(torch::kFloat64).abs().sum().item<double>();
  double expected;
  {
    const torch::NoGradGuard no_gradient;
    const torch::Tensor logits = search.student.forward(batch.images), target = search.teacher.forward(batch.images);
    expected =
        0.3 * cross_entropy(logits, batch.labels).item<double>() + 0.8 * distillation(logits, target, 4).item<double>();
  }
  EpochSums sums(torch::kCPU);
  EXPECT_NEAR(search.objective.loss(batch, sums).loss.item<double>(), expected + 0.01 * sum, 1e-4);
}

TEST(SnlSearch, AnEpochOverTheBudgetIsNotTheBest) {
  Search search(40);
  search.keep(41);
  EXPECT_FALSE(search.objective.may_be_kept());
  search.keep(40);
  EXPECT_TRUE(search.objective.may_be_kept());
}

TEST(SnlSearch, CountsItsEpochsAndKeepsTheirNumber) {
  Search search(10), resumed(10), older(10);
  for (const int64_t epoch : {0, 1, 2}) search.end_epoch(epoch);
  EXPECT_EQ(search.objective.epochs(), 3);
  Archive saved = Archive::saving();
  search.objective.state(saved);
  Archive loaded = Archive::loading(saved.tensors());
  resumed.objective.state(loaded);
  EXPECT_EQ(resumed.objective.epochs(), 3);
  TensorMap before = saved.tensors();
  before.erase("snl.epochs");
  before["snl.count"] = torch::tensor(int64_t{144});
  Archive without = Archive::loading(before);
  older.objective.state(without);
  without.check_all_asked_for();
  EXPECT_EQ(older.objective.epochs(), 0) << "a checkpoint that was written before they were counted";
}

TEST(SnlSearch, EndsUnderTheBudgetOrFillsIt) {
  Search search(40);
  search.keep(30);
  const auto ones = [](const std::vector<torch::Tensor>& masks) {
    int64_t count = 0;
    for (const torch::Tensor& mask : masks) count += mask.sum().item<int64_t>();
    return count;
  };
  EXPECT_EQ(ones(search.objective.masks(false)), 30);
  EXPECT_EQ(ones(search.objective.masks(true)), 40);
  // Cut to the budget where the search ran out of epochs: the largest of the whole network.
  {
    const torch::NoGradGuard no_gradient;
    for (const ReluSite& site : search.student.sites()) {
      search.alpha_of(site).copy_(random_tensor(search.alpha_of(site).sizes(), 20 + site.index()).abs() + 0.1);
    }
  }
  const std::vector<torch::Tensor> masks = search.objective.masks(false), alphas = search.objective.alphas();
  EXPECT_EQ(ones(masks), 40);
  double smallest_kept = 1e9, largest_dropped = 0;
  for (size_t l = 0; l < masks.size(); ++l) {
    smallest_kept = std::min(smallest_kept, (alphas[l] + (1 - masks[l]) * 1e9).min().item<double>());
    largest_dropped = std::max(largest_dropped, (alphas[l] * (1 - masks[l])).max().item<double>());
  }
  EXPECT_GT(smallest_kept, largest_dropped);
}

}  // namespace
}  // namespace senet
