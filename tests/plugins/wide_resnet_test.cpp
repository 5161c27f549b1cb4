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

TEST(WideResNet, ProjectsWhereChannelsChangeWithoutBatchNorm) {
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

// The maps of stage ends, and each site's pre-activation.
class Seen final : public Observer {
 public:
  void at_site(const ReluSite& site, const torch::Tensor& pre, const torch::Tensor&) override {
    before[site.name()] = pre;
  }
  void at_stage_end(int stage, const torch::Tensor& output) override { ends[stage] = output; }
  std::map<std::string, torch::Tensor> before;
  std::map<int, torch::Tensor> ends;
};

TEST(WideResNet, TheAuthorsMapsAreTheStudentsNormalisedSumsAndTheTeachersSums) {
  const NetworkShape shape{3, 8, 8, 10};
  const torch::Tensor images = testing::random_tensor({4, 3, 8, 8}, 1, torch::kFloat32);
  const std::vector<std::pair<std::string, std::string>> norms = {
      {"layer2.0.relu1", "layer2.0.bn1"}, {"layer3.0.relu1", "layer3.0.bn1"}, {"relu", "bn1"}};
  const auto network = build_model("wrn22_8", shape, "model.width = 8\nmodel.stage_maps = \"authors\"");
  const torch::NoGradGuard no_gradient;
  Seen student, teacher;
  network->train();
  network->forward(images, &student);
  network->eval();
  const torch::Tensor logits = network->forward(images, &teacher);
  EXPECT_LT(testing::largest_difference(logits, network->forward(images)), 1e-5);
  const auto buffers = network->named_buffers();
  for (int stage = 1; stage <= 3; ++stage) {
    const auto& [site, norm] = norms[stage - 1];
    EXPECT_TRUE(student.ends[stage].equal(student.before[site])) << stage;
    // In eval mode batch norm is (sum − mean)/√(var + ε), its weights being 1 and 0.
    const torch::Tensor mean = buffers[norm + ".running_mean"].view({1, -1, 1, 1}),
                        deviation = (buffers[norm + ".running_var"] + 1e-5).sqrt().view({1, -1, 1, 1});
    EXPECT_LT(testing::largest_difference(teacher.ends[stage], teacher.before[site] * deviation + mean), 1e-4);
    EXPECT_GT(testing::largest_difference(teacher.ends[stage], teacher.before[site]), 0.1);
  }
}

TEST(WideResNet, MapsChangeNoOutput) {
  const NetworkShape shape{3, 8, 8, 10};
  const torch::Tensor images = testing::random_tensor({4, 3, 8, 8}, 1, torch::kFloat32);
  const torch::NoGradGuard no_gradient;
  const auto plain = build_model("wrn22_8", shape, "model.width = 8"),
             authors = build_model("wrn22_8", shape, "model.width = 8\nmodel.stage_maps = \"authors\"");
  Seen seen;
  EXPECT_LT(testing::largest_difference(plain->forward(images), authors->forward(images, &seen)), 1e-5);
  EXPECT_EQ(seen.ends.size(), 3u);
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
