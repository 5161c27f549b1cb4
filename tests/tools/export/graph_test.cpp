#include "tools/export/graph.h"

#include <ATen/CPUGeneratorImpl.h>

#include "support/models.h"
#include "support/tiny_network.h"
#include "tools/export/record.h"

namespace senet {
namespace {

using testing::build_model;
using testing::error_of;
using testing::random_tensor;
using testing::TinyNetwork;

struct Case {
  const char* name;
  const char* model;
  const char* options;
  NetworkShape shape;
};

const Case kCases[] = {
    {"resnet18", "resnet18", "model.width = 4", {3, 16, 16, 5}},
    {"resnet18_scaled", "resnet18", "model.width = 7", {3, 16, 16, 5, 0.5}},
    {"resnet18_imagenet", "resnet18", "model.width = 3\nmodel.stem = \"imagenet\"", {3, 33, 35, 5}},
    {"resnet18_snl",
     "resnet18",
     "model.width = 4\nmodel.stem_relu = false\nmodel.identity_shortcut = false",
     {3, 8, 8, 5}},
    {"resnet18_shallow", "resnet18", "model.width = 4", {3, 16, 16, 5, 0.75, 2, {1, 1, 1, 1}}},
    {"resnet34", "resnet34", "model.width = 2", {1, 9, 11, 3}},
    {"wrn22_8", "wrn22_8", "model.width = 8", {3, 8, 8, 5}},
    {"wrn22_8_snl", "wrn22_8", "model.width = 8\nmodel.last_relu = false", {3, 8, 8, 5, 0.5}},
    {"vgg16", "vgg16", "model.width = 4", {3, 32, 32, 5}},
    {"vgg16_common", "vgg16", "model.width = 3\nmodel.pools = \"all\"\nmodel.hidden = 9", {3, 32, 32, 5}},
};

// Batch norms that do something, and masks of every kind: none, all, single elements, whole channels.
void train_a_little(Network& network) {
  const torch::NoGradGuard no_gradient;
  uint64_t seed = 50;
  for (const auto& list : {network.named_parameters(), network.named_buffers()}) {
    for (const auto& item : list) {
      torch::Tensor value = item.value();
      if (value.dim() == 1 && value.is_floating_point()) {
        value.add_(random_tensor(value.sizes(), ++seed, torch::kFloat32).abs(), 0.3);
      }
    }
  }
  std::vector<torch::Tensor> masks;
  for (const ReluSite& site : network.sites()) {
    const SiteShape shape = site.shape();
    const torch::Tensor draw = random_tensor(torch::IntArrayRef(shape), ++seed);
    torch::Tensor mask = draw.gt(0.5);
    if (site.index() % 4 == 1) mask = torch::zeros_like(mask);
    if (site.index() % 4 == 2) mask = torch::ones_like(mask);
    if (site.index() % 4 == 3) mask = draw.slice(1, 0, 1).slice(2, 0, 1).gt(0).expand_as(draw);
    masks.push_back(mask.to(torch::kUInt8));
  }
  network.set_masks(masks);
}

torch::Tensor images_for(const NetworkShape& shape) {
  return random_tensor({4, shape.channels, shape.height, shape.width}, 3, torch::kFloat32);
}

void expect_close(const torch::Tensor& found, const torch::Tensor& expected) {
  const double largest = std::max(1.0, expected.abs().max().item<double>());
  EXPECT_LT((found - expected).abs().max().item<double>(), 1e-4 * largest);
}

int count_of(const Graph& graph, Operator op) {
  return static_cast<int>(
      std::count_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) { return node.op == op; }));
}

class EveryModel : public ::testing::TestWithParam<Case> {};

TEST_P(EveryModel, IsRecordedAsAGraphThatGivesItsLogitsAlsoWhenFolded) {
  const auto network = build_model(GetParam().model, GetParam().shape, GetParam().options);
  train_a_little(*network);
  const Graph graph = record_graph(*network), folded = fold_batch_norms(graph);

  const torch::NoGradGuard no_gradient;
  network->eval();
  const torch::Tensor images = images_for(GetParam().shape), logits = network->forward(images);
  expect_close(evaluate(graph, images), logits);
  expect_close(evaluate(folded, images), logits);

  int64_t relus = 0;
  for (const ReluSite& site : network->sites()) relus += count_relus(site);
  EXPECT_EQ(folded.relus(), relus);
  EXPECT_EQ(count_of(folded, Operator::relu), static_cast<int>(network->sites().size()));
  EXPECT_LT(count_of(folded, Operator::channel_affine), count_of(graph, Operator::channel_affine));
  // In pre-activation blocks a sum stands before a batch norm.
  const bool every_norm_follows_a_convolution = std::string(GetParam().model) != "wrn22_8";
  EXPECT_EQ(count_of(folded, Operator::channel_affine) == 0, every_norm_follows_a_convolution);
}

TEST_P(EveryModel, HasANameOfItsOwnForEachNode) {
  const auto network = build_model(GetParam().model, GetParam().shape, GetParam().options);
  const Graph graph = fold_batch_norms(record_graph(*network));
  std::set<std::string> names;
  for (const Node& node : graph.nodes) EXPECT_TRUE(names.insert(node.name).second) << node.name;
  for (const ReluSite& site : network->sites()) EXPECT_TRUE(names.count(site.name())) << site.name();
}

INSTANTIATE_TEST_SUITE_P(Models, EveryModel, ::testing::ValuesIn(kCases),
                         [](const auto& instance) { return std::string(instance.param.name); });

// Coefficients that are nobody's initial values, at every site, beside the masks that are there.
void put_polynomials(Network& network, int64_t degree) {
  uint64_t seed = 90;
  for (const ReluSite& site : network.sites()) {
    torch::Tensor coefficients = random_tensor({site.shape()[0], degree + 1}, ++seed, torch::kFloat32) * 0.3;
    // A square of squares over all layers has to stay finite.
    if (degree == 2) coefficients.select(1, 2).mul_(0.01);
    network.set_activation(site, std::make_shared<MaskedPolynomial>(site.mask(), coefficients));
  }
}

TEST(Record, TakesPolynomialsBesideMasksAndCountsWhatTheyMultiply) {
  for (const int64_t degree : {1, 2}) {
    SCOPED_TRACE(degree);
    const auto network = build_model("vgg16", {3, 32, 32, 5}, "model.width = 3\nmodel.hidden = 9");
    train_a_little(*network);
    put_polynomials(*network, degree);
    const Graph graph = fold_batch_norms(record_graph(*network));
    const torch::NoGradGuard no_gradient;
    network->eval();
    const torch::Tensor images = images_for(network->shape()), logits = network->forward(images);
    expect_close(evaluate(graph, images), logits);
    int64_t beside = 0;
    for (const ReluSite& site : network->sites()) beside += site.relus() - count_relus(site);
    EXPECT_EQ(graph.multiplications().squares, degree == 2 ? beside : 0);
    EXPECT_EQ(graph.multiplications().coefficients, degree * beside);
    const NetworkCounts counts = count(*network);
    EXPECT_EQ(counts.multiplications.coefficients, degree * beside);
    EXPECT_EQ(counts.relus, graph.relus());
  }
}

TEST(Record, LeavesTheNetworkAsItWas) {
  TinyNetwork network(2, 3, 5, 4);
  network.initialise(1);
  network.train();
  const auto before = network.conv1->weight.clone();
  record_graph(network);
  EXPECT_TRUE(network.is_training());
  EXPECT_TRUE(testing::identical(network.conv1->weight, before));
  EXPECT_EQ(network.bn1->num_batches_tracked.item<int64_t>(), 0);
  EXPECT_FALSE(network.conv1->weight.grad().defined());
}

// A network whose pass is given by a function of its layers' input.
class Stranger final : public Network {
 public:
  using Pass = std::function<torch::Tensor(const torch::Tensor&)>;
  explicit Stranger(Pass pass) : Network({2, 6, 6, 3}), pass_(std::move(pass)) {
    conv_ = register_module("conv", std::make_shared<Conv2d>(Conv2dOptions{2, 4, 3, 1, 1}));
    linear_ = register_module("linear", std::make_shared<Classifier>(4, 3));
    site_ = add_site("site", {4, 6, 6}, 1, "conv", conv_);
    initialise(1);
  }
  torch::Tensor forward(const torch::Tensor& images, Observer* observer) override {
    return linear_->forward(pass_(site_->forward(conv_->forward(images), observer)));
  }

 private:
  Pass pass_;
  std::shared_ptr<Conv2d> conv_;
  std::shared_ptr<Classifier> linear_;
  const ReluSite* site_;
};

TEST(Record, TakesWhatModelsCommonlyComputeBesides) {
  const std::map<std::string, Stranger::Pass> passes = {
      {"padded shortcut of a smaller shape",
       [](const torch::Tensor& x) {
         const torch::Tensor small = x.slice(1, 0, 2).slice(2, 1, torch::nullopt, 2).slice(3, 0, torch::nullopt, 2);
         return at::constant_pad_nd(small, {0, 0, 0, 0, 1, 1}).mean({2, 3});
       }},
      {"concatenation",
       [](const torch::Tensor& x) {
         return torch::cat({x.slice(1, 2, 4), x.slice(1, 0, 2)}, 1).mean({2, 3});
       }},
      {"windows",
       [](const torch::Tensor& x) {
         return at::avg_pool2d(at::max_pool2d(x, 3, 1, 1), 2).mean({2, 3});
       }},
      {"in place",
       [](torch::Tensor x) {
         x = x + x;
         x += x;
         return x.mean({-1, -2}, true).flatten(1);
       }},
      {"dropout",
       [](const torch::Tensor& x) {
         return at::dropout(x, 0.5, false).mean({2, 3});
       }},
      {"reshapes",
       [](const torch::Tensor& x) {
         return x.flatten(1).view({x.size(0), 6, 4, 6}).reshape({x.size(0), 4, 6, 6}).mean({2, 3});
       }},
  };
  for (const auto& [name, pass] : passes) {
    SCOPED_TRACE(name);
    Stranger network(pass);
    const Graph graph = fold_batch_norms(record_graph(network));
    const torch::NoGradGuard no_gradient;
    const torch::Tensor images = images_for({2, 6, 6, 3});
    network.eval();
    expect_close(evaluate(graph, images), network.forward(images, nullptr));
  }
}

TEST(Record, TakesConvolutionsInGroupsAndFoldsTheirBatchNorms) {
  auto depthwise = std::make_shared<Conv2d>(Conv2dOptions{4, 8, 3, 2, 1, false, false, 4});
  auto norm = std::make_shared<BatchNorm2d>(8);
  auto pairs = std::make_shared<Conv2d>(Conv2dOptions{8, 4, 1, 1, 0, true, false, 2});
  auto generator = at::detail::createCPUGenerator(7);
  for (const auto& conv : {depthwise, pairs}) conv->reset_parameters(generator);
  {
    const torch::NoGradGuard no_gradient;
    norm->running_var.copy_(torch::arange(1, 9));
    norm->running_mean.copy_(torch::arange(8).mul(0.1));
  }
  norm->eval();
  Stranger network([=](const torch::Tensor& x) {
    return pairs->forward(norm->forward(depthwise->forward(x))).mean({2, 3});
  });
  const Graph graph = fold_batch_norms(record_graph(network));
  EXPECT_EQ(count_of(graph, Operator::channel_affine), 0);
  const torch::NoGradGuard no_gradient;
  const torch::Tensor images = images_for({2, 6, 6, 3});
  network.eval();
  expect_close(evaluate(graph, images), network.forward(images, nullptr));
}

TEST(Record, NamesAnOperatorThatItCannotExportAndItsPlace) {
  const auto error = [](Stranger::Pass pass) {
    Stranger network(std::move(pass));
    return error_of([&] { record_graph(network); });
  };
  const std::string sigmoid = error([](const torch::Tensor& x) { return torch::sigmoid(x).mean({2, 3}); });
  EXPECT_NE(sigmoid.find("aten::sigmoid"), std::string::npos) << sigmoid;
  EXPECT_NE(sigmoid.find("after 'site'"), std::string::npos) << sigmoid;
  const std::string relu = error([](const torch::Tensor& x) { return torch::relu(x - 1).mean({2, 3}); });
  EXPECT_NE(relu.find("aten::sub"), std::string::npos) << relu;
  const std::string alone = error([](const torch::Tensor& x) { return torch::relu(x).mean({2, 3}); });
  EXPECT_NE(alone.find("aten::relu"), std::string::npos) << alone;
  const std::string batch = error([](const torch::Tensor& x) { return x.mean({2, 3}).softmax(0); });
  EXPECT_NE(batch.find("softmax"), std::string::npos) << batch;
}

TEST(Record, NamesWhatKeepsAnOperatorOutThatItCanExportOtherwise) {
  const torch::Tensor weight = torch::ones({4, 4, 3, 3});
  const std::map<std::string, Stranger::Pass> passes = {
      {"aten::conv2d with a dilation of [2, 2] (after 'site')",
       [=](const torch::Tensor& x) {
         return at::conv2d(x, weight, {}, 1, 2, 2).mean({2, 3});
       }},
      {"aten::conv2d with padding given as a word (after",
       [=](const torch::Tensor& x) {
         return at::conv2d(x, weight, {}, 1, "same").mean({2, 3});
       }},
      {"aten::max_pool2d with ceil_mode (after",
       [](const torch::Tensor& x) {
         return at::max_pool2d(x, 3, 2, 0, 1, true).mean({2, 3});
       }},
      {"aten::avg_pool2d with ceil_mode (after",
       [](const torch::Tensor& x) {
         return at::avg_pool2d(x, 3, 2, 0, true).mean({2, 3});
       }},
      {"aten::avg_pool2d with padding, which its averages may count (after",
       [](const torch::Tensor& x) {
         return at::avg_pool2d(x, 3, 2, 1).mean({2, 3});
       }},
  };
  for (const auto& [words, pass] : passes) {
    Stranger network(pass);
    const std::string message = error_of([&network = network] { record_graph(network); });
    EXPECT_NE(message.find(words), std::string::npos) << words << " in " << message;
    EXPECT_EQ(message.find("known are"), std::string::npos) << message;
  }
}

TEST(Record, RefusesANetworkThatComputesOutsideOfLibTorch) {
  Stranger network([](const torch::Tensor& x) {
    const torch::Tensor y = x.contiguous().clone();
    const torch::NoGradGuard no_gradient;
    y.data_ptr<float>()[0] += 100;
    return y.mean({2, 3});
  });
  const std::string error = error_of([&] { record_graph(network); });
  EXPECT_NE(error.find("does not compute what the network does"), std::string::npos) << error;
}

TEST(Fold, GivesTheWeightsOfTheFormula) {
  TinyNetwork network(2, 3, 5, 4);
  network.initialise(1);
  train_a_little(network);
  const Graph graph = fold_batch_norms(record_graph(network));
  const auto conv =
      std::find_if(graph.nodes.begin(), graph.nodes.end(), [](const Node& n) { return n.name == "conv1"; });
  ASSERT_NE(conv, graph.nodes.end());
  const BatchNorm2d& bn = *network.bn1;
  const torch::Tensor scale = bn.weight / (bn.running_var + BatchNorm2d::kEpsilon).sqrt();
  EXPECT_LT((conv->weight - network.conv1->weight * scale.view({-1, 1, 1, 1})).abs().max().item<double>(), 1e-6);
  EXPECT_LT((conv->bias - (bn.bias - bn.running_mean * scale)).abs().max().item<double>(), 1e-6);
}

TEST(FixedPoint, TruncatesInputsAndWeightsTowardsZeroAndRoundsProducts) {
  Graph graph;
  graph.nodes.resize(2);
  graph.nodes[0].op = Operator::image;
  graph.nodes[0].shape = {1};
  Node& linear = graph.nodes[1];
  linear.op = Operator::linear;
  linear.inputs = {0};
  linear.shape = {2};
  linear.weight = torch::tensor({{0.8f}, {-0.8f}});     // 3/4 and −3/4 with two bits
  linear.bias = torch::tensor({0.1f, 0.3f});            // 0 and 1/4
  const torch::Tensor image = torch::tensor({{0.9f}});  // 3/4; products 9/16 and −9/16 become 2/4 and −2/4
  const torch::Tensor found = evaluate(graph, image, {2});
  EXPECT_EQ(found[0][0].item<float>(), 0.5f);
  EXPECT_EQ(found[0][1].item<float>(), -0.25f);
  EXPECT_NEAR(evaluate(graph, image)[0][0].item<float>(), 0.82f, 1e-6);
}

TEST(FixedPoint, RoundsEachProductOfAPolynomial) {
  Graph graph;
  graph.nodes.resize(2);
  graph.nodes[0].op = Operator::image;
  graph.nodes[0].shape = {1, 1, 3};
  Node& node = graph.nodes[1];
  node.op = Operator::relu;
  node.inputs = {0};
  node.shape = {1, 1, 3};
  node.mask = torch::tensor({0, 1, 0}, torch::kUInt8).view({1, 1, 3});
  node.coefficients = torch::tensor({{0.3f, 0.8f, 0.6f}});  // 1/4, 3/4 and 2/4 with two bits
  const torch::Tensor image = torch::tensor({0.9f, -2.f, -1.3f}).view({1, 1, 1, 3});
  // 3/4: ¾·¾ = 9/16 becomes 2/4, as its square does; ½ of that is 1/4. −5/4: ¾·−5/4 = −15/16 becomes −4/4, the square
  // 25/16 becomes 6/4, half of it 3/4.
  const torch::Tensor found = evaluate(graph, image, {2}).flatten();
  EXPECT_EQ(found[0].item<float>(), 0.25f + 0.5f + 0.25f);
  EXPECT_EQ(found[1].item<float>(), 0.f);
  EXPECT_EQ(found[2].item<float>(), 0.25f - 1.f + 0.75f);
  const torch::Tensor exact = evaluate(graph, image).flatten();
  EXPECT_NEAR(exact[2].item<float>(), 0.3 - 0.8 * 1.3 + 0.6 * 1.69, 1e-6);
}

TEST(FixedPoint, ComesCloserWithEveryBit) {
  const auto network = build_model("resnet18", {3, 8, 8, 5}, "model.width = 4");
  train_a_little(*network);
  const Graph graph = fold_batch_norms(record_graph(*network));
  const torch::Tensor images = images_for(network->shape()), exact = evaluate(graph, images);
  double last = 1e9;
  for (const int bits : {6, 10, 14, 18}) {
    const double error = (evaluate(graph, images, {bits}) - exact).abs().max().item<double>();
    EXPECT_LT(error, last) << bits;
    last = error;
  }
  EXPECT_LT(last, 1e-2);
  EXPECT_GT(last, 0);
}

}  // namespace
}  // namespace senet
