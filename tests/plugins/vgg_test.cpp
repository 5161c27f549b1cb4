#include "support/models.h"

namespace senet {
namespace {

using testing::build_model;
using testing::error_of;
using testing::HandCount;

TEST(Vgg16, HasTheReluCountsOfTheAuthorsAndOfTheCommonVariants) {
  const NetworkShape cifar{3, 32, 32, 10}, tiny{3, 64, 64, 200};
  const auto network = build_model("vgg16", cifar);
  EXPECT_EQ(count(*network).relus, 294912);
  EXPECT_EQ(network->sites().size(), 13u);
  EXPECT_EQ(count(*build_model("vgg16", tiny)).relus, 1105920);
  EXPECT_EQ(count(*build_model("vgg16", cifar, "model.pools = \"all\"")).relus, 276480);
  const auto common = build_model("vgg16", cifar, "model.pools = \"all\"\nmodel.hidden = 4096");
  EXPECT_EQ(count(*common).relus, 284672);
  EXPECT_EQ(common->sites().back().shape(), (SiteShape{4096, 1, 1}));
  EXPECT_EQ(common->sites().back().conv_name(), "classifier.3");
}

TEST(Vgg16, ParametersAndMacsAgreeWithASecondCount) {
  for (const bool all : {false, true}) {
    for (const int64_t hidden : {0, 24}) {
      for (const int64_t size_of_input : {32, 64}) {
        HandCount hand;
        int64_t channels = 3, size = size_of_input;
        const int convolutions[] = {2, 2, 3, 3, 3};
        const int64_t multiple[] = {1, 2, 4, 8, 8};
        for (int block = 0; block < 5; ++block) {
          for (int i = 0; i < convolutions[block]; ++i) {
            hand.conv(channels, 6 * multiple[block], 3, size, size, /*bias=*/true);
            channels = 6 * multiple[block];
            hand.batch_norm(channels);
          }
          if (all || block < 3 || (block == 3 && size_of_input == 64)) size /= 2;
        }
        if (hidden > 0) {
          hand.linear(channels, hidden);
          hand.linear(hidden, hidden);
          channels = hidden;
        }
        hand.linear(channels, 10);
        const NetworkShape shape{3, size_of_input, size_of_input, 10};
        hand.expect_equal(*build_model("vgg16", shape,
                                       std::string("model.width = 6\nmodel.pools = \"") + (all ? "all" : "authors") +
                                           "\"\nmodel.hidden = " + std::to_string(hidden)));
      }
    }
  }
}

TEST(Vgg16, PramComparesItsBlocks2To5) {
  const NetworkShape shape{3, 32, 32, 10};
  EXPECT_EQ(testing::expect_order(*build_model("vgg16", shape, "model.width = 4"), shape), 4);
}

TEST(Vgg16, NamesAreThoseOfAPyTorchSequential) {
  const auto network = build_model("vgg16", {3, 32, 32, 10}, "model.width = 4\nmodel.pools = \"all\"");
  const auto parameters = network->named_parameters();
  for (const char* name : {"features.0.weight", "features.0.bias", "features.1.weight", "features.3.weight",
                           "features.7.weight", "features.40.weight", "features.41.bias", "classifier.weight"})
    EXPECT_TRUE(parameters.contains(name)) << name;
  EXPECT_EQ(network->sites()[0].name(), "features.2");
  EXPECT_EQ(network->sites()[12].conv_name(), "features.40");
}

TEST(Vgg16, ItsInitialValuesAreTheAuthors) {
  const auto network = build_model("vgg16", {3, 32, 32, 1000}, "model.width = 32");
  const auto parameters = network->named_parameters();
  EXPECT_EQ(parameters["features.0.bias"].abs().max().item<double>(), 0);
  EXPECT_NEAR(parameters["classifier.weight"].std().item<double>(), 0.01, 0.0003);
  EXPECT_EQ(parameters["classifier.bias"].abs().max().item<double>(), 0);
}

TEST(Vgg16, AnInputThatItsPoolsShrinkToNothingIsRefused) {
  const NetworkShape small{3, 9, 9, 10};
  EXPECT_EQ(count(*build_model("vgg16", small, "model.width = 2")).relus,
            build_model("vgg16", small, "model.width = 2")->relus());
  const std::string common = "model.width = 2\nmodel.pools = \"all\"";
  for (const int64_t size : {9, 16, 31}) {
    const std::string message = error_of([&] { build_model("vgg16", {3, size, size, 10}, common); });
    EXPECT_NE(message.find("too small"), std::string::npos) << size << ": " << message;
  }
  EXPECT_EQ(count(*build_model("vgg16", {3, 32, 33, 10}, common)).relus,
            build_model("vgg16", {3, 32, 33, 10}, common)->relus());
}

}  // namespace
}  // namespace senet
