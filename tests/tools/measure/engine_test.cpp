#include "tools/measure/engine.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <regex>
#include <set>
#include <thread>

#include "results/result.h"
#include "support/models.h"
#include "support/program.h"
#include "tools/measure/measurement.h"

namespace senet {
namespace {

using nlohmann::json;
using testing::error_of;
using testing::json_of;
using testing::Outcome;
using testing::Process;
using testing::run_program;
using testing::slurp;
using testing::TemporaryFolder;
using testing::write_file;
namespace fs = std::filesystem;

// The environment that scripts/test has set up; not there where no package index could be reached.
fs::path environment() { return fs::path(SENET_TEST_SOURCE) / ".venv-mpc"; }
#define NEEDS_ENGINE() \
  if (!fs::exists(environment() / "bin/python")) GTEST_SKIP() << "no .venv-mpc: scripts/setup-mpc could not make it"

// A finished run of two budgets, and SENet++ at two widths.
const TemporaryFolder& finished() {
  static const TemporaryFolder folder;
  static const bool made = [] {
    write_file(folder / "tiny.toml", testing::tiny_experiment() + "[[cell]]\nlabel = \"wide\"\nbudgets = [\"50%\"]\n" +
                                         "[[cell]]\nlabel = \"two\"\nbudgets = [\"20%\"]\nmask.widths = [0.5, 1.0]\n");
    const Outcome outcome = run_program({"run", "tiny.toml", "--threads", "2"}, folder.path());
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    return true;
  }();
  EXPECT_TRUE(made);
  return folder;
}

Outcome measure_finished(std::vector<std::string> arguments, const std::string& engine = environment().string()) {
  arguments.insert(arguments.begin(), {"measure", "--engine", engine});
  return run_program(arguments, finished().path());
}

json result_of(const std::string& part) {
  for (const Result& result : load_results(finished() / "results")) {
    if (result.id().find(part) != std::string::npos) return json::parse(to_json(result).dump());
  }
  ADD_FAILURE() << "no result's name has " << part;
  return {};
}

int64_t sum_of(const json& measured, const char* field, int party) {
  int64_t sum = 0;
  for (const json& layer : measured["layers"]) sum += layer[field][party].get<int64_t>();
  return sum;
}

TEST(Measure, Semi2kTransfersWhatTheKeptReLUsCostAndEveryLayerIsAccountedFor) {
  NEEDS_ENGINE();
  const json all = json_of(
      measure_finished({"senet-20", "wide", "--protocol", "semi2k", "--images", "3", "--work", "work", "--json"}));
  ASSERT_EQ(all.size(), 2u);
  for (const json& measured : all) {
    const int64_t relus = measured["relus"];
    EXPECT_EQ(measured["comparisons"]["relu"], relus);
    EXPECT_EQ(measured["comparisons"]["max_pool"], 0);
    EXPECT_EQ(measured["agreement"]["same_class"], 1);
    EXPECT_GT(measured["agreement"]["largest_error"], 0);
    for (const int party : {0, 1}) {
      // SPU's SEMI2K sends 72 bytes each way for the comparison and the product of one ReLU.
      EXPECT_EQ(measured["cost"]["relu"]["sent"][party], 72 * relus);
      EXPECT_EQ(sum_of(measured, "sent", party), measured["later"]["sent"][party]);
      EXPECT_EQ(sum_of(measured, "messages", party), measured["later"]["messages"][party]);
      EXPECT_GT(measured["memory"][party], 10'000'000);
      for (const json& layer : measured["layers"]) EXPECT_GT(layer["memory"][party], 10'000'000) << layer["name"];
    }
    // Both parties send in each round.
    EXPECT_EQ(measured["later"]["rounds"], measured["later"]["messages"][0]);
    ASSERT_EQ(measured["latency"].size(), 2u);
    EXPECT_EQ(measured["latency"][0]["network"], "LAN");
    EXPECT_GT(measured["latency"][1]["later"], measured["latency"][0]["later"]);
  }
  EXPECT_EQ(all[0]["relus"], result_of("senet-20")["result"]["relus"]);
  EXPECT_EQ(all[1]["relus"], result_of("wide")["result"]["relus"]);
  EXPECT_EQ(all[0]["cost"]["linear"]["sent"], all[1]["cost"]["linear"]["sent"]);
  // Written where no result is looked for, and the export with it.
  EXPECT_EQ(json::parse(slurp(finished() / "results/tiny/measured/senet-20pct-s1.semi2k.json")), all[0]);
  EXPECT_EQ(load_results(finished() / "results").size(), 3u);
  EXPECT_TRUE(fs::exists(finished() / "work/tiny-senet-20pct-s1.semi2k/export/program.mlir"));
}

TEST(Measure, CheetahGivesTheSameClassesAndItsFirstRunPaysASetUp) {
  NEEDS_ENGINE();
  const json measured = json_of(measure_finished({"--protocol", "cheetah", "senet-20", "--images", "2", "--json"}))[0];
  EXPECT_EQ(measured["comparisons"]["relu"], measured["relus"]);
  EXPECT_EQ(measured["agreement"]["same_class"], 1);
  EXPECT_GT(measured["first"]["sent"][0].get<int64_t>(), 2 * measured["later"]["sent"][0].get<int64_t>());
  EXPECT_GT(measured["cost"]["relu"]["sent"][0], 0);
}

TEST(Measure, NaiveMasksCompareEveryElementAndSaveNothing) {
  NEEDS_ENGINE();
  for (const char* masking : {"select", "multiply"}) {
    SCOPED_TRACE(masking);
    const json measured = json_of(
        measure_finished({"senet-20", "--protocol", "semi2k", "--images", "1", "--masking", masking, "--json"}))[0];
    const json result = result_of("senet-20");
    int64_t all = 0;
    for (const json& site : result["sites"]) all += site["relus"].get<int64_t>();
    EXPECT_EQ(measured["relus"], result["result"]["relus"]);
    EXPECT_EQ(measured["comparisons"]["relu"], all);
    EXPECT_GE(measured["cost"]["relu"]["sent"][0].get<int64_t>(), 72 * all);
    EXPECT_EQ(measured["agreement"]["same_class"], 1);
  }
}

TEST(Measure, AWidthOfSENetPlusPlusIsMeasuredOnItsOwn) {
  NEEDS_ENGINE();
  const json measured =
      json_of(measure_finished({"two", "--width", "0.5", "--protocol", "semi2k", "--images", "1", "--json"}))[0];
  EXPECT_EQ(measured["width"], 0.5);
  EXPECT_EQ(measured["comparisons"]["relu"], measured["relus"]);
  EXPECT_LT(measured["relus"], result_of("two")["result"]["relus"]);
}

// A tiny network's measurement by an Engine, against a ReLU count and logits that may be wrong.
std::string error_of_measuring(int64_t more_relus, double more_logits,
                               const std::map<std::string, int64_t>& kept = {}) {
  const auto network = testing::build_model("resnet18", {2, 4, 4, 3, 1, 1, {1, 1, 1, 1}}, "model.width = 1");
  const torch::NoGradGuard no_gradient;
  const NetworkExport exported(*network, Masking::gather);
  network->eval();
  const torch::Tensor images = testing::random_tensor({1, 2, 4, 4}, 5, torch::kFloat32);
  const Golden golden{images, network->forward(images) + more_logits, torch::zeros({1}, torch::kInt64)};
  const TemporaryFolder folder;
  const Engine engine(environment().string(), SENET_TEST_PREFIX);
  const Subject subject{exported, golden, exported.graph.relus() + more_relus, {}, kept, Json::object()};
  return error_of([&] {
    measure(engine, subject, {folder / "export", folder.path(), "semi2k", 18, 1, 0, 600}, {}, [] { return false; });
  });
}

TEST(MeasureFails, WhenTheNetworkDoesNotKeepWhatItsResultCounts) {
  NEEDS_ENGINE();
  std::string error = error_of_measuring(1, 0);
  EXPECT_NE(error.find("the network keeps 88 ReLUs, its result counts 89"), std::string::npos) << error;
  // And where: a site of 1×4×4, all of them kept.
  error = error_of_measuring(0, 0, {{"relu", 16}, {"layer1.0.relu1", 15}});
  EXPECT_NE(error.find("layer1.0.relu1: 16 kept, the result says 15"), std::string::npos) << error;
  EXPECT_EQ(error.find(" relu:"), std::string::npos) << error;
}

TEST(MeasureFails, WhenLogitsAreOffByMoreThanFixedPointNumbersExplain) {
  NEEDS_ENGINE();
  // Truncation in the engine rounds at random, so the last digits of what it reports differ from run to run.
  const std::string error = error_of_measuring(0, 0.5);
  std::smatch found;
  ASSERT_TRUE(std::regex_search(error, found, std::regex("logits are off by up to ([0-9.]+);"))) << error;
  EXPECT_NEAR(std::stod(found[1]), 0.5, 1e-3);
}

// The network under SEMI2K, on two random images.
Json measured_in_process(Network& network) {
  const torch::NoGradGuard no_gradient;
  const NetworkExport exported(network, Masking::gather);
  const NetworkShape& shape = network.shape();
  const torch::Tensor images =
      testing::random_tensor({2, shape.channels, shape.height, shape.width}, 5, torch::kFloat32);
  network.eval();
  const Golden golden{images, network.forward(images), torch::zeros({2}, torch::kInt64)};
  const TemporaryFolder folder;
  const Engine engine(environment().string(), SENET_TEST_PREFIX);
  const Subject subject{exported, golden, exported.graph.relus(), exported.graph.multiplications(), {}, Json::object()};
  return measure(engine, subject, {folder / "export", folder.path(), "semi2k", 18, 2, 0, 600}, {},
                 [] { return false; });
}

struct Case {
  const char* name;
  const char* model;
  const char* options;
  NetworkShape shape;
};

class EveryModel : public ::testing::TestWithParam<Case> {};

TEST_P(EveryModel, RunsInTheEngineAsInPlaintext) {
  NEEDS_ENGINE();
  const auto network = testing::build_model(GetParam().model, GetParam().shape, GetParam().options);
  std::vector<torch::Tensor> masks;
  uint64_t seed = 7;
  for (const ReluSite& site : network->sites()) {
    torch::Tensor mask = testing::random_tensor(torch::IntArrayRef(site.shape()), ++seed).gt(0.8).to(torch::kUInt8);
    if (site.index() % 4 == 1) mask.zero_();
    if (site.index() % 4 == 2) mask.fill_(1);
    masks.push_back(mask);
  }
  network->set_masks(masks);
  const Json measured = measured_in_process(*network);
  const int64_t pooling = count(*network).max_pool_comparisons;
  EXPECT_EQ(measured["comparisons"]["max_pool"], pooling);
  EXPECT_EQ(measured["cost"].contains("max_pool"), pooling > 0);
}

// A depthwise convolution and one in two groups, with two sites: one keeps a fifth, the other none.
class Grouped final : public Network {
 public:
  Grouped() : Network({2, 6, 6, 3}) {
    conv_ = register_module("conv", std::make_shared<Conv2d>(Conv2dOptions{2, 4, 3, 1, 1}));
    depthwise_ = register_module("depthwise", std::make_shared<Conv2d>(Conv2dOptions{4, 8, 3, 2, 1, false, false, 4}));
    pairs_ = register_module("pairs", std::make_shared<Conv2d>(Conv2dOptions{8, 4, 1, 1, 0, true, false, 2}));
    linear_ = register_module("linear", std::make_shared<Classifier>(4, 3));
    first_ = add_site("first", {4, 6, 6}, 1, "conv", conv_);
    second_ = add_site("second", {8, 3, 3}, 1, "depthwise", depthwise_);
    initialise(3);
  }
  torch::Tensor forward(const torch::Tensor& images, Observer* observer) override {
    const torch::Tensor x = first_->forward(conv_->forward(images), observer);
    const torch::Tensor y = second_->forward(depthwise_->forward(x), observer);
    return linear_->forward(pairs_->forward(y).mean({2, 3}));
  }

 private:
  std::shared_ptr<Conv2d> conv_, depthwise_, pairs_;
  std::shared_ptr<Classifier> linear_;
  const ReluSite* first_;
  const ReluSite* second_;
};

TEST(Measure, PolynomialsBesideMasksAndConvolutionsInGroupsGiveTheSameLogits) {
  NEEDS_ENGINE();
  for (const int64_t degree : {1, 2}) {
    SCOPED_TRACE(degree);
    Grouped network;
    for (const ReluSite& site : network.sites()) {
      torch::Tensor mask = testing::random_tensor(torch::IntArrayRef(site.shape()), 4).gt(0.8).to(torch::kUInt8);
      if (site.name() == "second") mask.zero_();
      const torch::Tensor coefficients =
          testing::random_tensor({site.shape()[0], degree + 1}, 8, torch::kFloat32) * 0.5;
      network.set_activation(site, std::make_shared<MaskedPolynomial>(mask, coefficients));
    }
    const NetworkCounts counts = count(network);
    const Json measured = measured_in_process(network);
    EXPECT_EQ(measured["comparisons"]["relu"], counts.relus);
    EXPECT_EQ(measured["multiplications"].value("squares", int64_t{0}), counts.multiplications.squares);
    EXPECT_EQ(measured["multiplications"]["secret_coefficients"], counts.multiplications.coefficients);
    // For a product SPU's SEMI2K opens both factors, 16 bytes each way, and rescales by 4 more; for a square, too.
    const int64_t products = counts.multiplications.squares + counts.multiplications.coefficients;
    EXPECT_EQ(measured["cost"]["polynomial"]["sent"][0], 20 * products);
    EXPECT_EQ(measured["cost"]["relu"]["sent"][0], 72 * counts.relus);
    EXPECT_EQ(measured["agreement"]["same_class"], 1);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Models, EveryModel,
    ::testing::Values(Case{"wrn22_8", "wrn22_8", "model.width = 4", {2, 8, 8, 3, 1, 1, {1, 1, 1}}},
                      Case{
                          "vgg16", "vgg16", "model.width = 2\nmodel.pools = \"all\"\nmodel.hidden = 5", {2, 32, 32, 3}},
                      Case{"resnet18_imagenet",
                           "resnet18",
                           "model.width = 2\nmodel.stem = \"imagenet\"",
                           {3, 19, 17, 3, 1, 1, {1, 1, 1, 1}}}),
    [](const auto& instance) { return std::string(instance.param.name); });

// An environment whose Python is a script: what it does as a party.
fs::path fake_engine(const fs::path& folder, const std::string& party, const std::string& version = "0.9.5") {
  write_file(folder / "bin/python",
             "#!/bin/sh\n[ \"$2\" = --version ] && echo '{\"spu\": \"" + version + "\"}' && exit 0\n" + party + "\n");
  fs::permissions(folder / "bin/python", fs::perms::owner_all);
  return folder;
}

TEST(MeasureFails, WithoutAnEngineSayingHowToGetOne) {
  const Outcome outcome = measure_finished({"senet-20"}, "nowhere");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.error.find("nowhere/bin/python does not exist; scripts/setup-mpc"), std::string::npos)
      << outcome.error;
}

TEST(MeasureFails, WithAnotherVersionOrNone) {
  const TemporaryFolder folder;
  const Outcome other = measure_finished({"senet-20"}, fake_engine(folder / "other", "exit 0", "0.9.3").string());
  EXPECT_EQ(other.code, 2);
  EXPECT_NE(other.error.find("is SPU 0.9.3; this harness measures with 0.9.5"), std::string::npos) << other.error;
  write_file(folder / "none/bin/python", "#!/bin/sh\necho No module named spu >&2\nexit 1\n");
  fs::permissions(folder / "none/bin/python", fs::perms::owner_all);
  const Outcome none = measure_finished({"senet-20"}, (folder / "none").string());
  EXPECT_EQ(none.code, 2);
  EXPECT_NE(none.error.find("no working engine (No module named spu"), std::string::npos) << none.error;
}

TEST(MeasureFails, WithTheLastLinesOfAnEngineThatCrashes) {
  const TemporaryFolder folder;
  const fs::path engine = fake_engine(folder / "x", "[ $2 = 0 ] && exec sleep 100\necho some words >&2\nkill -SEGV $$");
  const Outcome outcome = measure_finished({"senet-20", "--protocol", "semi2k"}, engine.string());
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.error.find("party 1 (server) of the engine was ended by signal 11"), std::string::npos)
      << outcome.error;
  EXPECT_NE(outcome.error.find("some words"), std::string::npos) << outcome.error;
  EXPECT_EQ(outcome.out, "");
}

TEST(MeasureFails, WhenTimeIsUp) {
  const TemporaryFolder folder;
  const fs::path engine = fake_engine(folder / "x", "echo still at it\nexec sleep 100");
  const Outcome outcome = measure_finished({"senet-20", "--protocol", "semi2k", "--timeout", "1"}, engine.string());
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.error.find("not done after 1 s"), std::string::npos) << outcome.error;
  EXPECT_NE(outcome.error.find("1 of 1 measurements failed"), std::string::npos) << outcome.error;
  EXPECT_NE(outcome.error.find("still at it"), std::string::npos) << outcome.error;
}

TEST(MeasureFails, WhenAPortIsTaken) {
  const TemporaryFolder folder;
  const fs::path engine = fake_engine(folder / "x", "exec sleep 100");
  const int taken = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(taken, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(listen(taken, 1), 0);
  socklen_t size = sizeof(address);
  getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size);
  const std::string port = std::to_string(ntohs(address.sin_port));
  const Outcome outcome = measure_finished({"senet-20", "--port", port}, engine.string());
  close(taken);
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.error.find("port " + port + " on loopback cannot be used"), std::string::npos) << outcome.error;
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string stat = slurp(entry.path() / "stat");
    const size_t end = stat.rfind(')');
    if (end == std::string::npos) continue;
    std::istringstream rest(stat.substr(end + 1));
    char state = 0;
    pid_t found = 0;
    if (rest >> state >> found && found == parent && state != 'Z') children.push_back(std::stoi(name));
  }
  return children;
}

bool alive(pid_t pid) {
  const std::string stat = slurp(fs::path("/proc") / std::to_string(pid) / "stat");
  return !stat.empty() && stat.find(") Z") == std::string::npos;
}

// A measurement whose two parties sleep.
class Sleeping {
 public:
  Sleeping()
      : process_({"measure", "senet-20", "--protocol", "semi2k", "--engine",
                  fake_engine(folder_ / "x", "exec sleep 300").string(), "--results", (finished() / "results").string(),
                  "--runs", (finished() / "runs").string()},
                 folder_.path(), {"TMPDIR=" + folder_.path().string()}) {
    for (int i = 0; i < 600 && parties.size() < 2 && process_.running(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      parties = children_of(process_.pid());
      for (const pid_t party : parties) {
        if (slurp(fs::path("/proc") / std::to_string(party) / "comm") != "sleep\n") parties.clear();
        if (parties.empty()) break;
      }
    }
    EXPECT_EQ(parties.size(), 2u);
  }
  Process& process() { return process_; }
  void expect_nothing_left() {
    for (int i = 0; i < 100 && (alive(parties[0]) || alive(parties[1])); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_FALSE(alive(parties[0]));
    EXPECT_FALSE(alive(parties[1]));
  }
  void expect_no_folder_left() {
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      EXPECT_EQ(entry.path().filename().string().rfind("senet-", 0), std::string::npos) << entry.path();
    }
  }
  std::vector<pid_t> parties;

 private:
  TemporaryFolder folder_;
  Process process_;
};

TEST(MeasureEnds, ItsOtherPartyWhenOneDies) {
  Sleeping sleeping;
  ASSERT_EQ(sleeping.parties.size(), 2u);
  kill(sleeping.parties[1], SIGKILL);
  const Outcome outcome = sleeping.process().wait();
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.error.find("was ended by signal 9"), std::string::npos) << outcome.error;
  sleeping.expect_nothing_left();
  sleeping.expect_no_folder_left();
}

TEST(MeasureEnds, BothPartiesOnCtrlC) {
  Sleeping sleeping;
  ASSERT_EQ(sleeping.parties.size(), 2u);
  sleeping.process().signal(SIGINT);
  EXPECT_EQ(sleeping.process().wait().code, 130);
  sleeping.expect_nothing_left();
  sleeping.expect_no_folder_left();
}

TEST(MeasureEnds, BothPartiesWhenItIsKilledItself) {
  Sleeping sleeping;
  ASSERT_EQ(sleeping.parties.size(), 2u);
  sleeping.process().signal(SIGKILL);
  EXPECT_EQ(sleeping.process().wait().code, 128 + SIGKILL);
  sleeping.expect_nothing_left();
}

TEST(Export, WritesAProgramWithGoldenLogitsAndAFixedPointCheck) {
  const json manifest = json_of(run_program(
      {"export", "senet-20", "--format", "stablehlo", "exported", "--images", "4", "--fraction-bits", "6,18", "--json"},
      finished().path()));
  EXPECT_EQ(manifest["relus"], result_of("senet-20")["result"]["relus"]);
  EXPECT_EQ(manifest["golden_images"], 4);
  ASSERT_EQ(manifest["fixed_point"]["scores"].size(), 2u);
  EXPECT_EQ(manifest["fixed_point"]["images"], 64);
  EXPECT_EQ(manifest["fixed_point"]["accuracy"], result_of("senet-20")["result"]["accuracy"]);
  EXPECT_EQ(manifest["fixed_point"]["scores"][1]["agreement"], 1);
  EXPECT_GT(manifest["fixed_point"]["scores"][0]["largest_error"],
            manifest["fixed_point"]["scores"][1]["largest_error"]);
  const json written = json::parse(slurp(finished() / "exported/manifest.json"));
  int64_t images = 0;
  for (const json& argument : written["arguments"]) {
    const fs::path file = finished() / "exported" / argument["file"].get<std::string>();
    int64_t size = argument["type"] == "i1" ? 1 : 4;
    for (const json& dimension : argument["shape"]) size *= dimension.get<int64_t>();
    if (argument["owner"] == "client") size *= 4, ++images;
    EXPECT_EQ(static_cast<int64_t>(fs::file_size(file)), size) << file;
  }
  EXPECT_EQ(images, 1);
  EXPECT_TRUE(fs::exists(finished() / "exported/golden.safetensors"));
  // Again into the same folder, but never into one that holds something else.
  EXPECT_EQ(
      run_program({"export", "senet-20", "--format", "stablehlo", "exported", "--limit", "1"}, finished().path()).code,
      0);
  const Outcome refused = run_program({"export", "senet-20", "--format", "stablehlo", "runs"}, finished().path());
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.error.find("is no export"), std::string::npos) << refused.error;
}

}  // namespace
}  // namespace senet
