#include "baselines/deepreduce/reduction.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>

#include "senet/error.h"
#include "sensitivity/stage_criticality/criticality.h"
#include "support/models.h"

namespace senet {
namespace {

using testing::build_model;

const NetworkShape kSmall{3, 32, 32, 100}, kLarge{3, 64, 64, 200};
const std::vector<int64_t> kDepth = {2, 1, 1, 1};

TEST(Criticality, IsTheGainInAccuracyOverAPowerOfTheCount) {
  // By hand: 60 − 40 = 20 of 2¹⁰ ReLUs at w = 0.1 is 20 / 2; of 1 ReLU it is 20.
  const std::vector<double> values = criticality({40, 60, 60, 41}, {1 << 20, 1 << 10, 1, 1 << 10}, 0.1);
  EXPECT_DOUBLE_EQ(values[0], 0);
  EXPECT_NEAR(values[1], 10, 1e-12);
  EXPECT_NEAR(values[2], 20, 1e-12);
  EXPECT_NEAR(values[3], 0.5, 1e-12);
}

TEST(Criticality, OrdersTheStagesByIt) {
  Criticality measured;
  measured.stages = {1, 2, 3, 4};
  measured.criticality = {3, 0, 5, 3};
  EXPECT_EQ(measured.least_first(), (std::vector<int64_t>{2, 1, 4, 3})) << "of equal ones the lower stage";
}

TEST(Criticality, StageOneHasTheStem) {
  const auto network = build_model("resnet18", kSmall);
  // 64·32·32 of each of stem and four sites; then halves.
  EXPECT_EQ(relus_of_stage(*network, 1), 5 * 65536);
  EXPECT_EQ(relus_of_stage(*network, 2), 4 * 32768);
  EXPECT_EQ(relus_of_stage(*network, 3), 4 * 16384);
  EXPECT_EQ(relus_of_stage(*network, 4), 4 * 8192);
  EXPECT_EQ(stages_of(*network), (std::set<int64_t>{1, 2, 3, 4}));
}

TEST(Thinning, LeavesEachBlockItsFirstReluAndTheStemItsOwn) {
  const auto network = build_model("resnet18", kSmall, "model.width = 4");
  Reduction thinned;
  thinned.thinned = true;
  std::vector<std::string> kept;
  for (const ReluSite& site : network->sites()) {
    if (thinned.keeps(*network, site)) kept.push_back(site.name());
  }
  EXPECT_EQ(kept,
            (std::vector<std::string>{"relu", "layer1.0.relu1", "layer1.1.relu1", "layer2.0.relu1", "layer2.1.relu1",
                                      "layer3.0.relu1", "layer3.1.relu1", "layer4.0.relu1", "layer4.1.relu1"}));
  const auto wide = build_model("wrn22_8", kSmall, "model.width = 4");
  EXPECT_EQ(thinned.relus(*wide), [&] {
    int64_t expected = 0;
    for (const ReluSite& site : wide->sites())
      expected += site.name().find("relu2") == std::string::npos ? site.relus() : 0;
    return expected;
  }());
}

TEST(Reduction, TheCountThatIsToldIsTheCountThatIsEvaluated) {
  for (const char* model : {"resnet18", "wrn22_8"}) {
    const bool residual = std::string(model) == "resnet18";
    const std::vector<int64_t> order = residual ? std::vector<int64_t>{1, 4, 2} : std::vector<int64_t>{3, 1};
    for (const Reduction& reduction :
         reductions(order, 2, residual ? 4 : 3, residual ? kDepth : std::vector<int64_t>{1, 2, 1})) {
      const auto network = build_model(model, reduction.shape({3, 17, 23, 10}), "model.width = 4");
      const int64_t told = reduction.relus(*network);
      reduction.apply(*network);
      EXPECT_EQ(count(*network).relus, told) << reduction.name();
      for (const int64_t stage : reduction.culled) {
        for (const ReluSite& site : network->sites()) {
          EXPECT_TRUE(site.stage() != stage || count_relus(site) == 0) << reduction.name() << " " << site.name();
        }
      }
    }
  }
}

TEST(Reduction, NamesAndOrderAreThePublishedPipelines) {
  std::vector<std::string> names;
  for (const Reduction& reduction : reductions({4, 1, 2, 3}, 2, 4, kDepth)) names.push_back(reduction.name());
  EXPECT_EQ(names, (std::vector<std::string>{
                       "thinned", "thinned_channels-0.5", "thinned_resolution-0.5",
                       "thinned_channels-0.5_resolution-0.5", "thinned_channels-0.5_resolution-0.5_blocks-2-1-1-1",
                       "culled-4", "culled-4_thinned", "culled-4_thinned_channels-0.5",
                       "culled-4_thinned_resolution-0.5", "culled-4_thinned_channels-0.5_resolution-0.5",
                       "culled-4_thinned_channels-0.5_resolution-0.5_blocks-2-1-1-1", "culled-1-4",
                       "culled-1-4_thinned", "culled-1-4_thinned_channels-0.5", "culled-1-4_thinned_resolution-0.5",
                       "culled-1-4_thinned_channels-0.5_resolution-0.5",
                       "culled-1-4_thinned_channels-0.5_resolution-0.5_blocks-2-1-1-1"}));
  EXPECT_EQ(reductions({1, 2}, 5, 2, {}).size(), 4u + 5u) << "never all stages";
  EXPECT_EQ(reductions({1, 4}, 5, 4, {}).back().name(), "culled-1-4_thinned_channels-0.5_resolution-0.5")
      << "an order that names some of the stages is culled to its end";
}

TEST(Reduction, ThinsNothingInAChainOfLayers) {
  const auto network = build_model("vgg16", {3, 32, 32, 10}, "model.width = 2");
  Reduction thinned;
  thinned.thinned = true;
  for (const ReluSite& site : network->sites()) EXPECT_TRUE(thinned.keeps(*network, site)) << site.name();
  EXPECT_EQ(thinned.relus(*network), network->relus());
}

// Every variant that was published, by its configuration; its count is evaluated. 393,216 is two of them.
TEST(Reduction, EveryPublishedVariantIsGeneratedWithItsCount) {
  const toml::table published = toml::parse_file(std::string(SENET_TEST_SOURCE) + "/results/published/deepreduce.toml");
  const toml::array& variants = *published["variant"].as_array();
  EXPECT_EQ(variants.size(), 19u);
  int at_393216 = 0;
  for (const toml::node& node : variants) {
    const toml::table& variant = *node.as_table();
    const bool large = variant["dataset"].value<std::string>() == "tiny_imagenet";
    const std::vector<int64_t> order = large ? std::vector<int64_t>{1, 2, 3, 4} : std::vector<int64_t>{1, 4, 2, 3};
    std::vector<int64_t> culled, blocks;
    for (const toml::node& stage : *variant["culled"].as_array()) culled.push_back(*stage.value<int64_t>());
    if (const toml::array* list = variant["blocks"].as_array()) {
      for (const toml::node& number : *list) blocks.push_back(*number.value<int64_t>());
    }
    const double resolution = *variant["resolution"].value<double>();
    int found = 0;
    for (const Reduction& reduction : reductions(order, 2, 4, kDepth)) {
      if (reduction.culled != culled || reduction.thinned != *variant["thinned"].value<bool>() ||
          reduction.channels != *variant["channels"].value<double>() || reduction.blocks != blocks ||
          1.0 / static_cast<double>(reduction.stem_stride) != resolution) {
        continue;
      }
      ++found;
      const auto network = build_model("resnet18", reduction.shape(large ? kLarge : kSmall));
      reduction.apply(*network);
      EXPECT_EQ(count(*network).relus, *variant["relus"].value<int64_t>()) << reduction.name();
    }
    EXPECT_EQ(found, 1) << variant;
    at_393216 += *variant["relus"].value<int64_t>() == 393216;
  }
  EXPECT_EQ(at_393216, 1) << "published";
  const auto other = build_model("resnet18", kLarge);
  EXPECT_EQ((Reduction{{1, 4}, true}).relus(*other), 393216) << "the same count of another configuration";
}

TEST(Reshaping, HalvesChannelsResolutionAndDepth) {
  const auto sites = [](const NetworkShape& shape) {
    const auto network = build_model("resnet18", shape, "model.width = 8");
    std::vector<SiteShape> shapes;
    for (const ReluSite& site : network->sites()) shapes.push_back(site.shape());
    return shapes;
  };
  const Reduction all{{}, false, 0.5, 2, kDepth};
  EXPECT_EQ(sites(all.shape({3, 32, 32, 10})), (std::vector<SiteShape>{{4, 16, 16},
                                                                       {4, 16, 16},
                                                                       {4, 16, 16},
                                                                       {4, 16, 16},
                                                                       {4, 16, 16},
                                                                       {8, 8, 8},
                                                                       {8, 8, 8},
                                                                       {16, 4, 4},
                                                                       {16, 4, 4},
                                                                       {32, 2, 2},
                                                                       {32, 2, 2}}));
  const NetworkShape model{3, 9, 11, 7}, reshaped = all.shape(model);
  EXPECT_EQ(reshaped.height, 9) << "the input stays as it is";
  EXPECT_EQ(reshaped.width, 11);
  EXPECT_EQ(reshaped.classes, 7);
}

TEST(Reshaping, WhatAModelCannotDoItSays) {
  NetworkShape shape{3, 32, 32, 10};
  shape.blocks = kDepth;
  EXPECT_THROW(build_model("vgg16", shape, "model.width = 4"), Error);
  EXPECT_THROW(build_model("wrn22_8", shape, "model.width = 4"), Error) << "three stages";
  shape.blocks = {2, 0, 1, 1};
  EXPECT_THROW(build_model("resnet18", shape, "model.width = 4"), Error);
  // VGG16 at half the resolution, by hand: 4·16² twice, 8·8² twice, 16·4² three times, then 2² (after the third pool).
  shape.blocks.clear();
  shape.stem_stride = 2;
  EXPECT_EQ(count(*build_model("vgg16", shape, "model.width = 4")).relus,
            2 * 4 * 256 + 2 * 8 * 64 + 3 * 16 * 16 + 6 * 32 * 4);
}

}  // namespace
}  // namespace senet
