#include "method/objectives.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "config/document.h"
#include "method/phases.h"
#include "senet/ranked.h"
#include "support/phase.h"
#include "support/support.h"
#include "support/tiny_network.h"
#include "support/training.h"

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
      const torch::Tensor compared = GetParam() == MaskScore::post ? student.post[l] : student.pre[l];
      for (int64_t n = 0; n < size; ++n) {
        const torch::Tensor a = teacher.post[l][n].contiguous().flatten(), b = compared[n].contiguous().flatten();
        for (size_t i = 0; i < D[l].size(); ++i) {
          const double t = a[static_cast<int64_t>(i)].item<double>(), s = b[static_cast<int64_t>(i)].item<double>();
          D[l][i] += std::abs(t - s) - (GetParam() == MaskScore::gain ? std::abs(t - std::max(s, 0.0)) : 0);
        }
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

INSTANTIATE_TEST_SUITE_P(Each, Scores, ::testing::Values(MaskScore::post, MaskScore::pre, MaskScore::gain));

// An epoch of one batch; the metrics of its end.
Metrics epoch_of(MaskIdentification& objective, int64_t epoch, int64_t epochs, EpochSums& sums) {
  sums.zero();
  objective.loss(batch_of(epoch, 8), sums);
  Metrics metrics;
  const Parameters none;
  EpochEnd end{epoch, epochs, sums, none, metrics};
  objective.epoch_end(end);
  return metrics;
}

double scalar_of(const Metrics& metrics, const std::string& name) {
  for (const auto& [found, value] : metrics.scalars()) {
    if (found == name) return value;
  }
  return NAN;
}

double share_kept(const std::vector<torch::Tensor>& now, const std::vector<torch::Tensor>& old) {
  double common = 0, ones = 0;
  for (size_t l = 0; l < old.size(); ++l) {
    common += (now[l] * old[l]).sum().item<double>();
    ones += now[l].sum().item<double>();
  }
  return common / ones;
}

TEST(MaskIdentification, RecordsTheOverlapWithBothMasksBeforeAndWithTheFinalOnes) {
  Pair pair;
  MaskIdentification objective(pair.teacher, pair.student, {31, 7}, MaskSettings(), 9);
  pair.student.train();
  EpochSums sums(torch::kCPU);
  std::vector<std::vector<torch::Tensor>> history = {pair.student.masks()};
  Metrics metrics;
  for (int epoch = 0; epoch < 3; ++epoch) {
    metrics = epoch_of(objective, epoch, 3, sums);
    history.push_back(pair.student.masks());
    EXPECT_NEAR(scalar_of(metrics, "overlap_1"), share_kept(history.back(), history[epoch]), 1e-12);
    if (epoch == 0) {
      EXPECT_TRUE(std::isnan(scalar_of(metrics, "overlap_2"))) << "there were no masks two updates before";
    } else {
      EXPECT_NEAR(scalar_of(metrics, "overlap_2"), share_kept(history.back(), history[epoch - 1]), 1e-12);
    }
    EXPECT_EQ(metrics.all_series().empty(), epoch < 2);
  }
  ASSERT_EQ(metrics.all_series().front().first, "overlap_final");
  for (int epoch = 0; epoch < 3; ++epoch) {
    EXPECT_NEAR(metrics.all_series().front().second.at(epoch), share_kept(history[3], history[epoch + 1]), 1e-12);
  }
}

TEST(MaskIdentification, RanksByTheAverageOfItsScores) {
  Pair pair;
  MaskSettings settings;
  settings.score_memory = 0.75;
  MaskIdentification objective(pair.teacher, pair.student, {31, 7}, settings, 9);
  pair.student.train();
  EpochSums sums(torch::kCPU);
  std::vector<torch::Tensor> average(2);
  for (int epoch = 0; epoch < 3; ++epoch) {
    sums.zero();
    objective.loss(batch_of(epoch, 8), sums);
    for (const ReluSite& site : pair.student.sites()) {
      const torch::Tensor D = MaskIdentification::sum_of(site, sums).permute({2, 0, 1}).clone();
      torch::Tensor& mean = average[site.index()];
      mean = epoch == 0 ? D : 0.75 * mean + 0.25 * D;
    }
    Metrics metrics;
    const Parameters none;
    EpochEnd end{epoch, 3, sums, none, metrics};
    objective.epoch_end(end);
    EXPECT_TRUE(identical(pair.student.masks()[0], chosen_mask(average[0], 31)));
    EXPECT_TRUE(identical(pair.student.masks()[1], chosen_mask(average[1], 7)));
  }
}

TEST(MaskIdentification, WithoutUpdatesKeepsItsRandomMasksAndComparesNothing) {
  Pair pair;
  MaskSettings settings;
  settings.update = false;
  MaskIdentification objective(pair.teacher, pair.student, {31, 7}, settings, 9);
  const std::vector<torch::Tensor> start = pair.student.masks();
  EpochSums sums(torch::kCPU);
  const Metrics metrics = epoch_of(objective, 0, 1, sums);
  EXPECT_TRUE(metrics.scalars().empty());
  for (size_t l = 0; l < 2; ++l) EXPECT_TRUE(identical(pair.student.masks()[l], start[l]));
  Archive archive = Archive::saving();
  sums.state(archive);
  for (const auto& [name, sum] : archive.tensors()) EXPECT_EQ(sum.dim(), 0) << name << ": no mismatch is summed";
}

TEST(MaskIdentification, UpdatesBetweenTheStepsOfAnEpochEachFromItsOwnSteps) {
  Pair pair;
  MaskSettings settings;
  settings.update_steps = 2;
  MaskIdentification objective(pair.teacher, pair.student, {31, 7}, settings, 9);
  EXPECT_EQ(objective.interval(), 2);
  pair.student.train();
  EpochSums sums(torch::kCPU);
  objective.loss(batch_of(1, 8), sums);
  objective.interval_end(sums);
  const std::vector<torch::Tensor> between = pair.student.masks();
  for (const ReluSite& site : pair.student.sites()) {
    EXPECT_EQ(MaskIdentification::sum_of(site, sums).sum().item<double>(), 0);
  }
  objective.loss(batch_of(2, 8), sums);
  Metrics metrics;
  const Parameters none;
  EpochEnd end{0, 1, sums, none, metrics};
  objective.epoch_end(end);
  ASSERT_EQ(metrics.all_series().front().first, "nhd_of_updates");
  ASSERT_EQ(metrics.all_series().front().second.size(), 2u);
  EXPECT_NEAR(metrics.all_series().front().second[1], normalised_hamming_distance(pair.student.masks(), between),
              1e-12);
  EXPECT_NEAR(scalar_of(metrics, "overlap_1"), share_kept(pair.student.masks(), between), 1e-12);
}

TEST(MaskIdentification, BeginsWithTheMasksThatItIsGiven) {
  Pair pair;
  MaskSettings settings;
  settings.first = {random_tensor({3, 6, 6}, 3).gt(0).to(torch::kUInt8),
                    random_tensor({4, 3, 3}, 4).gt(0).to(torch::kUInt8)};
  MaskIdentification objective(pair.teacher, pair.student, {31, 7}, settings, 9);
  for (size_t l = 0; l < 2; ++l) EXPECT_TRUE(identical(pair.student.masks()[l], settings.first[l]));
}

TEST(ReluGains, AreWhatReluTakesAwayOfTheTrainingImagesAndOrderTheFirstMasks) {
  Pair pair;
  testing::PhaseInMemory phase(mask_options(), "batch = 8");
  const std::vector<torch::Tensor> gains = relu_gains(pair.teacher, phase.context);
  EXPECT_EQ(phase.record.image_passes, 22) << "one pass over the training images";

  Keep all;
  const Images& images = phase.laboratory.data.train;
  {
    const torch::NoGradGuard no_gradient;
    pair.teacher.forward(((images.pixels.to(torch::kFloat32) / 255 - 0.5) / 0.25).permute({0, 3, 1, 2}), &all);
  }
  MaskSettings settings;
  settings.first_scores = gains;
  const std::vector<int64_t> relus = {31, 7};
  MaskIdentification objective(pair.teacher, pair.student, relus, settings, 9);
  for (size_t l = 0; l < 2; ++l) {
    const torch::Tensor by_hand = torch::where(all.pre[l] < 0, -all.pre[l], torch::zeros_like(all.pre[l])).sum(0);
    EXPECT_LT(testing::largest_difference(gains[l], by_hand), 1e-4);
    const torch::Tensor mask = pair.student.masks()[l].to(torch::kBool);
    EXPECT_EQ(mask.sum().item<int64_t>(), relus[l]);
    EXPECT_GE(by_hand.masked_select(mask).min().item<double>(),
              by_hand.masked_select(mask.logical_not()).max().item<double>() - 1e-4);
  }
}

// 4 of 5 epochs: all ReLUs before the first update, then r + (108 − r)·½·(1 + cos(π·e/4)).
TEST(MaskIdentification, LowersItsBudgetOverTheEpochs) {
  Pair pair;
  MaskSettings settings;
  settings.fall = {Fall::cosine, 1, 0, 0.8, 5};
  MaskIdentification objective(pair.teacher, pair.student, {31, 7}, settings, 9);
  pair.student.train();
  EXPECT_EQ(count_relus(pair.student.sites()[0]), 108);
  EXPECT_FALSE(objective.may_be_kept());
  EpochSums sums(torch::kCPU);
  const std::vector<std::vector<int64_t>> expected = {{96, 31}, {69, 21}, {42, 11}, {31, 7}, {31, 7}};
  for (int epoch = 0; epoch < 5; ++epoch) {
    epoch_of(objective, epoch, 5, sums);
    for (const ReluSite& site : pair.student.sites())
      EXPECT_EQ(count_relus(site), expected[epoch][site.index()]) << "epoch " << epoch << ", " << site.name();
    EXPECT_EQ(objective.may_be_kept(), epoch >= 3);
  }
}

TEST(MaskIdentification, EndsWhenMasksHaveSettled) {
  Pair pair;
  MaskSettings settings;
  settings.stop_nhd = 4;  // more than two layers can move
  settings.stop_updates = 2;
  MaskIdentification objective(pair.teacher, pair.student, {31, 7}, settings, 9);
  pair.student.train();
  EpochSums sums(torch::kCPU);
  epoch_of(objective, 0, 9, sums);
  EXPECT_FALSE(objective.finished());
  const Metrics last = epoch_of(objective, 1, 9, sums);
  EXPECT_TRUE(objective.finished());
  EXPECT_EQ(last.all_series().front().first, "overlap_final");

  settings.stop_nhd = 1e-9;
  MaskIdentification restless(pair.teacher, pair.student, {31, 7}, settings, 9);
  for (int epoch = 0; epoch < 2; ++epoch) epoch_of(restless, epoch, 9, sums);
  EXPECT_FALSE(restless.finished());
}

TEST(MaskIdentification, EndsAfterUpdatesInARowAndNotBeforeItsBudgetHasFallen) {
  EpochSums sums(torch::kCPU);
  // Ranks each layer's elements forwards or backwards, so that masks stay or move.
  const auto ends = [&](MaskIdentification& objective, const Pair& pair, int sign) {
    for (const ReluSite& site : pair.student.sites()) {
      torch::Tensor& D = MaskIdentification::sum_of(site, sums);
      D.copy_(sign * torch::arange(D.numel(), torch::kFloat64).view(D.sizes()));
    }
    objective.interval_end(sums);
    return objective.finished();
  };
  Pair pair;
  MaskSettings settings;
  settings.stop_nhd = 0.01;
  settings.stop_updates = 2;
  MaskIdentification objective(pair.teacher, pair.student, {31, 7}, settings, 9);
  for (const int sign : {1, 1, -1, -1}) EXPECT_FALSE(ends(objective, pair, sign)) << "one update without a move";
  EXPECT_TRUE(ends(objective, pair, -1));

  settings.fall = {Fall::cosine, 1, 0, 1, 5};
  MaskIdentification falling(pair.teacher, pair.student, {31, 7}, settings, 9);
  for (int update = 0; update < 4; ++update) EXPECT_FALSE(ends(falling, pair, 1));
}

TEST(MaskIdentification, GoesOnFromItsStateAsIfItHadNeverStopped) {
  MaskSettings settings;
  settings.score_memory = 0.5;
  settings.update_steps = 1;
  settings.stop_nhd = 1e-9;
  const auto masks_and_metrics = [&](bool stop) {
    Pair pair;
    pair.student.train();
    EpochSums sums(torch::kCPU);
    auto objective =
        std::make_unique<MaskIdentification>(pair.teacher, pair.student, std::vector<int64_t>{31, 7}, settings, 9);
    epoch_of(*objective, 0, 2, sums);
    sums.zero();
    objective->loss(batch_of(5, 8), sums);
    objective->interval_end(sums);
    if (stop) {
      Archive saved = Archive::saving();
      objective->state(saved);
      const std::vector<torch::Tensor> masks = pair.student.masks();
      objective =
          std::make_unique<MaskIdentification>(pair.teacher, pair.student, std::vector<int64_t>{31, 7}, settings, 10);
      Archive loaded = Archive::loading(saved.tensors());
      objective->state(loaded);
      pair.student.set_masks(masks);
    }
    objective->loss(batch_of(6, 8), sums);
    Metrics metrics;
    const Parameters none;
    EpochEnd end{1, 2, sums, none, metrics};
    objective->epoch_end(end);
    return std::pair(pair.student.masks(), metrics);
  };
  const auto whole = masks_and_metrics(false), stopped = masks_and_metrics(true);
  for (size_t l = 0; l < 2; ++l) EXPECT_TRUE(identical(whole.first[l], stopped.first[l]));
  EXPECT_EQ(whole.second.scalars(), stopped.second.scalars());
  EXPECT_EQ(whole.second.all_series(), stopped.second.all_series());
}

TEST(Finetuning, ItsLossIsTheFormulaAndItsMasksAreFrozen) {
  struct Case {
    PramForm form;
    std::vector<int64_t> stages;
  };
  for (const auto& [form, stages] : {Case{PramForm::none, {}},
                                     {PramForm::attention, {}},
                                     {PramForm::vector, {}},
                                     {PramForm::attention, {2}},
                                     {PramForm::attention, {1, 2}}}) {
    Pair pair;
    pair.student.set_masks(
        {random_tensor({3, 6, 6}, 3).gt(0).to(torch::kUInt8), random_tensor({4, 3, 3}, 4).gt(0).to(torch::kUInt8)});
    const std::vector<torch::Tensor> masks = pair.student.masks();
    DistilledSettings settings = testing::finetune_settings();
    settings.pram = form;
    settings.pram_stages = stages;
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
      for (int64_t j = 0; j < 2; ++j) {
        if (!stages.empty() && std::count(stages.begin(), stages.end(), j + 1) == 0) continue;
        mismatch += pram(teacher.ends[j], student.ends[j], form).item<double>();
      }
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
    for (size_t l = 0; l < 2; ++l) EXPECT_TRUE(identical(pair.student.masks()[l], masks[l]));
    EXPECT_NEAR(sums.value("ce") / 7, ce_by_hand(student_logits, batch.labels), 1e-6);
    EXPECT_NEAR(sums.value("kd") / 7, kd_by_hand(student_logits, teacher_logits, 4), 1e-6);
    EXPECT_NEAR(sums.value("pram") / 7, mismatch, 2e-6 * mismatch);
  }
}

TEST(DistilledSettings, AreReadFromTheirOptions) {
  const Document document = Document::from_toml(
      "[m]\ntemperature = 2\nfinetune.ce_weight = 0.3\nfinetune.kd_weight = 0.8\nfinetune.pram = \"vector\"\n"
      "finetune.beta = 7\nfinetune.pram_stages = [2]\nsearch.ce_weight = 0.1\nsearch.kd_weight = 0.2\n",
      "x.toml");
  const Options options = document.resolve("m", declare(kRankedOptions));
  const DistilledSettings fine = distilled_settings(options, "finetune");
  EXPECT_EQ(fine.ce_weight, 0.3);
  EXPECT_EQ(fine.kd_weight, 0.8);
  EXPECT_EQ(fine.temperature, 2);
  EXPECT_EQ(fine.pram, PramForm::vector);
  EXPECT_EQ(fine.pram_weight, 7);
  EXPECT_EQ(fine.pram_stages, std::vector<int64_t>{2});
  const DistilledSettings search = distilled_settings(options, "search");
  EXPECT_EQ(search.ce_weight, 0.1);
  EXPECT_EQ(search.kd_weight, 0.2);
  EXPECT_EQ(search.temperature, 2);
  EXPECT_EQ(search.pram, PramForm::none);
  const DistilledSettings published = testing::finetune_settings();
  EXPECT_NEAR(published.ce_weight, 1 - 0.9, 1e-12) << "1 − λ";
  EXPECT_EQ(published.kd_weight, 0.9);
  EXPECT_EQ(published.temperature, 4);
  EXPECT_EQ(published.pram, PramForm::attention);
  EXPECT_EQ(published.pram_weight, 1000);
}

TEST(Finetuning, RefusesAStageThatTheModelDoesNotAnnounce) {
  Pair pair;
  DistilledSettings settings = testing::finetune_settings();
  settings.pram_stages = {1, 3};
  Finetuning objective(pair.teacher, pair.student, settings);
  EpochSums sums(torch::kCPU);
  EXPECT_NE(testing::error_of([&] { objective.loss(batch_of(3, 7), sums); }).find("stage 3"), std::string::npos);
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
  EXPECT_EQ(mask.real("score_memory"), 0);
  EXPECT_EQ(mask.text("update"), "epoch");
  EXPECT_EQ(mask.real("stop_nhd"), 0);
  EXPECT_EQ(mask.text("granularity"), "pixel");
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
