#include "data/splits.h"

#include "support/datasets.h"

namespace senet {
namespace {

using testing::error_of;
using testing::identical;
using testing::splits_as;

class MadeUp final : public Dataset {
 public:
  Images load(Split split) override { return split == Split::train ? train : test; }
  int64_t classes() const override { return 3; }
  Normalisation normalisation() const override { return normal; }

  Images train{torch::arange(200 * 4, torch::kUInt8).view({200, 2, 2, 1}), torch::arange(200) % 3};
  Images test{torch::zeros({5, 2, 2, 1}, torch::kUInt8), torch::zeros({5}, torch::kInt64)};
  Normalisation normal{{0.5}, {0.5}};
};

TEST(Splits, HoldOutAFixedShareThatIsNeverTrainedOn) {
  MadeUp data;
  // Give every image a value of its own, so that it can be found again.
  data.train.pixels = torch::zeros({200, 2, 2, 1}, torch::kUInt8);
  for (int64_t i = 0; i < 200; ++i) data.train.pixels[i][0][0][0] = i;
  const DataSplits splits = make_splits(&data, splits_as(), "made_up");
  EXPECT_EQ(splits.train.count(), 190);
  EXPECT_EQ(splits.held_out.count(), 10);
  EXPECT_EQ(splits.test.count(), 5);
  std::set<int64_t> seen;
  for (const Images* part : {&splits.train, &splits.held_out}) {
    for (int64_t i = 0; i < part->count(); ++i) {
      const int64_t id = part->pixels[i][0][0][0].item<int64_t>();
      EXPECT_TRUE(seen.insert(id).second) << "image " << id << " twice";
      EXPECT_EQ(part->labels[i].item<int64_t>(), id % 3) << "labels travel with their images";
    }
  }
  EXPECT_EQ(seen.size(), 200u);
}

TEST(Splits, HoldOutTheShareAsItIsWritten) {
  MadeUp data;
  const DataSplits splits =
      make_splits(&data, splits_as("dataset.train_limit = 100\ndataset.holdout = 0.29"), "made_up");
  EXPECT_EQ(splits.held_out.count(), 29) << "0.29·100 is less than 29 in doubles";
}

TEST(Splits, TheLimitTakesAPrefixOfOneShuffle) {
  MadeUp data;
  const DataSplits some = make_splits(&data, splits_as("dataset.train_limit = 40\ndataset.holdout = 0"), "made_up");
  const DataSplits more = make_splits(&data, splits_as("dataset.train_limit = 60\ndataset.holdout = 0"), "made_up");
  EXPECT_EQ(some.train.count(), 40);
  EXPECT_EQ(some.held_out.count(), 0);
  EXPECT_TRUE(identical(some.train.pixels, more.train.pixels.slice(0, 0, 40)));
  EXPECT_NE(some.fingerprint, more.fingerprint);
  EXPECT_EQ(some.fingerprint,
            make_splits(&data, splits_as("dataset.train_limit = 40\ndataset.holdout = 0"), "made_up").fingerprint);
}

TEST(Splits, TheFingerprintSeesEveryByteAndLabel) {
  MadeUp data;
  const std::string before = make_splits(&data, splits_as(), "made_up").fingerprint;
  data.test.pixels[4][1][1][0] = 1;
  EXPECT_NE(make_splits(&data, splits_as(), "made_up").fingerprint, before);
  data.test.pixels[4][1][1][0] = 0;
  EXPECT_EQ(make_splits(&data, splits_as(), "made_up").fingerprint, before);
  data.test.labels[2] = 1;
  EXPECT_NE(make_splits(&data, splits_as(), "made_up").fingerprint, before);
}

TEST(Splits, RefuseWhatTheInterfaceDoesNotPromise) {
  const auto refusal = [](const std::function<void(MadeUp&)>& spoil, const std::string& toml = "") {
    MadeUp data;
    spoil(data);
    return error_of([&] { make_splits(&data, splits_as(toml), "made_up"); });
  };
  EXPECT_NE(refusal([](MadeUp& d) { d.train.labels[7] = 3; }).find("[0, 2]"), std::string::npos);
  EXPECT_NE(refusal([](MadeUp& d) { d.train.labels = d.train.labels.slice(0, 1); }).find("200 images but 199 labels"),
            std::string::npos);
  EXPECT_NE(refusal([](MadeUp& d) {
              d.test.pixels = torch::zeros({5, 3, 2, 1}, torch::kUInt8);
            }).find("[3, 2, 1]"),
            std::string::npos);
  EXPECT_NE(refusal([](MadeUp& d) { d.train.pixels = d.train.pixels.to(torch::kFloat32); }).find("uint8"),
            std::string::npos);
  EXPECT_NE(refusal([](MadeUp& d) { d.normal.mean = {1, 2}; }).find("2 means"), std::string::npos);
  EXPECT_NE(refusal([](MadeUp& d) { d.normal.mean = {NAN}; }).find("a mean of nan"), std::string::npos);
  EXPECT_NE(refusal([](MadeUp& d) { d.normal.deviation = {0}; }).find("positive"), std::string::npos);
  EXPECT_NE(refusal([](MadeUp& d) {
              d.train.source = image_files({{"x.png", 0}}).source;
            }).find("twice"),
            std::string::npos);
  EXPECT_NE(refusal([](MadeUp& d) { d.train = {}; }).find("has no images"), std::string::npos);
  const std::string limit = refusal([](MadeUp&) {}, "dataset.train_limit = 201");
  EXPECT_NE(limit.find("201"), std::string::npos);
  EXPECT_NE(limit.find("200"), std::string::npos);
}

TEST(RandomCrops, OfImagesThatWereCutAreRefusedOfEveryTraining) {
  DataSplits data;
  data.train.packed_view.resize = 8;
  for (const char* const name : {"random_resized", "search.random_resized"}) {
    const std::vector<Option> declared = {boolean_option(name, "false", "crops")};
    const auto section = [&](const std::string& value) {
      return Document::from_toml(std::string("[snl]\n") + name + " = " + value + "\n", "test.toml")
          .resolve("snl", declared);
    };
    check_random_crops(data, section("false"));
    const std::string error = error_of([&] { check_random_crops(data, section("true")); });
    EXPECT_TRUE(testing::mentions(error, "test.toml:2") &&
                testing::mentions(error, std::string("snl.") + name + " takes its crops"))
        << error;
    check_random_crops(DataSplits(), section("true"));
  }
}

}  // namespace
}  // namespace senet
