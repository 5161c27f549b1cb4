// The steps of SENet's objectives, of SNL's and of AutoReP's in bfloat16, recorded and replayed, against the plain
// ones: on a GPU where there is one, else on the host, where a replay does the work again.
#include <torch/cuda.h>

#include "baselines/autorep/autorep.h"
#include "baselines/snl/snl.h"
#include "method/objectives.h"
#include "sensitivity/pruning/sparse_momentum.h"
#include "support/graphs.h"
#include "support/models.h"
#include "support/training.h"
#include "train/trainer.h"

namespace senet::recorded {
namespace {

using testing::build_model;
using testing::identical;
using testing::KeptWork;

constexpr int64_t kBatch = 8, kImages = 4 * kBatch + 3, kClasses = 5, kEpochs = 2;
const NetworkShape kShape{3, 16, 16, kClasses};
const std::string kModel = "model.width = 16";

torch::Device device() { return torch::cuda::is_available() ? torch::kCUDA : torch::kCPU; }

class Host final : public TrainingHost {
 public:
  std::optional<TensorMap> restore() override { return std::nullopt; }
  void save(const TensorMap& state) override { saved = state; }
  void report(const EpochReport&) override {}
  void progress(const Progress&) override {}
  void message(const std::string& text) override { ADD_FAILURE() << text; }
  bool stop_requested() const override { return false; }

  TensorMap saved;
};

struct Networks {
  std::shared_ptr<Network> teacher = made(), student = made();
  static std::shared_ptr<Network> made() {
    auto network = build_model("resnet18", kShape, kModel);
    network->to(device());
    return network;
  }
  Widths widths(bool several) const {
    if (!several) return {*student};
    return {*student, {0.5, 1.0}, [](double scale) { return build_model("resnet18", kShape.at_scale(scale), kModel); }};
  }
  std::vector<int64_t> tenth() const {
    std::vector<int64_t> relus;
    for (const ReluSite& site : student->sites()) relus.push_back(site.relus() / 10);
    return relus;
  }
  std::vector<torch::Tensor> random_masks() const {
    std::vector<torch::Tensor> masks;
    for (const ReluSite& site : student->sites()) masks.push_back(random_mask(site.shape(), site.relus() / 10, 7));
    return masks;
  }
};

using Make = std::function<std::unique_ptr<Objective>(Networks&)>;

Make masks(MaskScore score, bool several = false) {
  return [=](Networks& networks) {
    MaskSettings settings;
    settings.score = score;
    settings.update_steps = 3;
    return std::make_unique<MaskIdentification>(*networks.teacher, networks.widths(several), networks.tenth(), settings,
                                                3);
  };
}
Make finetuning(PramForm pram, bool several = false) {
  return [=](Networks& networks) {
    networks.student->set_masks(networks.random_masks());
    DistilledSettings settings = testing::finetune_settings();
    settings.pram = pram;
    return std::make_unique<Finetuning>(*networks.teacher, networks.widths(several), settings);
  };
}

struct Case {
  const char* name;
  Make make;
  OptimizerKind optimizer = OptimizerKind::sgd;
};

std::vector<Case> cases() {
  return {{"Teacher", [](Networks& networks) { return std::make_unique<CrossEntropy>(*networks.student); }},
          {"Sensitivity",
           [](Networks& networks) { return std::make_unique<SparseMomentum>(*networks.student, 0.1, 0.5, 3); }},
          {"MaskByPost", masks(MaskScore::post)},
          {"MaskByPre", masks(MaskScore::pre)},
          {"MaskByGain", masks(MaskScore::gain)},
          {"MaskAtTwoWidths", masks(MaskScore::post, true)},
          {"FinetuningByAttention", finetuning(PramForm::attention)},
          {"FinetuningByVector", finetuning(PramForm::vector)},
          {"FinetuningAtTwoWidths", finetuning(PramForm::attention, true)},
          {"Snl",
           [](Networks& networks) {
             return std::make_unique<SnlSearch>(*networks.teacher, *networks.student, 10, SnlSettings());
           },
           OptimizerKind::adam},
          {"AutoRep",
           [](Networks& networks) {
             return std::make_unique<AutoRepSearch>(*networks.teacher, *networks.student, 10, 3, AutoRepSettings());
           },
           OptimizerKind::adam}};
}

Images made_up(int64_t count) {
  torch::manual_seed(5);
  return {torch::randint(0, 256, {count, 16, 16, 3}, torch::kUInt8), torch::arange(count) % kClasses};
}

TensorMap trained(const Make& make, OptimizerKind optimizer, bool recorded, KeptWork::Log& log) {
  const Normalisation normal = {{0.5, 0.5, 0.5}, {0.25, 0.25, 0.25}};
  const BatchLoader data(made_up(kImages), normal, torch::kBFloat16, device());
  const BatchLoader held_out(made_up(7), normal, torch::kBFloat16, device());
  Networks networks;
  const std::unique_ptr<Objective> objective = make(networks);
  TrainingSettings settings;
  settings.epochs = kEpochs;
  settings.batch = kBatch;
  settings.optimizer = optimizer;
  settings.lr = optimizer == OptimizerKind::sgd ? 0.05 : 1e-3;
  settings.checkpoint_seconds = 1e9;
  Host host;
  Trainer{data, held_out, settings, 7,
          [&](bool on_gpu) -> std::unique_ptr<WorkGraph> {
            if (!recorded) return nullptr;
            if (on_gpu) return step_graph(true);
            return std::make_unique<KeptWork>(log);
          }}
      .run(*networks.student, *objective, host);
  return host.saved;
}

class Recorded : public ::testing::TestWithParam<Case> {};

TEST_P(Recorded, StepsDoWhatPlainOnesDo) {
  const Case& c = GetParam();
  KeptWork::Log log;
  const TensorMap plain = trained(c.make, c.optimizer, false, log), again = trained(c.make, c.optimizer, true, log);
  if (device().is_cpu()) {
    EXPECT_GT(log.replays, 0);
  }
  ASSERT_EQ(again.size(), plain.size());
  for (const auto& [name, tensor] : plain) {
    if (name.find("seconds") != std::string::npos) continue;
    EXPECT_TRUE(tensor.isfinite().all().item<bool>()) << name;
    EXPECT_TRUE(identical(again.at(name), tensor)) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Objectives, Recorded, ::testing::ValuesIn(cases()),
                         [](const auto& test) { return test.param.name; });

// Counts how often it has seen each image, and adds up the steps' numbers, by tensors alone.
class Noting final : public Objective {
 public:
  explicit Noting(Network& network) : network_(network) {}
  Loss loss(const Batch& batch, EpochSums& sums) override {
    sums.get("seen", {kImages}).index_add_(0, batch.indices, torch::ones_like(batch.indices, torch::kFloat64));
    sums.get("numbers").add_(batch.step);
    const torch::Tensor logits = network_.forward(batch.images);
    return {cross_entropy(logits, batch.labels), logits};
  }
  bool work_changed() const override { return false; }

 private:
  Network& network_;
};

TEST(Recorded, StepsSeeTheImagesAndTheNumberOfTheirOwn) {
  KeptWork::Log log;
  const TensorMap saved = trained([](Networks& networks) { return std::make_unique<Noting>(*networks.student); },
                                  OptimizerKind::sgd, true, log);
  EXPECT_TRUE(identical(saved.at("sum.seen"), torch::ones({kImages}, torch::kFloat64))) << "each image once an epoch";
  EXPECT_EQ(saved.at("sum.numbers").item<double>(), 5 + 6 + 7 + 8 + 9) << "steps of the second epoch";
}

}  // namespace
}  // namespace senet::recorded
