#include "tools/export/program.h"

#include "support/models.h"
#include "support/tiny_network.h"
#include "tools/export/record.h"

namespace senet {
namespace {

using testing::TinyNetwork;

// Two sites, of 3×5×5 and 4×3×3.
Graph tiny_graph(const torch::Tensor& mask1, const torch::Tensor& mask2) {
  TinyNetwork network(2, 3, 5, 4);
  network.initialise(1);
  network.set_masks({mask1, mask2});
  return fold_batch_norms(record_graph(network));
}
torch::Tensor mask_of(std::vector<int64_t> shape, const std::vector<std::vector<int64_t>>& kept) {
  torch::Tensor mask = torch::zeros(shape, torch::kUInt8);
  for (const auto& at : kept) mask[at[0]][at[1]][at[2]] = 1;
  return mask;
}
const torch::Tensor& some1() {
  static const torch::Tensor mask = mask_of({3, 5, 5}, {{0, 0, 1}, {2, 0, 0}, {1, 4, 4}});
  return mask;
}
torch::Tensor none2() { return torch::zeros({4, 3, 3}, torch::kUInt8); }
torch::Tensor all2() { return torch::ones({4, 3, 3}, torch::kUInt8); }

const Argument* find(const Program& program, const std::string& name) {
  for (const Argument& argument : program.arguments) {
    if (argument.name == name) return &argument;
  }
  return nullptr;
}
const ProgramLayer* layer(const Program& program, const std::string& name) {
  for (const ProgramLayer& layer : program.layers) {
    if (layer.name == name) return &layer;
  }
  return nullptr;
}
int times(const std::string& text, const std::string& word) {
  int count = 0;
  for (size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += word.size()) ++count;
  return count;
}

TEST(Program, GathersExactlyTheKeptElementsInTheLayoutsOrder) {
  const Program program = make_program(tiny_graph(some1(), none2()));
  // H×W×C: (0, 0, c=2) is element 2, (0, 1, c=0) is 3, (4, 4, c=1) is 73.
  const Argument* kept = find(program, "site1.kept");
  ASSERT_TRUE(kept);
  EXPECT_TRUE(kept->value.equal(torch::tensor({2, 3, 73}, torch::kInt32).view({3, 1})));
  torch::Tensor back = torch::arange(75, torch::kInt32);
  back[2] = 75;
  back[3] = 76;
  back[73] = 77;
  const Argument* map = find(program, "site1.back");
  ASSERT_TRUE(map);
  EXPECT_TRUE(map->value.equal(back.view({75, 1})));
  EXPECT_EQ(kept->owner, Owner::everyone);
  EXPECT_EQ(layer(program, "site1")->comparisons, 3);
  EXPECT_EQ(program.comparisons(Cost::relu), 3);
}

TEST(Program, HasNoOperationForALayerThatKeepsNoneAndAPlainOneForOneThatKeepsAll) {
  const Program none = make_program(tiny_graph(some1(), none2()));
  EXPECT_FALSE(layer(none, "site2"));
  EXPECT_EQ(times(none.text(), "stablehlo.maximum"), 1);

  const Program all = make_program(tiny_graph(some1(), all2()));
  ASSERT_TRUE(layer(all, "site2"));
  EXPECT_EQ(times(layer(all, "site2")->body, "stablehlo."), 2) << layer(all, "site2")->body;
  EXPECT_EQ(layer(all, "site2")->comparisons, 36);
}

TEST(Program, ComparesEveryElementInTheNaiveForms) {
  for (const Masking masking : {Masking::select, Masking::multiply}) {
    SCOPED_TRACE(name_of(masking));
    const Program program = make_program(tiny_graph(some1(), none2()), masking);
    EXPECT_EQ(program.comparisons(Cost::relu), 75 + 36);
    EXPECT_EQ(times(program.text(), "stablehlo.gather"), 0);
    EXPECT_EQ(times(program.text(), "stablehlo.maximum"), 2);
    EXPECT_EQ(find(program, "site1.mask")->owner, Owner::everyone);
    EXPECT_EQ(find(program, "site1.mask")->value.sum().item<int64_t>(), 3);
  }
  EXPECT_EQ(masking_of("select"), Masking::select);
  Exit exit{};
  testing::error_of([] { masking_of("scatter"); }, &exit);
  EXPECT_EQ(exit, Exit::usage);
}

TEST(Program, SaysWhoOwnsWhat) {
  const Program program = make_program(tiny_graph(some1(), all2()));
  EXPECT_EQ(program.arguments.front().name, "image");
  for (const Argument& argument : program.arguments) {
    const std::string what = argument.name.substr(argument.name.rfind('.') + 1);
    const Owner expected = what == "image"                      ? Owner::client
                           : what == "weight" || what == "bias" ? Owner::server
                                                                : Owner::everyone;
    EXPECT_EQ(argument.owner, expected) << argument.name;
  }
}

TEST(Program, CallsAFunctionForEachLayerAndKeepsConstantsOutOfTheText) {
  const Program program = make_program(tiny_graph(some1(), all2()));
  const std::string text = program.text();
  EXPECT_EQ(times(text, "func.func @main("), 1);
  EXPECT_EQ(times(text, "func.call"), static_cast<int>(program.layers.size()));
  EXPECT_EQ(times(text, "func.func private"), static_cast<int>(program.layers.size()));
  EXPECT_NE(
      text.find("stablehlo.convolution(%x0, %weight) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = "
                "{stride = [2, 2], pad = [[1, 1], [1, 1]]}"),
      std::string::npos)
      << text;
  EXPECT_LT(text.size(), 20000u);
  for (const ProgramLayer& each : program.layers) {
    EXPECT_EQ(times(program.text_of(each), "func.func"), 1);
    EXPECT_EQ(times(program.text_of(each), "@main"), 1);
  }
}

TEST(Program, WritesAConvolutionInGroupsAsOneForEachGroup) {
  Graph graph;
  graph.nodes.resize(2);
  graph.nodes[0].op = Operator::image;
  graph.nodes[0].shape = {4, 5, 5};
  Node& node = graph.nodes[1];
  node.op = Operator::convolution;
  node.name = "grouped";
  node.inputs = {0};
  node.shape = {6, 5, 5};
  node.weight = torch::arange(6 * 2 * 9, torch::kFloat32).view({6, 2, 3, 3});
  node.bias = torch::ones({6});
  node.window = {{3, 3}, {1, 1}, {1, 1}};
  node.groups = 2;
  const Program program = make_program(graph);
  const std::string& body = layer(program, "grouped")->body;
  EXPECT_EQ(times(body, "stablehlo.convolution"), 2) << body;
  EXPECT_EQ(times(body, "feature_group_count = 1"), 2) << body;
  EXPECT_EQ(times(body, "(tensor<1x5x5x2xf32>, tensor<3x3x2x3xf32>) -> tensor<1x5x5x3xf32>"), 2) << body;
  EXPECT_NE(body.find("%x0 [0:1:1, 0:5:1, 0:5:1, 2:4:1]"), std::string::npos) << body;
  EXPECT_NE(body.find("%weight [0:3:1, 0:3:1, 0:2:1, 3:6:1]"), std::string::npos) << body;
  EXPECT_NE(body.find("dim = 3 : (tensor<1x5x5x3xf32>, tensor<1x5x5x3xf32>) -> tensor<1x5x5x6xf32>"), std::string::npos)
      << body;
}

// The tiny graph with c₀ + c₁x + c₂x² of each channel beside the mask of its first site.
Graph with_polynomial(const torch::Tensor& mask1, int64_t degree) {
  Graph graph = tiny_graph(mask1, all2());
  for (Node& node : graph.nodes) {
    if (node.name == "site1")
      node.coefficients = torch::arange(3 * (degree + 1), torch::kFloat32).view({3, degree + 1});
  }
  return graph;
}

TEST(Program, ComparesTheKeptElementsAndGivesTheOthersTheirPolynomial) {
  const Program program = make_program(with_polynomial(some1(), 2));
  const ProgramLayer* compared = layer(program, "site1");
  const ProgramLayer* beside = layer(program, "site1.polynomial");
  ASSERT_TRUE(compared && beside);
  EXPECT_EQ(compared->cost, Cost::relu);
  EXPECT_EQ(compared->comparisons, 3);
  EXPECT_EQ(compared->type.shape, std::vector<int64_t>{3});
  EXPECT_FALSE(compared->multiplications.any());

  EXPECT_EQ(beside->cost, Cost::polynomial);
  EXPECT_EQ(beside->comparisons, 0);
  EXPECT_EQ(beside->multiplications.squares, 72);
  EXPECT_EQ(beside->multiplications.coefficients, 144);
  EXPECT_EQ(program.multiplications().squares, 72);
  EXPECT_EQ(times(beside->body, "stablehlo.multiply"), 3) << beside->body;
  EXPECT_EQ(times(beside->body, ": tensor<72xf32>\n"), 5) << beside->body;
  ASSERT_GE(beside->parameters.size(), 2u);
  EXPECT_EQ(beside->parameters[1].input, compared->output);

  // H×W×C: elements 2, 3 and 73 are kept, and stand behind the 72 others.
  const torch::Tensor rest = find(program, "site1.polynomial.rest")->value.flatten();
  EXPECT_EQ(rest.size(0), 72);
  EXPECT_EQ(rest[2].item<int>(), 4);
  const torch::Tensor back = find(program, "site1.polynomial.back")->value.flatten();
  EXPECT_TRUE(back.slice(0, 0, 5).equal(torch::tensor({0, 1, 72, 73, 2}, torch::kInt32)));
  EXPECT_EQ(back[73].item<int>(), 74);
  EXPECT_EQ(back[74].item<int>(), 71);
  const torch::Tensor channels = find(program, "site1.polynomial.channels")->value.flatten();
  EXPECT_TRUE(channels.equal(rest.remainder(3)));
  // A coefficient is the server's secret.
  EXPECT_TRUE(find(program, "site1.polynomial.c2")->value.equal(torch::tensor({2.f, 5.f, 8.f})));
  EXPECT_EQ(find(program, "site1.polynomial.c2")->owner, Owner::server);
  EXPECT_EQ(find(program, "site1.polynomial.rest")->owner, Owner::everyone);
}

TEST(Program, APolynomialOfDegreeOneSquaresNothingAndNeedsNoGatherWhereNothingIsKept) {
  const Program some = make_program(with_polynomial(some1(), 1));
  EXPECT_EQ(some.multiplications().squares, 0);
  EXPECT_EQ(some.multiplications().coefficients, 72);
  const Program none = make_program(with_polynomial(torch::zeros({3, 5, 5}, torch::kUInt8), 1));
  EXPECT_FALSE(layer(none, "site1"));
  EXPECT_EQ(layer(none, "site1.polynomial")->multiplications.coefficients, 75);
  EXPECT_EQ(times(layer(none, "site1.polynomial")->body, "stablehlo.gather"), 0);
  EXPECT_EQ(none.comparisons(Cost::relu), 36);
  const Program all = make_program(with_polynomial(torch::ones({3, 5, 5}, torch::kUInt8), 1));
  EXPECT_FALSE(layer(all, "site1.polynomial"));
  EXPECT_FALSE(all.multiplications().any());
}

TEST(Program, TheNaiveFormsComputeBothOfEveryElement) {
  for (const Masking masking : {Masking::select, Masking::multiply}) {
    SCOPED_TRACE(name_of(masking));
    const Program program = make_program(with_polynomial(some1(), 2), masking);
    EXPECT_EQ(program.comparisons(Cost::relu), 75 + 36);
    EXPECT_EQ(program.multiplications().squares, 75);
    EXPECT_EQ(program.multiplications().coefficients, 150);
    EXPECT_EQ(times(program.text(), "stablehlo.gather"), 0);
  }
}

TEST(Program, CountsMaxPoolingsComparisonsApart) {
  const auto network = testing::build_model("vgg16", {3, 32, 32, 10}, "model.width = 64");
  const Program program = make_program(record_graph(*network));
  EXPECT_EQ(program.comparisons(Cost::max_pool), 86016);
  EXPECT_EQ(program.comparisons(Cost::relu), network->relus());
}

}  // namespace
}  // namespace senet
