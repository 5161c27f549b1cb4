#include "train/steps.h"

#include <cstdlib>

#include "method/objectives.h"
#include "support/graphs.h"
#include "support/support.h"
#include "support/tiny_images.h"
#include "support/tiny_network.h"
#include "support/training.h"
#include "train/trainer.h"

namespace senet::of_steps {
namespace {

using testing::error_of;
using testing::identical;
using testing::KeptWork;
using testing::kTinyNormalisation;
using testing::RefusingGraph;
using testing::tiny_images;
using testing::TinyNetwork;
using testing::WatchedWork;

using Graph = std::function<std::unique_ptr<WorkGraph>(bool)>;

constexpr int64_t kEpochs = 4;

class Host final : public TrainingHost {
 public:
  std::optional<TensorMap> restore() override { return saved; }
  void save(const TensorMap& state) override {
    saved = state;
    ++saves;
  }
  void report(const EpochReport& report) override { seconds.push_back(report.seconds); }
  void progress(const Progress&) override {}
  void message(const std::string& text) override { messages.push_back(text); }
  bool stop_requested() const override { return false; }

  std::optional<TensorMap> saved;
  std::vector<double> seconds;
  std::vector<std::string> messages;
  int saves = 0;
};

// Of 27 images in batches of 8: three of the usual size and one of three images, an epoch.
struct Setting {
  BatchLoader data, held_out;
  TrainingSettings settings;
  TinyNetwork teacher{2, 3, 6, 5}, student{2, 3, 6, 5};

  Setting()
      : data(tiny_images(27), kTinyNormalisation, torch::kFloat32, torch::kCPU),
        held_out(tiny_images(7), kTinyNormalisation, torch::kFloat32, torch::kCPU) {
    settings.epochs = kEpochs;
    settings.batch = 8;
    settings.crop_padding = 1;
    settings.checkpoint_seconds = 1e9;
    teacher.initialise(1);
    student.initialise(2);
  }
  void run(Objective& objective, Host& host, const Graph& graph) {
    Trainer{data, held_out, settings, 7, graph}.run(student, objective, host);
  }
  std::unique_ptr<MaskIdentification> masks(std::vector<int64_t> relus, int64_t update_steps = 2) {
    MaskSettings settings_of_masks;
    settings_of_masks.update_steps = update_steps;
    return std::make_unique<MaskIdentification>(teacher, student, std::move(relus), settings_of_masks, 3);
  }
};

const Graph kPlain = [](bool) { return nullptr; };
Graph kept(KeptWork::Log& log) {
  return [&log](bool) { return std::make_unique<KeptWork>(log); };
}

void expect_same_but_times(const TensorMap& a, const TensorMap& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) {
    if (name.find("seconds") == std::string::npos) {
      EXPECT_TRUE(identical(tensor, b.at(name))) << name;
    }
  }
}

TensorMap plain_masks(std::vector<int64_t> relus) {
  Setting setting;
  Host host;
  setting.run(*setting.masks(std::move(relus)), host, kPlain);
  return *host.saved;
}

TEST(Steps, RecordedTheyDoWhatPlainOnesDo) {
  Setting setting;
  Host host;
  KeptWork::Log log;
  setting.run(*setting.masks({40, 9}), host, kept(log));
  expect_same_but_times(*host.saved, plain_masks({40, 9}));
  EXPECT_EQ(log.recordings, 1) << "masks are changed where the step reads them";
  EXPECT_EQ(log.replays, 3 * kEpochs - 3) << "all but the first three of the usual size";
}

TEST(Steps, AreRecordedAnewWhereAnActivationOfAnotherKindStandsAtASite) {
  Setting setting;
  Host host;
  KeptWork::Log log;
  // Both sites begin with all of their ReLUs, and have fewer later.
  MaskSettings settings;
  settings.fall.fall = Fall::cosine;
  settings.fall.epochs = kEpochs;
  MaskIdentification objective(setting.teacher, setting.student, {40, 9}, settings, 3);
  setting.run(objective, host, kept(log));
  EXPECT_EQ(log.recordings, 2) << "with ReLUs, and with masked ones";

  Setting other;
  Host plain;
  MaskIdentification same(other.teacher, other.student, {40, 9}, settings, 3);
  other.run(same, plain, kPlain);
  expect_same_but_times(*host.saved, *plain.saved);
}

TEST(Steps, OfAnObjectiveThatChangesNothingAreRecordedOnce) {
  for (const bool teacher : {true, false}) {
    Setting setting;
    Host host;
    KeptWork::Log log;
    CrossEntropy cross_entropy(setting.student);
    Finetuning finetuning(setting.teacher, setting.student, testing::finetune_settings());
    setting.run(teacher ? static_cast<Objective&>(cross_entropy) : finetuning, host, kept(log));
    EXPECT_EQ(log.recordings, 1);
  }
}

TEST(Steps, RunPlainlyWhereTheGraphRefusesAndSaySoOnce) {
  Setting setting;
  Host host;
  int asked = 0;
  setting.run(*setting.masks({40, 9}), host, [&](bool) { return std::make_unique<RefusingGraph>(asked); });
  EXPECT_EQ(asked, 1);
  ASSERT_EQ(host.messages.size(), 1u);
  EXPECT_NE(host.messages[0].find("cannot be recorded as a graph"), std::string::npos) << host.messages[0];
  EXPECT_NE(host.messages[0].find("an operation waits for the device"), std::string::npos) << host.messages[0];
  EXPECT_EQ(host.messages[0].find('\n'), std::string::npos) << host.messages[0];
  expect_same_but_times(*host.saved, plain_masks({40, 9}));
}

// Adam counts its steps: one that is begun twice is another training.
TEST(Steps, OfAdamAreCountedOnceWhereTheGraphRefuses) {
  const auto trained = [](const Graph& graph) {
    Setting setting;
    setting.settings.optimizer = OptimizerKind::adam;
    Host host;
    CrossEntropy objective(setting.student);
    setting.run(objective, host, graph);
    return *host.saved;
  };
  int asked = 0;
  expect_same_but_times(trained([&](bool) { return std::make_unique<RefusingGraph>(asked); }), trained(kPlain));
  KeptWork::Log log;
  expect_same_but_times(trained(kept(log)), trained(kPlain));
}

TEST(Steps, WhatIsWrongWithTheWorkItselfIsItsOwnError) {
  struct Failing final : Objective {
    explicit Failing(Network& network) : network_(network) {}
    Loss loss(const Batch& batch, EpochSums&) override {
      if (Capture::active() || ++calls > 3) fail("the loss has a fault of its own");
      const torch::Tensor logits = network_.forward(batch.images);
      return {cross_entropy(logits, batch.labels), logits};
    }
    Network& network_;
    int calls = 0;
  };
  Setting setting;
  Host host;
  Failing objective(setting.student);
  const std::string message =
      error_of([&] { setting.run(objective, host, [](bool) { return std::make_unique<WatchedWork>(); }); });
  EXPECT_NE(message.find("the loss has a fault of its own"), std::string::npos) << message;
}

TEST(Steps, AreNotRecordedOffTheGpuNorWhereTheEnvironmentForbidsIt) {
  EXPECT_EQ(step_graph(false), nullptr);
  EXPECT_NE(step_graph(true), nullptr);
  setenv("SENET_PLAIN_STEPS", "1", 1);
  EXPECT_EQ(step_graph(true), nullptr);
  unsetenv("SENET_PLAIN_STEPS");
}

TEST(Capture, IsActiveWhileWorkIsRecordedAndNoLonger) {
  WatchedWork graph;
  bool within = false;
  graph.record([&] { within = Capture::active(); });
  EXPECT_TRUE(within);
  EXPECT_FALSE(Capture::active());
  EXPECT_THROW(graph.record([] { fail("no"); }), Error);
  EXPECT_FALSE(Capture::active());
  EXPECT_FALSE(graph.recorded());
}

TEST(Capture, WhatIsToBeDoneBeforeReplaysIsDoneInItsOrderUntilAnotherIsRecorded) {
  WatchedWork graph;
  std::string done;
  graph.record([&] {
    Capture::before_replays([&] { done += "a"; });
    Capture::before_replays([&] { done += "b"; });
  });
  EXPECT_EQ(done, "");
  graph.replay();
  graph.replay();
  EXPECT_EQ(done, "abab");
  graph.record([&] { Capture::before_replays([&] { done += "c"; }); });
  graph.replay();
  EXPECT_EQ(done, "ababc");
  EXPECT_NE(error_of([] { Capture::before_replays([] {}); }).find("nothing being recorded"), std::string::npos);
}

TEST(Trainer, CountsWhatTheDeviceHasStillToDoAtAnEpochsEndToTheEpoch) {
  Setting setting;
  Host host;
  KeptWork::Log log;
  CrossEntropy objective(setting.student);
  setting.run(objective, host, [&](bool) { return std::make_unique<KeptWork>(log, 0.1); });
  ASSERT_EQ(host.seconds.size(), static_cast<size_t>(kEpochs));
  for (const double seconds : host.seconds) EXPECT_GE(seconds, 0.1);
}

TEST(Trainer, SavesWhenTheTimeHasComeAndAtItsEnd) {
  for (const auto& [seconds, saves] : {std::pair{1e9, 1}, {0.0, 4 * static_cast<int>(kEpochs)}}) {
    Setting setting;
    setting.settings.checkpoint_seconds = seconds;
    Host host;
    CrossEntropy objective(setting.student);
    setting.run(objective, host, kPlain);
    EXPECT_EQ(host.saves, saves);
    EXPECT_EQ(host.saved->at("trainer.epoch").item<int64_t>(), kEpochs);
  }
  // One that ends by itself ends with a checkpoint as well.
  struct Short final : Objective {
    explicit Short(Network& network) : network_(network) {}
    Loss loss(const Batch& batch, EpochSums&) override {
      const torch::Tensor logits = network_.forward(batch.images);
      return {cross_entropy(logits, batch.labels), logits};
    }
    void epoch_end(EpochEnd& end) override { over = end.epoch == 1; }
    bool finished() const override { return over; }
    Network& network_;
    bool over = false;
  };
  Setting setting;
  Host host;
  Short objective(setting.student);
  setting.run(objective, host, kPlain);
  EXPECT_EQ(host.saves, 1);
  EXPECT_EQ(host.saved->at("trainer.epoch").item<int64_t>(), 2);
}

}  // namespace
}  // namespace senet::of_steps
