#include "train/trainer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "method/objectives.h"
#include "support/support.h"
#include "support/threads.h"
#include "support/tiny_images.h"
#include "support/tiny_network.h"

namespace senet {
namespace {

using testing::error_of;
using testing::identical;
using testing::kTinyNormalisation;
using testing::random_tensor;
using testing::tiny_images;
using testing::TinyNetwork;

// Remembers the last checkpoint and can stop or fail at a given step of the process.
class Host final : public TrainingHost {
 public:
  std::optional<TensorMap> restore() override { return saved; }
  void save(const TensorMap& state) override {
    saved = state;
    ++saves;
  }
  void report(const EpochReport& report) override { reports.push_back({report.epoch, report.loss, report.accuracy}); }
  void progress(const Progress& progress) override {
    last = progress;
    if (++steps >= killed_after) fail("killed");
  }
  bool stop_requested() const override { return steps >= stop_after; }

  struct Line {
    int64_t epoch;
    double loss, accuracy;
    bool operator==(const Line& other) const {
      return epoch == other.epoch && loss == other.loss && accuracy == other.accuracy;
    }
  };
  std::optional<TensorMap> saved;
  std::vector<Line> reports;
  Progress last{};
  int saves = 0, steps = 0, stop_after = 1 << 30, killed_after = 1 << 30;
};

struct Setting {
  BatchLoader data{tiny_images(22), kTinyNormalisation, torch::kFloat32, torch::kCPU};
  BatchLoader held_out{tiny_images(7), kTinyNormalisation, torch::kFloat32, torch::kCPU};
  TrainingSettings settings;
  Setting() {
    settings.epochs = 3;
    settings.batch = 8;
    settings.crop_padding = 1;
    settings.checkpoint_seconds = 1e9;
  }
};

TensorMap state_of(Network& network) {
  Archive archive = Archive::saving();
  network_state(network, archive);
  return archive.tensors();
}

void expect_same(const TensorMap& a, const TensorMap& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) EXPECT_TRUE(identical(tensor, b.at(name))) << name;
}

TEST(Trainer, AStepIsTheOneOfItsFormula) {
  Setting setting;
  setting.settings.epochs = 1;
  setting.settings.batch = 22;
  TinyNetwork network(2, 3, 6, 5), reference(2, 3, 6, 5);
  network.initialise(1);
  reference.initialise(1);
  Host host;
  CrossEntropy objective(network);
  Trainer{setting.data, setting.held_out, setting.settings, 11}.run(network, objective, host);

  const auto order = setting.data.shuffled(11, 0);
  const Batch batch = setting.data.load(order.data(), 22, {1, true}, 11, 0);
  reference.train();
  const torch::Tensor loss = cross_entropy(reference.forward(batch.images), batch.labels);
  loss.backward();
  const torch::NoGradGuard no_gradient;
  for (auto& item : reference.named_parameters()) {
    item.value().sub_(0.05 * (item.value().grad() + 5e-4 * item.value()));
  }
  for (const auto& item : reference.named_parameters()) {
    EXPECT_LT(testing::largest_difference(item.value(), network.named_parameters()[item.key()]), 1e-6) << item.key();
  }
  EXPECT_NEAR(host.reports.at(0).loss, loss.item<double>(), 1e-6);
}

TEST(Trainer, KeepsThePartialBatchAndWeighsItByItsImages) {
  Setting setting;
  setting.settings.epochs = 1;
  setting.settings.lr = 0;
  setting.settings.weight_decay = 0;
  TinyNetwork network(2, 3, 6, 5);
  network.initialise(1);
  Host host;
  CrossEntropy objective(network);
  Trainer{setting.data, setting.held_out, setting.settings, 11}.run(network, objective, host);
  EXPECT_EQ(host.steps, 3);
  EXPECT_EQ(host.last.step, 3);

  TinyNetwork reference(2, 3, 6, 5);
  reference.initialise(1);
  const auto order = setting.data.shuffled(11, 0);
  double sum = 0;
  for (const auto& [first, count] : {std::pair<int64_t, int64_t>{0, 8}, {8, 8}, {16, 6}}) {
    const Batch batch = setting.data.load(order.data() + first, count, {1, true}, 11, 0);
    sum += cross_entropy(reference.forward(batch.images), batch.labels).item<double>() * static_cast<double>(count);
  }
  EXPECT_NEAR(host.reports.at(0).loss, sum / 22, 1e-6);
}

// Cross entropy that notes how the trainer calls it.
class Noting : public Objective {
 public:
  explicit Noting(Network& network) : network_(network) {}
  Loss loss(const Batch& batch, EpochSums& sums) override {
    steps.push_back(batch.step.item<int64_t>());
    const auto* places = batch.indices.data_ptr<int64_t>();
    indices.insert(indices.end(), places, places + batch.indices.numel());
    const torch::Tensor logits = network_.forward(batch.images), loss = cross_entropy(logits, batch.labels);
    sums.add("twice", 2 * loss * batch.labels.size(0));
    return {loss, logits};
  }
  int64_t interval() const override { return every; }
  bool interval_spans_epochs() const override { return spans; }
  void interval_end(EpochSums&) override { intervals.push_back(steps.back()); }
  void epoch_end(EpochEnd& end) override {
    EXPECT_EQ(end.images, 22);
    EXPECT_EQ(end.steps, 3);
    end.metrics.scalar("own", static_cast<double>(end.epoch));
  }

  std::vector<int64_t> steps, indices, intervals;
  int64_t every = 2;
  bool spans = false;

 private:
  Network& network_;
};

// Keeps the metrics of each epoch; stops once, after `stop_at` steps.
class Metered final : public TrainingHost {
 public:
  std::optional<TensorMap> restore() override { return saved; }
  void save(const TensorMap& state) override { saved = state; }
  void report(const EpochReport& report) override {
    std::map<std::string, double>& own = metrics.emplace_back();
    for (const auto& [name, value] : report.metrics->scalars()) own[name] = value;
    own["loss"] = report.loss;
    own["held_out"] = report.held_out->accuracy;
  }
  void progress(const Progress&) override { ++steps; }
  void message(const std::string& line) override { messages.push_back(line); }
  bool stop_requested() const override { return steps == stop_at; }

  std::optional<TensorMap> saved;
  std::vector<std::map<std::string, double>> metrics;
  std::vector<std::string> messages;
  int steps = 0, stop_at = -1;
};

// An epoch has three steps.
TEST(Trainer, TellsAnObjectiveWhichStepAndImagesItSees) {
  struct Interval {
    int64_t every;
    bool spans;
    std::vector<int64_t> ends;  // the steps that one ends behind
  };
  const std::vector<Interval> intervals = {
      {1, false, {0, 1, 3, 4}}, {2, false, {1, 4}}, {2, true, {1, 3, 5}}, {3, false, {}}, {3, true, {2, 5}}};
  for (const auto& [every, spans, ends] : intervals) {
    Setting setting;
    setting.settings.epochs = 2;
    TinyNetwork network(2, 3, 6, 5);
    network.initialise(1);
    Noting objective(network);
    objective.every = every;
    objective.spans = spans;
    Metered host;
    Trainer{setting.data, setting.held_out, setting.settings, 11}.run(network, objective, host);
    EXPECT_EQ(objective.steps, (std::vector<int64_t>{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(objective.intervals, ends) << "every " << every << (spans ? ", over epochs' ends" : "");
    std::vector<int64_t> expected = setting.data.shuffled(11, 0);
    const std::vector<int64_t> second = setting.data.shuffled(11, 1);
    expected.insert(expected.end(), second.begin(), second.end());
    EXPECT_EQ(objective.indices, expected);
    for (size_t e = 0; e < host.metrics.size(); ++e) {
      const auto& epoch = host.metrics[e];
      EXPECT_EQ(epoch.at("own"), static_cast<double>(e)) << "an objective's own metric";
      EXPECT_NEAR(epoch.at("twice"), 2 * epoch.at("loss"), 1e-6) << "a sum is a metric, over the images";
    }
  }
}

TEST(Trainer, ALossThatIsNotFiniteIsSaidBeforeAnythingIsMadeOfIt) {
  struct Diverging final : Noting {
    using Noting::Noting;
    Loss loss(const Batch& batch, EpochSums& sums) override {
      Loss found = Noting::loss(batch, sums);
      if (steps.size() == 2) found.loss = found.loss * std::numeric_limits<float>::infinity();
      return found;
    }
    void interval_end(EpochSums&) override { fail("a score is not finite"); }
  };
  Setting setting;
  TinyNetwork network(2, 3, 6, 5);
  network.initialise(1);
  Diverging objective(network);
  Metered host;
  const std::string error = error_of([&] {
    Trainer{setting.data, setting.held_out, setting.settings, 11}.run(network, objective, host);
  });
  EXPECT_NE(error.find("the loss is inf since epoch 0, step 1"), std::string::npos) << error;
}

TEST(Trainer, LeavesTheNetworkOfTheBestEpochThatMayBeKept) {
  struct Picky final : Noting {
    using Noting::Noting;
    void epoch_end(EpochEnd& end) override { epoch = end.epoch; }
    bool may_be_kept() const override { return epoch != refused; }
    int64_t epoch = 0, refused = -1;
  };
  const auto run = [](int64_t refused, int stop_at, std::vector<double>& accuracy) {
    Setting setting;
    setting.settings.epochs = 6;
    setting.settings.lr = 0.5;
    setting.settings.best_epoch = true;
    Metered host;
    host.stop_at = stop_at;
    for (;;) {
      TinyNetwork network(2, 3, 6, 5);
      network.initialise(4);
      Picky objective(network);
      objective.refused = refused;
      try {
        Trainer{setting.data, setting.held_out, setting.settings, 3}.run(network, objective, host);
      } catch (const Error& error) {
        EXPECT_EQ(error.exit(), Exit::interrupted);
        continue;
      }
      accuracy.clear();
      double best = 0;
      for (const auto& epoch : host.metrics) {
        if (static_cast<int64_t>(accuracy.size()) != refused) best = std::max(best, epoch.at("held_out"));
        accuracy.push_back(epoch.at("held_out"));
        EXPECT_EQ(epoch.at("best_held_out_accuracy"), best);
      }
      EXPECT_TRUE(host.messages.empty());
      return std::pair(evaluate(network, setting.held_out, "it").accuracy, state_of(network));
    }
  };
  std::vector<double> accuracy, again;
  const auto [left, best] = run(-1, -1, accuracy);
  ASSERT_EQ(accuracy.size(), 6u);
  EXPECT_EQ(left, *std::max_element(accuracy.begin(), accuracy.end()));
  EXPECT_NE(left, *std::min_element(accuracy.begin(), accuracy.end())) << "or any epoch would do";
  expect_same(best, run(-1, 13, again).second);
  EXPECT_EQ(accuracy, again);

  const int64_t at = std::max_element(accuracy.begin(), accuracy.end()) - accuracy.begin();
  accuracy[at] = 0;
  const double second = *std::max_element(accuracy.begin(), accuracy.end());
  EXPECT_EQ(run(at, -1, again).first, second) << "an epoch over the budget does not count";
}

TEST(Trainer, WithoutABestEpochLeavesTheLast) {
  struct Never final : Noting {
    using Noting::Noting;
    bool may_be_kept() const override { return false; }
  };
  const auto run = [](int64_t epochs, bool best) {
    Setting setting;
    setting.settings.epochs = epochs;
    setting.settings.best_epoch = best;
    TinyNetwork network(2, 3, 6, 5);
    network.initialise(4);
    Never objective(network);
    Metered host;
    Trainer{setting.data, setting.held_out, setting.settings, 3}.run(network, objective, host);
    EXPECT_EQ(host.messages.size(), best && epochs > 0 ? 1u : 0u);
    return state_of(network);
  };
  expect_same(run(2, true), run(2, false));
  expect_same(run(0, true), run(0, false));
}

// An objective with a state and masks of its own, so that a resume that forgets either is seen.
struct MaskTraining {
  Setting setting;
  TinyNetwork teacher{2, 3, 6, 5}, student{2, 3, 6, 5};
  MaskTraining() {
    teacher.initialise(1);
    student.initialise(2);
  }
  void run(TrainingHost& host, uint64_t seed = 11) {
    MaskIdentification objective(teacher, student, {40, 9}, MaskSettings(), 3);
    Trainer{setting.data, setting.held_out, setting.settings, seed}.run(student, objective, host);
  }
};

// At a constant rate a training of as many epochs leaves what the best epoch of a longer one left.
TEST(Trainer, KeepsWeightsAndFreshMasksOfTheBestMaskEpoch) {
  const auto run = [](int64_t epochs, bool best, Metered& host) {
    MaskTraining training;
    training.setting.settings.epochs = epochs;
    training.setting.settings.best_epoch = best;
    training.setting.settings.schedule = Schedule::constant;
    training.run(host);
    return state_of(training.student);
  };
  Metered whole, again;
  const TensorMap left = run(8, true, whole);
  std::vector<double> accuracy;
  for (const auto& epoch : whole.metrics) accuracy.push_back(epoch.at("held_out"));
  const int64_t best = std::max_element(accuracy.begin(), accuracy.end()) - accuracy.begin();
  ASSERT_LT(best, 7) << "or the last epoch would do";
  expect_same(left, run(best + 1, false, again));
}

TEST(Trainer, ResumesBitForBitFromEveryStep) {
  const testing::Threads threads(2);
  Host whole;
  MaskTraining uninterrupted;
  uninterrupted.run(whole);
  const TensorMap expected = state_of(uninterrupted.student);
  for (int step = 1; step <= 8; ++step) {
    Host host;
    host.stop_after = step;
    Exit exit = Exit::failure;
    MaskTraining first;
    error_of([&] { first.run(host); }, &exit);
    EXPECT_EQ(exit, Exit::interrupted) << step;
    EXPECT_EQ(host.steps, step);
    host.stop_after = 1 << 30;
    MaskTraining second;
    second.run(host);
    expect_same(state_of(second.student), expected);
    EXPECT_EQ(host.reports, whole.reports) << "stopped after step " << step;
  }
}

// A process that is killed leaves the checkpoint from before the last epoch's end.
TEST(Trainer, ResumesBitForBitFromACheckpointOfAnEarlierEpoch) {
  Host whole;
  MaskTraining uninterrupted;
  uninterrupted.run(whole);
  Host host;
  host.stop_after = 2;
  MaskTraining stopped, killed, resumed;
  error_of([&] { stopped.run(host); });
  const int saves = host.saves;
  host.stop_after = 1 << 30;
  host.killed_after = 8;
  error_of([&] { killed.run(host); });
  EXPECT_EQ(host.saves, saves) << "two epochs have ended, and no time for a checkpoint has come";
  host.killed_after = 1 << 30;
  resumed.run(host);
  expect_same(state_of(resumed.student), state_of(uninterrupted.student));
}

TEST(Trainer, TheSameSeedGivesTheSameBitsAnotherGivesOthers) {
  Host a, b, c;
  MaskTraining one, two, three;
  one.run(a);
  two.run(b);
  three.run(c, 12);
  expect_same(state_of(one.student), state_of(two.student));
  EXPECT_FALSE(identical(state_of(one.student).at("conv1.weight"), state_of(three.student).at("conv1.weight")));
}

TEST(Trainer, AFinishedTrainingIsNotTrainedAgain) {
  Host host;
  MaskTraining training;
  training.run(host);
  const int steps = host.steps;
  training.run(host);
  EXPECT_EQ(host.steps, steps);
}

TEST(Trainer, ALossThatIsNotFiniteStopsWithEpochAndStepAndKeepsTheLastCheckpoint) {
  Setting setting;
  setting.settings.lr = 1e30;
  setting.settings.checkpoint_seconds = 0;
  TinyNetwork network(2, 3, 6, 5);
  network.initialise(1);
  Host host;
  CrossEntropy objective(network);
  const std::string message = error_of([&] {
    Trainer{setting.data, setting.held_out, setting.settings, 1}.run(network, objective, host);
  });
  EXPECT_NE(message.find("epoch 0"), std::string::npos) << message;
  EXPECT_NE(message.find("step 1 "), std::string::npos) << "the first step left no finite weights: " << message;
  ASSERT_TRUE(host.saved.has_value());
  EXPECT_TRUE(std::isfinite(host.saved->at("sum.loss").item<double>()));
}

TEST(Evaluate, ScoresInEvalModeWithoutAugmentation) {
  Setting setting;
  TinyNetwork network(2, 3, 6, 5);
  network.initialise(1);
  torch::Tensor logits;
  const Score score = evaluate(network, setting.data, "it", &logits);
  EXPECT_TRUE(network.is_training()) << "the mode is restored";
  std::vector<int64_t> all(22);
  for (int64_t i = 0; i < 22; ++i) all[i] = i;
  const Batch batch = setting.data.load(all.data(), 22);
  network.eval();
  const torch::Tensor expected = network.forward(batch.images);
  EXPECT_LT(testing::largest_difference(logits, expected), 1e-6);
  EXPECT_NEAR(score.accuracy, expected.argmax(1).eq(batch.labels).to(torch::kFloat64).mean().item<double>(), 1e-12);
  EXPECT_NEAR(score.loss, cross_entropy(expected, batch.labels).item<double>(), 1e-6);
  EXPECT_EQ(evaluate(network, setting.data, "it", nullptr, 9).images, 9);
}

// It takes 256 images at a time: here 256, 256 and 88, or 256 and 44.
TEST(Evaluate, AddsUpOverItsBatches) {
  TinyNetwork network(2, 3, 6, 5);
  network.initialise(1);
  network.eval();
  const BatchLoader data(tiny_images(600), kTinyNormalisation, torch::kFloat32, torch::kCPU);
  std::vector<int64_t> all(600);
  std::iota(all.begin(), all.end(), 0);
  for (const int64_t limit : {600, 300}) {
    torch::Tensor logits;
    const Score score = evaluate(network, data, "it", &logits, limit);
    const Batch batch = data.load(all.data(), limit);
    const torch::Tensor expected = network.forward(batch.images);
    EXPECT_EQ(score.images, limit);
    EXPECT_LT(testing::largest_difference(logits, expected), 1e-6);
    EXPECT_NEAR(score.accuracy, expected.argmax(1).eq(batch.labels).to(torch::kFloat64).mean().item<double>(), 1e-12);
    EXPECT_NEAR(score.loss, cross_entropy(expected, batch.labels).item<double>(), 1e-6);
  }
}

TEST(Evaluate, LogitsThatAreNotFiniteAreAnErrorThatNamesTheWeights) {
  Setting setting;
  TinyNetwork network(2, 3, 6, 5);
  network.initialise(1);
  network.bn1->running_var.fill_(-1);
  const std::string negative = error_of([&] { evaluate(network, setting.data, "mine.safetensors"); });
  EXPECT_NE(negative.find("mine.safetensors: gives logits that are not finite for 22 of 22 images"), std::string::npos)
      << negative;
  network.initialise(1);
  // Finite logits, whose loss leaves float32.
  const torch::NoGradGuard no_gradient;
  network.linear->weight.zero_();
  network.linear->bias.copy_(torch::tensor({3e38f, -3e38f, 0.0f, 0.0f, 0.0f}));
  const std::string large = error_of([&] { evaluate(network, setting.data, "mine.safetensors"); });
  EXPECT_NE(large.find("for 0 of 22 images, and a loss of inf"), std::string::npos) << large;
}

// Leaves a network at an epoch's end whose evaluation overflows.
class Overflowing final : public Objective {
 public:
  explicit Overflowing(TinyNetwork& network) : network_(network) {}
  Loss loss(const Batch& batch, EpochSums&) override {
    const torch::Tensor logits = network_.forward(batch.images);
    return {cross_entropy(logits, batch.labels), logits};
  }
  void epoch_end(EpochEnd& end) override {
    if (end.epoch == 1) network_.bn2->running_var.fill_(-1);
  }

 private:
  TinyNetwork& network_;
};

TEST(Trainer, HeldOutLogitsThatAreNotFiniteEndTheTraining) {
  Setting setting;
  TinyNetwork network(2, 3, 6, 5);
  network.initialise(1);
  Overflowing objective(network);
  Host host;
  const std::string message = error_of([&] {
    Trainer{setting.data, setting.held_out, setting.settings, 3}.run(network, objective, host);
  });
  EXPECT_NE(message.find("the network after epoch 1: gives logits that are not finite for 7 of 7 images"),
            std::string::npos)
      << message;
  EXPECT_EQ(host.reports.size(), 1u) << "the epoch before it stays";
}

TEST(NetworkState, ComesBackWithMasksAndRefusesAnotherNetworks) {
  TinyNetwork network(2, 3, 6, 5), other(2, 3, 6, 5), larger(2, 4, 6, 5);
  network.initialise(1);
  other.initialise(2);
  torch::Tensor mask = random_tensor({3, 6, 6}, 4).gt(0).to(torch::kUInt8);
  network.set_masks({mask, torch::zeros({4, 3, 3}, torch::kUInt8)});
  Archive archive = Archive::loading(state_of(network));
  network_state(other, archive);
  expect_same(state_of(other), state_of(network));
  EXPECT_EQ(count_relus(*other.site1), mask.sum().item<int64_t>());
  const std::string message = error_of([&] { network_state(larger, archive); });
  EXPECT_NE(message.find("expected"), std::string::npos) << message;
  TensorMap incomplete = state_of(network);
  incomplete.erase("linear.bias");
  EXPECT_NE(error_of([&] {
              Archive a = Archive::loading(incomplete);
              network_state(other, a);
            }).find("linear.bias"),
            std::string::npos);
}

TEST(Archive, RefusesTwoThingsOfOneNameAndWhatNothingAskedFor) {
  Archive saved = Archive::saving();
  int64_t epoch = 3, step = 4;
  saved.number("epoch", epoch);
  EXPECT_EQ(error_of([&] { saved.number("epoch", step); }), "two things are saved under the name 'epoch'");
  saved.number("step", step);
  Archive loaded = Archive::loading(saved.tensors());
  loaded.number("epoch", epoch);
  EXPECT_NE(
      error_of([&] { loaded.check_all_asked_for(); }).find("the checkpoint holds 'step', which nothing asked for"),
      std::string::npos);
}

}  // namespace
}  // namespace senet
