#include "support/models.h"

namespace senet {
namespace {

using testing::build_model;
using testing::HandCount;

TEST(WideResNet, HasTheReluCountsOfThePaperAndOfSnlsVariant) {
  const NetworkShape cifar{3, 32, 32, 100}, tiny{3, 64, 64, 200};
  const auto network = build_model("wrn22_8", cifar);
  EXPECT_EQ(count(*network).relus, 1392640);
  EXPECT_EQ(network->sites().size(), 19u);
  const auto snl = build_model("wrn22_8", cifar, "model.last_relu = false");
  EXPECT_EQ(count(*snl).relus, 1359872);
  EXPECT_EQ(snl->sites().size(), 18u);
  EXPECT_EQ(build_model("wrn22_8", tiny)->relus(), 5570560);
  EXPECT_EQ(build_model("wrn22_8", tiny, "model.last_relu = false")->relus(), 5439488);
}

TEST(WideResNet, ParametersAndMacsAgreeWithASecondCount) {
  for (const int64_t width : {128, 16, 5}) {
    HandCount hand;
    int64_t channels = 16, size = 32;
    hand.conv(3, channels, 3, size, size);
    for (int stage = 0; stage < 3; ++stage) {
      for (int block = 0; block < 3; ++block) {
        const int64_t out = width << stage;
        const bool strided = stage > 0 && block == 0;
        hand.batch_norm(channels);
        if (strided) size /= 2;
        hand.conv(channels, out, 3, size, size);
        hand.batch_norm(out);
        hand.conv(out, out, 3, size, size);
        if (strided || channels != out) hand.conv(channels, out, 1, size, size);
        channels = out;
      }
    }
    hand.batch_norm(channels);
    hand.linear(channels, 10);
    const NetworkShape shape{3, 32, 32, 10};
    hand.expect_equal(*build_model("wrn22_8", shape, "model.width = " + std::to_string(width)));
  }
}

TEST(WideResNet, ASiteIsFedByTheConvolutionBeforeItAndEndsTheStageBeforeIt) {
  const NetworkShape shape{3, 32, 32, 10};
  const auto network = build_model("wrn22_8", shape, "model.width = 8");
  const auto& sites = network->sites();
  const auto check = [&](int index, const char* name, const char* conv, int stage, SiteShape site_shape) {
    EXPECT_EQ(sites[index].name(), name);
    EXPECT_EQ(sites[index].conv_name(), conv) << name;
    EXPECT_EQ(sites[index].stage(), stage) << name;
    EXPECT_EQ(sites[index].shape(), site_shape) << name;
  };
  check(0, "layer1.0.relu1", "conv1", 1, {16, 32, 32});
  check(1, "layer1.0.relu2", "layer1.0.conv1", 1, {8, 32, 32});
  check(2, "layer1.1.relu1", "layer1.0.conv2", 1, {8, 32, 32});
  check(6, "layer2.0.relu1", "layer1.2.conv2", 1, {8, 32, 32});
  check(7, "layer2.0.relu2", "layer2.0.conv1", 2, {16, 16, 16});
  check(18, "relu", "layer3.2.conv2", 3, {32, 8, 8});
  EXPECT_EQ(testing::expect_order(*network, shape), 3);
}

TEST(WideResNet, TheProjectionTakesTheActivatedInputAndHasNoBatchNorm) {
  const NetworkShape shape{3, 8, 8, 10};
  const auto network = build_model("wrn22_8", shape, "model.width = 8");
  const auto parameters = network->named_parameters();
  EXPECT_TRUE(parameters.contains("layer1.0.shortcut.0.weight")) << "16 channels become 8";
  EXPECT_TRUE(parameters.contains("layer2.0.shortcut.0.weight"));
  EXPECT_FALSE(parameters.contains("layer1.1.shortcut.0.weight"));
  EXPECT_FALSE(parameters.contains("layer2.0.shortcut.1.weight"));
  const auto same = build_model("wrn22_8", shape, "model.width = 16");
  EXPECT_FALSE(same->named_parameters().contains("layer1.0.shortcut.0.weight")) << "16 channels stay 16";
}

TEST(WideResNet, TakesAnyInputAndWidth) {
  for (const NetworkShape& shape :
       {NetworkShape{1, 28, 28, 10}, NetworkShape{5, 9, 13, 3}, NetworkShape{1, 1, 1, 2, 0.5}}) {
    const auto network = build_model("wrn22_8", shape, "model.width = 3");
    EXPECT_EQ(count(*network).relus, network->relus());
  }
}

}  // namespace
}  // namespace senet
