// Against PyTorch itself: the scripts beside this file are written from the papers in plain PyTorch and share no code
// with the harness.

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "baselines/snl/snl.h"
#include "images/decode.h"
#include "images/resize.h"
#include "method/objectives.h"
#include "storage/files.h"
#include "storage/safetensors.h"
#include "support/models.h"
#include "support/training.h"
#include "train/optimizer.h"
#include "train/steps.h"
#include "train/trainer.h"

namespace senet {
namespace {

using testing::build_model;
using testing::largest_difference;
using testing::random_tensor;
using testing::TemporaryFolder;

void run_python(const std::string& script, const std::vector<std::string>& arguments) {
  std::string command = std::string(SENET_TEST_PYTHON) + " '" + SENET_TEST_SOURCE + "/tests/oracle/" + script + "'";
  for (const std::string& argument : arguments) command += " '" + argument + "'";
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

struct Case {
  const char* name;
  const char* model;
  const char* toml;  // the model's options here
  const char* json;  // and there
  NetworkShape shape;
};

const Case kCases[] = {
    {"resnet18", "resnet18", "model.width = 8", R"({"width": 8})", {3, 16, 16, 10}},
    {"resnet18_imagenet",
     "resnet18",
     "model.width = 6\nmodel.stem = \"imagenet\"",
     R"({"width": 6, "stem": "imagenet"})",
     {3, 45, 51, 7}},
    {"resnet18_snl",
     "resnet18",
     "model.width = 4\nmodel.stem_relu = false",
     R"({"width": 4, "stem_relu": false})",
     {1, 28, 28, 10}},
    {"resnet18_projections",
     "resnet18",
     "model.width = 4\nmodel.identity_shortcut = false",
     R"({"width": 4, "identity_shortcut": false})",
     {3, 16, 16, 10}},
    {"resnet34", "resnet34", "model.width = 4", R"({"width": 4})", {3, 16, 16, 10}},
    {"wrn22_8", "wrn22_8", "model.width = 8", R"({"width": 8})", {3, 16, 16, 10}},
    {"wrn22_8_snl",
     "wrn22_8",
     "model.width = 16\nmodel.last_relu = false",
     R"({"width": 16, "last_relu": false})",
     {3, 12, 12, 10}},
    {"vgg16", "vgg16", "model.width = 4", R"({"width": 4})", {3, 32, 32, 10}},
    {"vgg16_large", "vgg16", "model.width = 4", R"({"width": 4})", {3, 64, 64, 10}},
    {"vgg16_common",
     "vgg16",
     "model.width = 4\nmodel.pools = \"all\"\nmodel.hidden = 24",
     R"({"width": 4, "pools": "all", "hidden": 24})",
     {3, 32, 32, 10}},
};

Metadata describe(const Case& c) {
  const nlohmann::json shape = {c.shape.channels, c.shape.height, c.shape.width, c.shape.classes};
  return {{"model", c.model}, {"options", c.json}, {"shape", shape.dump()}, {"seed", "11"}};
}

// Weights, statistics and masks that are nobody's initial values.
void randomise(Network& network, uint64_t seed, bool masks) {
  const torch::NoGradGuard no_gradient;
  network.initialise(seed);
  uint64_t stream = 1000 * seed;
  for (auto& item : network.named_parameters()) {
    if (item.value().dim() == 1) item.value().add_(random_tensor(item.value().sizes(), ++stream, torch::kFloat32), 0.2);
  }
  for (auto& item : network.named_buffers()) {
    if (!item.value().is_floating_point()) continue;
    const torch::Tensor noise = random_tensor(item.value().sizes(), ++stream, torch::kFloat32);
    item.value().add_(item.key().find("var") != std::string::npos ? noise.abs() : 0.2 * noise);
  }
  if (!masks) return;
  std::vector<torch::Tensor> all;
  for (const ReluSite& site : network.sites()) {
    const SiteShape shape = site.shape();
    // One layer keeps none, one keeps all.
    const int64_t kept = site.index() == 1 ? 0 : site.index() == 2 ? site.relus() : site.relus() * 2 / 5;
    all.push_back(random_mask(shape, kept, ++stream));
  }
  network.set_masks(all);
}

TensorMap tensors_of(Network& network, const std::string& prefix = "") {
  Archive archive = Archive::saving();
  network_state(network, archive);
  TensorMap tensors;
  for (const auto& [name, tensor] : archive.tensors()) tensors[prefix + name] = tensor;
  return tensors;
}

class Models : public ::testing::TestWithParam<Case> {};

TEST_P(Models, ANetworkWrittenHereGivesTheSameLogitsThere) {
  const Case& c = GetParam();
  const TemporaryFolder folder;
  for (const bool masked : {false, true}) {
    const auto network = build_model(c.model, c.shape, c.toml);
    randomise(*network, 3, masked);
    network->eval();
    TensorMap tensors = tensors_of(*network);
    const torch::Tensor images =
        random_tensor({3, c.shape.channels, c.shape.height, c.shape.width}, 7, torch::kFloat32);
    tensors["images"] = images;
    save_safetensors(folder / "in.safetensors", tensors, describe(c));
    ASSERT_NO_FATAL_FAILURE(run_python(
        "forward.py", {"read", (folder / "in.safetensors").string(), (folder / "out.safetensors").string()}));
    const torch::NoGradGuard no_gradient;
    for (const auto format : {torch::MemoryFormat::Contiguous, torch::MemoryFormat::ChannelsLast}) {
      const torch::Tensor logits = network->forward(images.contiguous(format));
      const torch::Tensor theirs = load_safetensors(folder / "out.safetensors").tensors.at("logits");
      EXPECT_LT(largest_difference(logits, theirs), 1e-4 * std::max(1.0, theirs.abs().max().item<double>()));
    }
  }
}

TEST_P(Models, ANetworkWrittenThereGivesTheSameLogitsHere) {
  const Case& c = GetParam();
  const TemporaryFolder folder;
  save_safetensors(folder / "in.safetensors", {}, describe(c));
  ASSERT_NO_FATAL_FAILURE(
      run_python("forward.py", {"make", (folder / "in.safetensors").string(), (folder / "out.safetensors").string()}));
  TensorMap tensors = load_safetensors(folder / "out.safetensors").tensors;
  const torch::Tensor images = tensors.at("images"), theirs = tensors.at("logits");
  const auto network = build_model(c.model, c.shape, c.toml);
  Archive archive = Archive::loading(tensors);
  network_state(*network, archive);
  network->eval();
  const torch::NoGradGuard no_gradient;
  EXPECT_LT(largest_difference(network->forward(images), theirs),
            1e-4 * std::max(1.0, theirs.abs().max().item<double>()));
}

INSTANTIATE_TEST_SUITE_P(Each, Models, ::testing::ValuesIn(kCases), [](const auto& test) { return test.param.name; });

constexpr int kSteps = 5;
constexpr int64_t kBatch = 16;
constexpr double kLearningRate = 0.001, kMomentum = 0.9, kWeightDecay = 0.02;  // enough decay to be seen

// What is compared, and how close it has to be: the norm of the difference as a share of the norm. Both sides compute
// in float32 and differ in the order of their sums: 1e-7 at first. An activation near zero may then fall on the other
// side of its ReLU, which changes a gradient by that image's share at once, and the steps carry it on: what the
// parameters moved by in five steps agrees less well than the first step's gradients do. A wrong term, factor or sign
// shows in all of them. A gradient that is zero but for rounding, as that of a bias before a batch norm, is held
// against the share kSmallest of the whole gradient.
constexpr double kLossTolerance = 1e-4, kGradientTolerance = 0.03, kUpdateTolerance = 0.05, kStatisticsTolerance = 1e-3,
                 kMismatchTolerance = 1e-3, kSmallest = 1e-3;

struct Steps {
  const char* name;
  const char* phase;
  const char* score;
  const char* pram;
  const char* model;
};

double norm_of(const torch::Tensor& x) { return x.to(torch::kFloat64).norm().item<double>(); }

double share_off(const torch::Tensor& found, const torch::Tensor& theirs, double smallest = 1e-6) {
  return norm_of(found.detach() - theirs) / std::max(smallest, norm_of(theirs));
}

class Training : public ::testing::TestWithParam<Steps> {
 protected:
  // The networks as they begin, and what the phase trains the student for.
  void begin() {
    randomise(*teacher, 5, false);
    randomise(*student, 6, phase == "finetune");
    teacher->eval();
    student->train();
    for (const ReluSite& site : student->sites()) relus.push_back(site.relus() * 3 / 10);
    const std::string score = GetParam().score;
    mask.score = score == "pre" ? MaskScore::pre : score == "gain" ? MaskScore::gain : MaskScore::post;
    finetune.pram = std::string(GetParam().pram) == "vector" ? PramForm::vector : PramForm::attention;
    snl.lambda = 0.003;  // enough to be seen
    if (phase == "teacher") objective = std::make_unique<CrossEntropy>(*student);
    if (phase == "mask") objective = std::make_unique<MaskIdentification>(*teacher, *student, relus, mask, 8);
    if (phase == "finetune") objective = std::make_unique<Finetuning>(*teacher, *student, finetune);
    if (phase == "snl") begin_search();
  }
  void begin_search() {
    objective = std::make_unique<SnlSearch>(*teacher, *student, student->relus() / 2, snl);
    const torch::NoGradGuard no_gradient;
    for (const ReluSite& site : student->sites()) {
      torch::Tensor& alpha = dynamic_cast<AlphaRelu&>(site.activation()).alpha;
      alpha.add_(random_tensor(alpha.sizes(), 300 + site.index(), torch::kFloat32), 0.5);
      alphas.push_back(site.name());
    }
  }

  // What plain PyTorch makes of the same networks and batches.
  void run_there() {
    const TemporaryFolder folder;
    in = tensors_of(*student, "student.");
    in.merge(tensors_of(*teacher, "teacher."));
    for (int step = 0; step < kSteps; ++step) {
      batches.push_back(
          {random_tensor({kBatch, 3, 32, 32}, 70 + step, torch::kFloat32), (torch::arange(kBatch) * 3 + step) % 10});
      in["images." + std::to_string(step)] = batches.back().images;
      in["labels." + std::to_string(step)] = batches.back().labels;
    }
    Metadata metadata = describe(net);
    const Metadata settings = {
        {"phase", phase},
        {"score", GetParam().score},
        {"pram", GetParam().pram},
        {"lr", std::to_string(kLearningRate)},
        {"momentum", std::to_string(kMomentum)},
        {"weight_decay", std::to_string(kWeightDecay)},
        {"ce_weight", std::to_string(mask.distilled.ce_weight)},
        {"kd_weight", std::to_string(phase == "mask" ? mask.distilled.kd_weight : finetune.kd_weight)},
        {"temperature", std::to_string(finetune.temperature)},
        {"beta", std::to_string(finetune.pram_weight)},
        {"relus", nlohmann::json(relus).dump()},
        {"lambda", std::to_string(snl.lambda)},
        {"alphas", alphas.dump()}};
    metadata.insert(settings.begin(), settings.end());
    save_safetensors(folder / "in.safetensors", in, metadata);
    ASSERT_NO_FATAL_FAILURE(
        run_python("steps.py", {(folder / "in.safetensors").string(), (folder / "out.safetensors").string()}));
    expected = load_safetensors(folder / "out.safetensors").tensors;
    for (const auto& [name, tensor] : expected) {
      if (name.rfind("grad.", 0) == 0) gradient = std::hypot(gradient, norm_of(tensor));
    }
  }

  void expect_near(const std::string& name, const torch::Tensor& found, double tolerance) {
    ASSERT_TRUE(expected.count(name)) << name;
    ASSERT_EQ(found.sizes(), expected.at(name).sizes()) << name;
    const double smallest = name.rfind("grad.", 0) == 0 ? kSmallest * gradient : 1e-6;
    EXPECT_LT(share_off(found, expected.at(name), smallest), tolerance) << name;
  }

  void train_as_there() {
    double before = 0;
    for (int step = 0; step < kSteps; ++step) {
      Batch batch = batches[step];
      batch.images = batch.images.contiguous(torch::MemoryFormat::ChannelsLast);
      train_step(*objective, batch, *optimizer, kLearningRate, sums);
      const double sum = sums.value("loss");
      expect_near("loss." + std::to_string(step), torch::tensor((sum - before) / kBatch), kLossTolerance);
      before = sum;
      if (step > 0) continue;
      for (const auto& item : student->named_parameters()) {
        expect_near("grad." + item.key(), item.value().grad(), kGradientTolerance);
      }
    }
    for (const auto& item : student->named_parameters()) {
      const std::string name = "student." + item.key();
      const double off =
          share_off(item.value() - in.at(name), expected.at(name) - in.at(name), kLearningRate * kSmallest * gradient);
      EXPECT_LT(off, kUpdateTolerance) << name;
    }
    for (const auto& item : student->named_buffers()) {
      expect_near("student." + item.key(), item.value(), kStatisticsTolerance);
    }
  }

  void update_masks_as_there() {
    std::vector<torch::Tensor> mismatch;
    for (const ReluSite& site : student->sites()) {
      mismatch.push_back(MaskIdentification::sum_of(site, sums).permute({2, 0, 1}).clone());
      expect_near("D." + site.name(), mismatch.back(), kMismatchTolerance);
    }
    Metrics metrics;
    EpochEnd end{0, 1, sums, optimizer->parameters(), metrics};
    objective->epoch_end(end);
    for (const ReluSite& site : student->sites()) {
      const torch::Tensor ours = site.mask(), theirs = expected.at("next." + site.name());
      EXPECT_EQ(ours.sum().item<int64_t>(), relus[site.index()]);
      EXPECT_EQ(theirs.sum().item<int64_t>(), relus[site.index()]);
      // Only elements whose mismatch is the smallest kept one within the tolerance may be chosen differently.
      const torch::Tensor& D = mismatch[site.index()];
      const double last = D.masked_select(ours.to(torch::kBool)).min().item<double>();
      const torch::Tensor differs = ours.ne(theirs);
      if (!differs.any().item<bool>()) continue;
      EXPECT_LT((D.masked_select(differs) - last).abs().max().item<double>(),
                kMismatchTolerance * D.max().item<double>())
          << site.name();
    }
  }

  const std::string phase = GetParam().phase;
  const Case net = {GetParam().name, GetParam().model, "model.width = 8", R"({"width": 8})", {3, 32, 32, 10}};
  const std::shared_ptr<Network> teacher = build_model(net.model, net.shape, net.toml),
                                 student = build_model(net.model, net.shape, net.toml);
  std::vector<int64_t> relus;
  MaskSettings mask;
  DistilledSettings finetune = testing::finetune_settings();
  SnlSettings snl;
  nlohmann::json alphas = nlohmann::json::array();
  std::unique_ptr<Objective> objective;
  std::unique_ptr<Optimizer> optimizer;
  EpochSums sums{torch::kCPU};
  std::vector<Batch> batches;
  TensorMap in, expected;
  double gradient = 0;  // the norm of all parameters' together
};

TEST_P(Training, FiveStepsGiveTheTensorsOfPlainPyTorch) {
  begin();
  ASSERT_NO_FATAL_FAILURE(run_there());
  if (phase == "snl") {
    optimizer = std::make_unique<Adam>(*student, testing::decay(0));
  } else {
    optimizer = std::make_unique<Sgd>(*student, testing::decay(kWeightDecay, kMomentum));
  }
  train_as_there();
  if (phase == "mask") update_masks_as_there();
}

INSTANTIATE_TEST_SUITE_P(Each, Training,
                         ::testing::Values(Steps{"teacher", "teacher", "", "", "resnet18"},
                                           Steps{"mask_post", "mask", "post", "", "resnet18"},
                                           Steps{"mask_pre", "mask", "pre", "", "resnet18"},
                                           Steps{"mask_gain", "mask", "gain", "", "resnet18"},
                                           Steps{"finetune_attention", "finetune", "", "attention", "resnet18"},
                                           Steps{"finetune_vector", "finetune", "", "vector", "resnet18"},
                                           Steps{"snl", "snl", "", "", "resnet18"},
                                           Steps{"mask_wide_resnet", "mask", "post", "", "wrn22_8"},
                                           Steps{"finetune_wide_resnet", "finetune", "", "attention", "wrn22_8"},
                                           Steps{"finetune_vgg", "finetune", "", "attention", "vgg16"}),
                         [](const auto& test) { return test.param.name; });

TEST(Pictures, AreDecodedAndResizedAsPilDoes) {
  const TemporaryFolder folder;
  ASSERT_NO_FATAL_FAILURE(run_python("decode.py", {folder.path().string()}));
  int pictures = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".jpg" && extension != ".png") continue;
    ++pictures;
    const std::string name = entry.path().string();
    const Image image = decode_image(read_file(entry.path()), name);
    EXPECT_EQ(std::to_string(image.height) + " " + std::to_string(image.width), read_file(name + ".size")) << name;
    const auto bytes = [](const Image& of) { return std::string(of.pixels.begin(), of.pixels.end()); };
    EXPECT_TRUE(bytes(image) == read_file(name + ".rgb")) << name;
    EXPECT_TRUE(bytes(resize(image, 17, 23)) == read_file(name + ".small")) << name;
  }
  EXPECT_EQ(pictures, 6 * 13);
}

}  // namespace
}  // namespace senet
