#include "config/document.h"
#include "plugin/host.h"
#include "senet/network.h"
#include "support/support.h"

namespace senet {
namespace {

std::shared_ptr<Network> build(const NetworkShape& shape, const std::string& toml = "") {
  static const PluginHost host({SENET_TEST_PLUGINS});
  Document document("none");
  if (!toml.empty()) document = Document::from_toml(toml, "x.toml");
  const Options options = document.resolve("model", host.options(PluginKind::model, "resnet18"));
  auto network = host.make<Model>("resnet18", options)->build(shape);
  network->initialise(1);
  return network;
}

TEST(ResNet18, HasTheReluCountsOfThePaperAndOfSnlsVariant) {
  const NetworkShape cifar{3, 32, 32, 10}, tiny{3, 64, 64, 200}, imagenet{3, 224, 224, 1000};
  EXPECT_EQ(count(*build(cifar), cifar).relus, 557056);
  EXPECT_EQ(build(cifar)->sites().size(), 17u);
  EXPECT_EQ(count(*build(cifar, "model.stem_relu = false"), cifar).relus, 491520);
  EXPECT_EQ(build(cifar, "model.stem_relu = false")->sites().size(), 16u);
  EXPECT_EQ(count(*build(tiny), tiny).relus, 2228224);
  EXPECT_EQ(count(*build(tiny, "model.stem_relu = false"), tiny).relus, 1966080);
  EXPECT_EQ(count(*build(cifar, "model.width = 32"), cifar).relus, 278528);
  EXPECT_EQ(count(*build(imagenet, "model.stem = \"imagenet\""), imagenet).relus, 2308096);
  EXPECT_EQ(count(*build({3, 32, 32, 10, 0.5}), cifar).relus, 278528)
      << "the scale cuts channels, not the width's name";
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

  class Order final : public Observer {
   public:
    void at_site(const ReluSite& site, const torch::Tensor&, const torch::Tensor&) override {
      EXPECT_EQ(site.index(), next++);
    }
    void at_stage_end(int stage, const torch::Tensor& output) override {
      EXPECT_EQ(stage, ++stages);
      EXPECT_GE(output.min().item<double>(), 0);
    }
    int next = 0, stages = 0;
  } order;
  const torch::NoGradGuard no_gradient;
  network->forward(torch::zeros({2, 3, 32, 32}), &order);
  EXPECT_EQ(order.next, 17);
  EXPECT_EQ(order.stages, 4);
}

// Counted from the architecture's description alone, without the network.
TEST(ResNet18, ParametersAndMacsAgreeWithASecondCount) {
  for (const int64_t width : {64, 16, 7}) {
    int64_t parameters = 0, macs = 0, channels = 3, size = 32;
    const auto conv = [&](int64_t in, int64_t out, int64_t kernel) {
      parameters += in * out * kernel * kernel + 2 * out;
      macs += in * out * kernel * kernel * size * size;
    };
    conv(channels, width, 3);
    channels = width;
    for (int stage = 0; stage < 4; ++stage) {
      for (int block = 0; block < 2; ++block) {
        const int64_t out = width << stage;
        if (stage > 0 && block == 0) size /= 2;
        conv(channels, out, 3);
        conv(out, out, 3);
        if (channels != out) conv(channels, out, 1);
        channels = out;
      }
    }
    parameters += channels * 10 + 10;
    macs += channels * 10;
    const NetworkShape shape{3, 32, 32, 10};
    const NetworkCounts counts = count(*build(shape, "model.width = " + std::to_string(width)), shape);
    EXPECT_EQ(counts.parameters, parameters);
    EXPECT_EQ(counts.macs, macs);
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
      EXPECT_EQ(count(*network, shape).relus, network->relus());
    }
  }
}

}  // namespace
}  // namespace senet
