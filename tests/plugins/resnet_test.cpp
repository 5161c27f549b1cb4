#include "support/models.h"

namespace senet {
namespace {

using testing::build_model;
using testing::HandCount;

std::shared_ptr<Network> build(const NetworkShape& shape, const std::string& toml = "") {
  return build_model("resnet18", shape, toml);
}

TEST(ResNet18, HasTheReluCountsOfThePaperAndOfSnlsVariant) {
  const NetworkShape cifar{3, 32, 32, 10}, tiny{3, 64, 64, 200}, imagenet{3, 224, 224, 1000};
  EXPECT_EQ(count(*build(cifar)).relus, 557056);
  EXPECT_EQ(build(cifar)->sites().size(), 17u);
  EXPECT_EQ(count(*build(cifar, "model.stem_relu = false")).relus, 491520);
  EXPECT_EQ(build(cifar, "model.stem_relu = false")->sites().size(), 16u);
  EXPECT_EQ(count(*build(tiny)).relus, 2228224);
  EXPECT_EQ(count(*build(tiny, "model.stem_relu = false")).relus, 1966080);
  EXPECT_EQ(count(*build(cifar, "model.width = 32")).relus, 278528);
  EXPECT_EQ(count(*build(imagenet, "model.stem = \"imagenet\"")).relus, 2308096);
  EXPECT_EQ(count(*build({3, 32, 32, 10, 0.5})).relus, 278528) << "the scale cuts channels, not the width's name";
}

TEST(ResNet18, ItsSitesFollowTheForwardPass) {
  const auto network = build({3, 32, 32, 10});
  const std::vector<int64_t> per_stage = {0, 5, 4, 4, 4};
  std::vector<int64_t> seen(5);
  for (const ReluSite& site : network->sites()) ++seen[site.stage()];
  EXPECT_EQ(seen, per_stage);
  EXPECT_EQ(network->sites()[0].name(), "relu");
  EXPECT_EQ(network->sites()[0].conv_name(), "conv1");
  EXPECT_EQ(network->sites()[6].name(), "layer2.0.relu2");
  EXPECT_EQ(network->sites()[6].conv_name(), "layer2.0.conv2");
  EXPECT_EQ(network->sites()[6].shape(), (SiteShape{128, 16, 16}));

  EXPECT_EQ(testing::expect_order(*network, {3, 32, 32, 10}), 4);
}

void expect_counts(const std::string& model, const std::vector<int>& blocks, int64_t width) {
  HandCount hand;
  int64_t channels = 3, size = 32;
  const auto conv = [&](int64_t in, int64_t out, int64_t kernel) {
    hand.conv(in, out, kernel, size, size);
    hand.batch_norm(out);
  };
  conv(channels, width, 3);
  channels = width;
  for (int stage = 0; stage < 4; ++stage) {
    for (int block = 0; block < blocks[stage]; ++block) {
      const int64_t out = width << stage;
      if (stage > 0 && block == 0) size /= 2;
      conv(channels, out, 3);
      conv(out, out, 3);
      if (channels != out) conv(channels, out, 1);
      channels = out;
    }
  }
  hand.linear(channels, 10);
  const NetworkShape shape{3, 32, 32, 10};
  hand.expect_equal(*build_model(model, shape, "model.width = " + std::to_string(width)));
}

TEST(ResNet, ParametersAndMacsAgreeWithASecondCount) {
  for (const int64_t width : {64, 16, 7}) expect_counts("resnet18", {2, 2, 2, 2}, width);
  for (const int64_t width : {64, 5}) expect_counts("resnet34", {3, 4, 6, 3}, width);
}

TEST(ResNet34, HasTheReluCountsOfThePaperAndOfSnlsVariant) {
  const NetworkShape cifar{3, 32, 32, 100};
  const auto network = build_model("resnet34", cifar);
  EXPECT_EQ(count(*network).relus, 966656);
  EXPECT_EQ(network->sites().size(), 33u);
  const auto snl = build_model("resnet34", cifar, "model.stem_relu = false");
  EXPECT_EQ(count(*snl).relus, 901120);
  EXPECT_EQ(snl->sites().size(), 32u);
}

TEST(ResNet18, WithoutIdentityShortcutsABlockThatKeepsItsShapeIsItsConvolutionsAlone) {
  const NetworkShape shape{3, 8, 8, 10};
  const auto with = build(shape, "model.width = 4"),
             without = build(shape, "model.width = 4\nmodel.identity_shortcut = false");
  EXPECT_EQ(with->relus(), without->relus());
  EXPECT_EQ(count(*with).parameters, count(*without).parameters);
  const torch::NoGradGuard no_gradient;
  for (const auto& network : {with, without}) {
    network->eval();
    for (auto& item : network->named_parameters()) {
      if (item.key() == "layer4.1.conv2.weight") item.value().zero_();
    }
  }
  // A second convolution of zeros leaves the shortcut alone at the last block's output.
  class Last final : public Observer {
   public:
    void at_stage_end(int, const torch::Tensor& output) override { value = output; }
    torch::Tensor value;
  } last;
  const torch::Tensor images = torch::rand({2, 3, 8, 8});
  with->forward(images, &last);
  EXPECT_GT(last.value.max().item<double>(), 0);
  without->forward(images, &last);
  EXPECT_EQ(last.value.abs().max().item<double>(), 0);
}

TEST(ResNet18, ItsInitialisationIsKaimingNormalOverFanOutOrFanIn) {
  const NetworkShape shape{3, 8, 8, 10};
  for (const auto& [option, fan] : {std::pair{"fan_out", 64 * 9.0}, {"fan_in", 32 * 9.0}}) {
    const auto network = build(shape, std::string("model.width = 32\nmodel.initialisation = \"") + option + "\"");
    EXPECT_NEAR(network->named_parameters()["layer2.0.conv1.weight"].std().item<double>(), std::sqrt(2 / fan),
                0.03 * std::sqrt(2 / fan));
  }
}

TEST(ResNet18, NamesAreThoseOfTheCommonPyTorchModel) {
  const auto network = build({3, 32, 32, 10});
  const auto parameters = network->named_parameters();
  const auto buffers = network->named_buffers();
  for (const char* name :
       {"conv1.weight", "bn1.weight", "bn1.bias", "layer1.0.conv1.weight", "layer2.0.shortcut.0.weight",
        "layer2.0.shortcut.1.bias", "layer4.1.bn2.weight", "linear.weight", "linear.bias"}) {
    EXPECT_TRUE(parameters.contains(name)) << name;
  }
  for (const char* name : {"bn1.running_mean", "layer3.0.shortcut.1.running_var", "bn1.num_batches_tracked"}) {
    EXPECT_TRUE(buffers.contains(name)) << name;
  }
  EXPECT_FALSE(parameters.contains("layer1.0.shortcut.0.weight")) << "an identity shortcut has no weights";
  EXPECT_EQ(parameters.size(), 62u);
}

TEST(ResNet18, TakesAnyInputAndWidth) {
  for (const NetworkShape& shape : {NetworkShape{1, 28, 28, 10}, NetworkShape{5, 9, 13, 3}, NetworkShape{1, 1, 1, 2}}) {
    for (const char* options : {"model.width = 1", "model.width = 5\nmodel.stem = \"imagenet\""}) {
      const auto network = build(shape, options);
      const torch::NoGradGuard no_gradient;
      network->eval();
      EXPECT_EQ(network->forward(torch::zeros({2, shape.channels, shape.height, shape.width})).sizes(),
                (std::vector<int64_t>{2, shape.classes}));
      EXPECT_EQ(count(*network).relus, network->relus());
    }
  }
}

// What is computed in one pass for nobody's eyes is computed in two for an observer of pre-activations.
TEST(ResNet18, AnObserverThatWantsPreActivationsChangesNothing) {
  class Watch final : public Observer {
   public:
    explicit Watch(bool pre) : pre_(pre) {}
    bool wants_pre() const override { return pre_; }
    void at_site(const ReluSite& site, const torch::Tensor& pre, const torch::Tensor& post) override {
      if (!pre_) return;
      const torch::Tensor mask = site.mask().to(torch::kFloat32), x = pre.detach();
      EXPECT_TRUE(testing::identical(post.detach(), mask * x.clamp_min(0) + (1 - mask) * x)) << site.name();
    }

   private:
    bool pre_;
  };
  const NetworkShape shape{3, 16, 16, 10};
  const torch::Tensor images =
      testing::random_tensor({5, 3, 16, 16}, 4, torch::kFloat32).contiguous(torch::MemoryFormat::ChannelsLast);
  std::vector<torch::Tensor> logits, gradients;
  for (const bool pre : {false, true}) {
    const auto network = build(shape, "model.width = 6");
    std::vector<torch::Tensor> masks;
    for (const ReluSite& site : network->sites()) {
      masks.push_back(testing::random_tensor(site.shape(), site.index()).gt(0.5).to(torch::kUInt8));
    }
    network->set_masks(masks);
    network->train();
    Watch watch(pre);
    logits.push_back(network->forward(images, &watch));
    logits.back().square().sum().backward();
    gradients.push_back(network->named_parameters()["layer1.0.conv1.weight"].grad());
  }
  EXPECT_LT(testing::largest_difference(logits[0], logits[1]), 1e-5);
  EXPECT_LT(testing::largest_difference(gradients[0], gradients[1]), 1e-4 * gradients[0].abs().max().item<double>());
}

}  // namespace
}  // namespace senet
