#include "train/widths.h"

#include <cmath>

#include "method/masks.h"
#include "method/objectives.h"
#include "senet/losses.h"
#include "support/models.h"
#include "support/training.h"
#include "train/optimizer.h"
#include "train/steps.h"
#include "train/trainer.h"

namespace senet {
namespace {

using testing::build_model;
using testing::error_of;
using testing::identical;
using testing::largest_difference;
using testing::random_tensor;

struct Case {
  const char* model;
  const char* options;
  NetworkShape shape;
  double width;
};

const Case kCases[] = {
    {"resnet18", "model.width = 7", {3, 16, 16, 5}, 0.5},
    {"resnet18", "model.width = 6\nmodel.stem = \"imagenet\"", {3, 33, 35, 5}, 0.34},
    {"wrn22_8", "model.width = 16", {3, 8, 8, 5}, 0.5},
    {"vgg16", "model.width = 5\nmodel.pools = \"all\"\nmodel.hidden = 9", {3, 32, 32, 5}, 0.6},
};

std::shared_ptr<Network> build(const Case& c, double scale) {
  NetworkShape shape = c.shape;
  shape.scale = scale;
  return build_model(c.model, shape, c.options);
}

Batch batch_for(const Case& c, uint64_t seed, int64_t size = 6) {
  return {random_tensor({size, c.shape.channels, c.shape.height, c.shape.width}, seed, torch::kFloat32)
              .contiguous(torch::MemoryFormat::ChannelsLast),
          torch::arange(size) % c.shape.classes};
}

// A student at several widths, with masks and with batch norms that are nobody's initial ones.
struct Student {
  explicit Student(const Case& c) : full(build(c, 1)) {
    widths = std::make_unique<Widths>(*full, std::vector<double>{c.width, 1.0},
                                      [&](double scale) { return build(c, scale); });
    const torch::NoGradGuard no_gradient;
    uint64_t seed = 30;
    for (auto& item : full->named_parameters()) {
      if (item.value().dim() == 1) {
        item.value().add_(random_tensor(item.value().sizes(), ++seed, torch::kFloat32), 0.2);
      }
    }
    for (auto& item : full->named_buffers()) {
      if (!item.value().is_floating_point()) continue;
      item.value().add_(random_tensor(item.value().sizes(), ++seed, torch::kFloat32).abs(), 0.3);
    }
    std::vector<torch::Tensor> masks;
    for (const ReluSite& site : full->sites()) masks.push_back(random_mask(site.shape(), site.relus() / 3, ++seed));
    full->set_masks(masks);
    widths->cut_masks();
  }
  TensorMap tensors() const {
    Archive archive = Archive::saving();
    network_state(*full, archive);
    return archive.tensors();
  }
  std::shared_ptr<Network> full;
  std::unique_ptr<Widths> widths;
};

// One convolution of 8 channels, in groups of as many channels as are asked for.
class InGroups final : public Network {
 public:
  InGroups(double scale, int64_t group) : Network({2, 4, 4, 3, scale}) {
    const int64_t channels = shape().scaled(8);
    stem_ = register_module("stem", std::make_shared<Conv2d>(Conv2dOptions{2, channels, 1}));
    conv_ = register_module(
        "conv", std::make_shared<Conv2d>(Conv2dOptions{channels, channels, 3, 1, 1, false, false, channels / group}));
    linear_ = register_module("linear", std::make_shared<Classifier>(channels, 3));
    site_ = add_site("relu", {channels, 4, 4}, 1, "conv", conv_);
    initialise(1);
  }
  torch::Tensor forward(const torch::Tensor& images, Observer* observer) override {
    return linear_->forward(site_->forward(conv_->forward(stem_->forward(images)), observer).mean({2, 3}));
  }

 private:
  std::shared_ptr<Conv2d> stem_, conv_;
  std::shared_ptr<Classifier> linear_;
  const ReluSite* site_;
};

TEST(Widths, TakeDepthwiseConvolutionsAndNameOneInOtherGroupsThatTheyCannotCut) {
  InGroups depthwise(1, 1);
  Widths both(depthwise, {0.5, 1.0}, [](double scale) { return std::make_shared<InGroups>(scale, 1); });
  EXPECT_EQ(both.at(1).forward(torch::ones({2, 2, 4, 4})).sizes(), (std::vector<int64_t>{2, 3}));

  InGroups pairs(1, 2);
  Exit exit = Exit::failure;
  const std::string error = error_of(
      [&] {
        Widths refused(pairs, {0.5, 1.0}, [](double scale) { return std::make_shared<InGroups>(scale, 2); });
      },
      &exit);
  EXPECT_EQ(exit, Exit::usage);
  EXPECT_NE(error.find("'conv' cannot be cut to width 0.5: a convolution of 4 channels in 2 groups"), std::string::npos)
      << error;
}

class Cut : public ::testing::TestWithParam<Case> {};

TEST_P(Cut, HasTheFirstChannelsOfEachWeightAndMaskAndItsOwnBatchNorms) {
  const Case& c = GetParam();
  const Student student(c);
  const TensorMap tensors = student.tensors();
  const auto plain = build(c, c.width);
  load_at_width(tensors, c.width, *plain);
  int64_t own = 0;
  for (const auto& item : plain->named_parameters()) {
    const torch::Tensor& found = item.value();
    if (const auto it = tensors.find(width_name(c.width) + "." + item.key()); it != tensors.end()) {
      EXPECT_TRUE(identical(found, it->second)) << item.key();
      ++own;
      continue;
    }
    torch::Tensor wide = tensors.at(item.key());
    ASSERT_EQ(found.dim(), wide.dim());
    const auto at = [](const torch::Tensor& x, int64_t i, int64_t j) {
      return x.dim() == 1 ? x[i].item<float>() : x[i][j].flatten()[0].item<float>();
    };
    for (int64_t i = 0; i < found.size(0); ++i) {
      for (int64_t j = 0; j < (found.dim() > 1 ? found.size(1) : 1); ++j) EXPECT_EQ(at(found, i, j), at(wide, i, j));
    }
  }
  EXPECT_GT(own, 0);
  for (const ReluSite& site : plain->sites()) {
    const SiteShape shape = site.shape();
    const torch::Tensor wide = tensors.at("mask." + site.name());
    EXPECT_EQ(shape[0], static_cast<int64_t>(std::floor(c.width * static_cast<double>(wide.size(0))))) << site.name();
    EXPECT_TRUE(identical(site.mask(), wide.slice(0, 0, shape[0]))) << site.name();
    EXPECT_EQ(count_relus(site), wide.slice(0, 0, shape[0]).sum().item<int64_t>());
  }
}

TEST_P(Cut, GivesTheLogitsOfTheTiedNetwork) {
  const Case& c = GetParam();
  const Student student(c);
  const auto plain = build(c, c.width);
  load_at_width(student.tensors(), c.width, *plain);
  student.full->eval();
  const torch::NoGradGuard no_gradient;
  const Batch batch = batch_for(c, 3);
  const torch::Tensor tied = student.widths->at(1).forward(batch.images), cut = plain->forward(batch.images);
  EXPECT_LT(largest_difference(tied, cut), 1e-5 * std::max(1.0, cut.abs().max().item<double>()));
  EXPECT_GT(largest_difference(tied, student.full->forward(batch.images)), 1e-3) << "the widths are different networks";
}

// The gradient of a slice is that of a plain network with these weights; the rest of the tensor gets none of it.
TEST_P(Cut, GradientsReachTheFullWeights) {
  const Case& c = GetParam();
  const Student student(c);
  const auto plain = build(c, c.width);
  load_at_width(student.tensors(), c.width, *plain);
  student.full->train();
  plain->train();
  const Batch batch = batch_for(c, 4);
  cross_entropy(student.widths->at(1).forward(batch.images), batch.labels).backward();
  cross_entropy(plain->forward(batch.images), batch.labels).backward();
  const auto wide = student.full->named_parameters();
  double largest = 0;
  for (const auto& item : plain->named_parameters()) {
    largest = std::max(largest, item.value().grad().abs().max().item<double>());
  }
  for (const auto& item : plain->named_parameters()) {
    const torch::Tensor expected = item.value().grad().to(torch::kFloat64);
    const std::string own = width_name(c.width) + "." + item.key();
    torch::Tensor padded;
    if (wide.contains(own)) {
      padded = expected;
    } else {
      padded = torch::zeros(wide[item.key()].sizes(), torch::kFloat64);
      torch::Tensor first = padded;
      for (int64_t d = 0; d < expected.dim(); ++d) first = first.narrow(d, 0, expected.size(d));
      first.copy_(expected);
    }
    const torch::Tensor found = (wide.contains(own) ? wide[own] : wide[item.key()]).grad();
    EXPECT_LT(largest_difference(found, padded), 1e-4 * largest) << item.key();
  }
}

INSTANTIATE_TEST_SUITE_P(Each, Cut, ::testing::ValuesIn(kCases), [](const auto& test) {
  return std::string(test.param.model) + "_" + std::to_string(test.index);
});

TEST(Widths, EachKeepsTheStatisticsOfItsOwnBatchNorms) {
  const Case c = kCases[0];
  const Student student(c);
  student.full->train();
  const Batch batch = batch_for(c, 5, 8);
  const TensorMap before = student.tensors();
  student.widths->at(1).forward(batch.images);
  const TensorMap after = student.tensors();
  const std::string own = width_name(c.width) + ".bn1.";

  // The stem's, by hand in float64: momentum 0.1, unbiased variance.
  const torch::Tensor stem = before.at("conv1.weight").slice(0, 0, 3).to(torch::kFloat64);
  const torch::Tensor y = at::conv2d(batch.images.to(torch::kFloat64), stem, {}, 1, 1);
  for (int64_t channel = 0; channel < 3; ++channel) {
    const torch::Tensor values = y.select(1, channel).flatten();
    const double mean = values.mean().item<double>();
    const double variance = (values - mean).pow(2).sum().item<double>() / static_cast<double>(values.numel() - 1);
    const auto at = [&](const TensorMap& map, const char* name) { return map.at(own + name)[channel].item<double>(); };
    EXPECT_NEAR(at(after, "running_mean"), 0.9 * at(before, "running_mean") + 0.1 * mean, 1e-5);
    EXPECT_NEAR(at(after, "running_var"), 0.9 * at(before, "running_var") + 0.1 * variance, 1e-5);
  }
  EXPECT_TRUE(identical(after.at("bn1.running_mean"), before.at("bn1.running_mean"))) << "width 1's are its own";
  EXPECT_FALSE(identical(after.at(own + "running_var"), before.at(own + "running_var")));
}

TEST(Widths, FollowTheFullMasks) {
  const Case c = kCases[0];
  const Student student(c);
  std::vector<torch::Tensor> masks;
  for (const ReluSite& site : student.full->sites()) masks.push_back(random_mask(site.shape(), 11, site.index()));
  student.full->set_masks(masks);
  student.widths->cut_masks();
  for (const ReluSite& site : student.widths->at(1).sites()) {
    EXPECT_TRUE(identical(site.mask(), masks[site.index()].slice(0, 0, site.shape()[0])));
  }
}

TEST(Widths, AreRefusedUnlessTheFullOneIsAmongThemOnce) {
  const auto refused = [](const std::vector<double>& widths) {
    Exit exit{};
    const std::string message = error_of([&] { check_widths(widths, "x.toml:3: mask."); }, &exit);
    EXPECT_EQ(exit, Exit::usage);
    EXPECT_EQ(message.rfind("x.toml:3: mask.widths = ", 0), 0u) << message;
  };
  refused({});
  refused({0.5});
  refused({1, 1});
  refused({0.5, 0.5, 1});
  refused({0, 1});
  refused({1.5, 1});
  check_widths({0.25, 1, 0.5}, "");
}

TEST(Widths, APolynomialIsStoredAndCutToItsFirstChannels) {
  const Case& c = kCases[0];
  Student student(c);
  uint64_t seed = 50;
  for (const ReluSite& site : student.full->sites()) {
    const torch::Tensor coefficients = random_tensor({site.shape()[0], 3}, ++seed, torch::kFloat32);
    student.full->set_activation(site, std::make_shared<MaskedPolynomial>(site.mask(), coefficients));
  }
  const TensorMap tensors = student.tensors();
  for (const double width : {1.0, c.width}) {
    const auto plain = build(c, width);
    load_at_width(tensors, width, *plain);
    for (const ReluSite& site : plain->sites()) {
      const auto& wide = dynamic_cast<MaskedPolynomial&>(student.full->sites()[site.index()].activation());
      const auto& own = dynamic_cast<MaskedPolynomial&>(site.activation());
      EXPECT_TRUE(identical(own.coefficients.detach(), wide.coefficients.detach().narrow(0, 0, site.shape()[0])));
      EXPECT_TRUE(identical(own.mask(), wide.mask().narrow(0, 0, site.shape()[0])));
    }
  }
}

TEST(Widths, RefuseToTrainPolynomialsOfTheirOwn) {
  const Case& c = kCases[0];
  Student student(c);
  const ReluSite& site = student.full->sites()[1];
  const torch::Tensor coefficients = torch::zeros({site.shape()[0], 3});
  student.full->set_activation(site, std::make_shared<MaskedPolynomial>(site.mask(), coefficients));
  Exit exit{};
  const std::string message = error_of([&] { student.widths->cut_masks(); }, &exit);
  EXPECT_EQ(exit, Exit::usage);
  EXPECT_NE(message.find("'" + site.name() + "' has a polynomial"), std::string::npos) << message;
}

TEST(Widths, OnlyThoseTrainedAtCanBeCut) {
  const Case c = kCases[0];
  const Student student(c);
  EXPECT_NE(
      error_of([&] { load_at_width(student.tensors(), 0.25, *build(c, 0.25)); }).find("not trained at width 0.25"),
      std::string::npos);
}

// One step of mask identification and of fine-tuning; the weights and masks they leave.
TensorMap trained(const Case& c, const std::vector<double>& widths, bool explicitly) {
  const auto teacher = build(c, 1), student = build(c, 1);
  student->initialise(2);
  const auto all = [&] {
    return explicitly ? Widths(*student, widths, [&](double scale) { return build(c, scale); }) : Widths(*student);
  };
  std::vector<int64_t> relus;
  for (const ReluSite& site : student->sites()) relus.push_back(site.relus() / 4);
  Widths student_widths = all();
  MaskIdentification masks(*teacher, student_widths, relus, MaskSettings(), 3);
  Finetuning finetuning(*teacher, student_widths, testing::finetune_settings());
  Sgd optimizer(*student, TrainingSettings());
  for (Objective* objective : {static_cast<Objective*>(&masks), static_cast<Objective*>(&finetuning)}) {
    student->train();
    EpochSums sums(torch::kCPU);
    train_step(*objective, batch_for(c, 8), optimizer, 0.01, sums);
    Metrics metrics;
    EpochEnd end{0, 1, sums, optimizer.parameters(), metrics};
    objective->epoch_end(end);
  }
  Archive archive = Archive::saving();
  network_state(*student, archive);
  return archive.tensors();
}

TEST(SenetPlusPlus, WithTheSingleWidth1IsSenetBitForBit) {
  const TensorMap plain = trained(kCases[0], {}, false), single = trained(kCases[0], {1.0}, true);
  ASSERT_EQ(plain.size(), single.size());
  for (const auto& [name, tensor] : plain) EXPECT_TRUE(identical(tensor, single.at(name))) << name;
}

TEST(SenetPlusPlus, SumsTheLossesOfItsWidths) {
  const Case c = kCases[0];
  const auto teacher = build(c, 1);
  const Student student(c);
  student.full->train();
  DistilledSettings settings = testing::finetune_settings();
  Finetuning objective(*teacher, *student.widths, settings);
  ASSERT_EQ(objective.passes(), 2);
  const Batch batch = batch_for(c, 9);
  EpochSums sums(torch::kCPU);
  for (int pass = 0; pass < 2; ++pass) {
    StageOutputs theirs, ours;
    torch::Tensor target, logits;
    {
      const torch::NoGradGuard no_gradient;
      target = teacher->forward(batch.images, &theirs);
      logits = student.widths->at(pass).forward(batch.images, &ours);
    }
    double expected =
        0.1 * cross_entropy(logits, batch.labels).item<double>() + 0.9 * distillation(logits, target, 4).item<double>();
    for (const auto& [stage, output] : ours.outputs()) {
      expected += 1000 * pram(theirs.outputs().at(stage), output, PramForm::attention).item<double>();
    }
    Batch of_pass = batch;
    of_pass.pass = pass;
    EXPECT_NEAR(objective.loss(of_pass, sums).loss.item<double>(), expected, 1e-4 * expected);
  }
  settings.pram = PramForm::vector;
  EXPECT_NE(error_of([&] { Finetuning(*teacher, *student.widths, settings); }).find("vector"), std::string::npos);
}

}  // namespace
}  // namespace senet
