#include "senet/objectives.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "config/document.h"
#include "senet/phases.h"
#include "support/support.h"
#include "support/tiny_network.h"

namespace senet {
namespace {

using testing::identical;
using testing::random_tensor;
using testing::TinyNetwork;

constexpr int64_t kClasses = 5;

Batch batch_of(uint64_t seed, int64_t size) {
  return {random_tensor({size, 2, 6, 6}, seed, torch::kFloat32).contiguous(torch::MemoryFormat::ChannelsLast),
          torch::arange(size) % kClasses};
}

class Keep final : public Observer {
 public:
  void at_site(const ReluSite&, const torch::Tensor& before, const torch::Tensor& after) override {
    pre.push_back(before.detach().to(torch::kFloat64));
    post.push_back(after.detach().to(torch::kFloat64));
  }
  void at_stage_end(int, const torch::Tensor& output) override { ends.push_back(output.to(torch::kFloat64)); }
  std::vector<torch::Tensor> pre, post, ends;
};

struct Pair {
  TinyNetwork teacher{2, 3, 6, kClasses}, student{2, 3, 6, kClasses};
  Pair() {
    teacher.initialise(1);
    student.initialise(2);
    teacher.train();
    const torch::NoGradGuard no_gradient;
    for (int i = 0; i < 20; ++i) teacher.forward(batch_of(50 + i, 16).images);  // running statistics of its own
    teacher.eval();
  }
};

double softmax(const torch::Tensor& logits, int64_t row, int64_t c, double T) {
  double sum = 0;
  for (int64_t k = 0; k < kClasses; ++k) sum += std::exp(logits[row][k].item<double>() / T);
  return std::exp(logits[row][c].item<double>() / T) / sum;
}
double ce_by_hand(const torch::Tensor& logits, const torch::Tensor& labels) {
  double sum = 0;
  for (int64_t i = 0; i < labels.size(0); ++i) sum -= std::log(softmax(logits, i, labels[i].item<int64_t>(), 1));
  return sum / labels.size(0);
}
double kd_by_hand(const torch::Tensor& student, const torch::Tensor& teacher, double T) {
  double sum = 0;
  for (int64_t i = 0; i < student.size(0); ++i) {
    for (int64_t c = 0; c < kClasses; ++c) {
      const double p = softmax(teacher, i, c, T);
      sum += p * std::log(p / softmax(student, i, c, T));
    }
  }
  return T * T * sum / student.size(0);
}

class Scores : public ::testing::TestWithParam<MaskScore> {};

TEST_P(Scores, MasksBecomeTheLargestMismatchesOfTheEpoch) {
  Pair pair;
  MaskSettings settings;
  settings.score = GetParam();
  const std::vector<int64_t> relus = {31, 7};
  MaskIdentification objective(pair.teacher, pair.student, relus, settings, 9);
  const std::vector<torch::Tensor> start = pair.student.masks();
  for (const ReluSite& site : pair.student.sites())
    EXPECT_EQ(count_relus(site), relus[site.index()]) << "the random start";
  pair.student.train();

  EpochSums sums(torch::kCPU);
  std::vector<std::vector<double>> D = {std::vector<double>(3 * 36), std::vector<double>(4 * 9)};
  for (const auto& [seed, size] : {std::pair<uint64_t, int64_t>{1, 8}, {2, 5}}) {
    const Batch batch = batch_of(seed, size);
    // The same forward passes, observed by the test: batch statistics do not depend on the running ones.
    Keep teacher, student;
    torch::Tensor teacher_logits, student_logits;
    {
      const torch::NoGradGuard no_gradient;
      teacher_logits = pair.teacher.forward(batch.images, &teacher);
      student_logits = pair.student.forward(batch.images, &student);
    }
    for (size_t l = 0; l < 2; ++l) {
      const torch::Tensor compared = GetParam() == MaskScore::pre ? student.pre[l] : student.post[l];
      for (int64_t n = 0; n < size; ++n) {
        const torch::Tensor difference = (teacher.post[l][n] - compared[n]).contiguous().flatten();
        for (size_t i = 0; i < D[l].size(); ++i)
          D[l][i] += std::abs(difference[static_cast<int64_t>(i)].item<double>());
      }
    }
    const Loss loss = objective.loss(batch, sums);
    EXPECT_NEAR(loss.loss.item<double>(),
                0.5 * ce_by_hand(student_logits, batch.labels) + 0.5 * kd_by_hand(student_logits, teacher_logits, 4),
                1e-5);
    EXPECT_LT(testing::largest_difference(loss.logits, student_logits), 1e-5);
    EXPECT_TRUE(loss.loss.requires_grad());
  }

  Metrics metrics;
  const Parameters none;
  EpochEnd end{0, 2, sums, none, metrics};
  objective.epoch_end(end);
  double distance = 0;
  for (const ReluSite& site : pair.student.sites()) {
    const size_t l = site.index();
    std::vector<int64_t> order(D[l].size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return D[l][a] > D[l][b]; });
    const torch::Tensor mask = site.mask().flatten(), before = start[l].flatten();
    for (int64_t i = 0; i < static_cast<int64_t>(order.size()); ++i) {
      EXPECT_EQ(mask[order[i]].item<int64_t>(), i < relus[l]) << site.name() << " rank " << i;
    }
    distance += mask.ne(before).sum().item<double>() / static_cast<double>(D[l].size());
    EXPECT_EQ(count_relus(site), relus[l]);
  }
  ASSERT_EQ(metrics.scalars()[0].first, "nhd");
  EXPECT_NEAR(metrics.scalars()[0].second, distance, 1e-12);
}

INSTANTIATE_TEST_SUITE_P(PostAndPre, Scores, ::testing::Values(MaskScore::post, MaskScore::pre));

TEST(MaskIdentification, RecordsTheOverlapWithBothMasksBefore) {
  Pair pair;
  MaskIdentification objective(pair.teacher, pair.student, {31, 7}, MaskSettings(), 9);
  const auto before = [&] { return pair.student.masks(); };
  pair.student.train();
  const Parameters none;
  std::vector<std::vector<torch::Tensor>> history = {before()};
  for (int epoch = 0; epoch < 3; ++epoch) {
    EpochSums sums(torch::kCPU);
    objective.loss(batch_of(epoch, 8), sums);
    Metrics metrics;
    EpochEnd end{epoch, 3, sums, none, metrics};
    objective.epoch_end(end);
    history.push_back(before());
    const auto share = [&](const std::vector<torch::Tensor>& old) {
      double common = 0;
      for (size_t l = 0; l < old.size(); ++l) common += (history.back()[l] * old[l]).sum().item<double>();
      return common / 38;
    };
    EXPECT_NEAR(metrics.scalars()[1].second, share(history[epoch]), 1e-12);
    if (epoch > 0) {
      ASSERT_EQ(metrics.scalars()[2].first, "overlap_2");
      EXPECT_NEAR(metrics.scalars()[2].second, share(history[epoch - 1]), 1e-12);
    }
  }
}

TEST(Finetuning, ItsLossIsTheFormulaAndItsMasksAreFrozen) {
  for (const PramForm form : {PramForm::none, PramForm::attention, PramForm::vector}) {
    Pair pair;
    pair.student.set_masks(
        {random_tensor({3, 6, 6}, 3).gt(0).to(torch::kUInt8), random_tensor({4, 3, 3}, 4).gt(0).to(torch::kUInt8)});
    const std::vector<torch::Tensor> masks = pair.student.masks();
    FinetuneSettings settings;
    settings.pram = form;
    Finetuning objective(pair.teacher, pair.student, settings);
    pair.student.train();
    const Batch batch = batch_of(3, 7);
    Keep teacher, student;
    torch::Tensor teacher_logits, student_logits;
    {
      const torch::NoGradGuard no_gradient;
      teacher_logits = pair.teacher.forward(batch.images, &teacher);
      student_logits = pair.student.forward(batch.images, &student);
    }
    double mismatch = 0;
    if (form != PramForm::none) {
      for (size_t j = 0; j < 2; ++j) mismatch += pram(teacher.ends[j], student.ends[j], form).item<double>();
    }
    EpochSums sums(torch::kCPU);
    const Loss loss = objective.loss(batch, sums);
    EXPECT_NEAR(loss.loss.item<double>(),
                0.1 * ce_by_hand(student_logits, batch.labels) + 0.9 * kd_by_hand(student_logits, teacher_logits, 4) +
                    1000 * mismatch,
                2e-4);
    loss.loss.backward();
    EXPECT_GT(pair.student.conv1->weight.grad().abs().max().item<double>(), 0);
    EXPECT_FALSE(pair.teacher.conv1->weight.grad().defined());
    Metrics metrics;
    const Parameters none;
    EpochEnd end{0, 1, sums, none, metrics};
    objective.epoch_end(end);
    for (size_t l = 0; l < 2; ++l) EXPECT_TRUE(identical(pair.student.masks()[l], masks[l]));
    if (form != PramForm::none) {
      EXPECT_NEAR(metrics.scalars().back().second, mismatch, 2e-6 * mismatch);
    }
  }
}

TEST(Phases, DefaultsAreThePapers) {
  const Document none("none");
  const Options mask = none.resolve("mask", mask_options()), finetune = none.resolve("finetune", finetune_options());
  EXPECT_EQ(mask.integer("epochs"), 150);
  EXPECT_EQ(mask.real("lr"), 0.05);
  EXPECT_EQ(mask.real("ce_weight"), 0.5);
  EXPECT_EQ(mask.real("kd_weight"), 0.5);
  EXPECT_EQ(mask.real("temperature"), 4);
  EXPECT_EQ(mask.text("score"), "post");
  EXPECT_EQ(mask.text("start"), "random");
  EXPECT_EQ(finetune.integer("epochs"), 180);
  EXPECT_EQ(finetune.real("lr"), 0.01);
  EXPECT_EQ(finetune.real("kd_weight"), 0.9);
  EXPECT_EQ(finetune.real("temperature"), 4);
  EXPECT_EQ(finetune.text("pram"), "attention");
  EXPECT_EQ(finetune.real("beta"), 1000);
}

}  // namespace
}  // namespace senet
