#include "support/support.h"
#include "tools/measure/compiled.h"
#include "tools/measure/engine_log.h"
#include "tools/measure/network_profile.h"

namespace senet {
namespace {

using testing::error_of;
using testing::TemporaryFolder;
using testing::write_file;

TEST(Compiled, CountsComparisonsOfSecretsElementwiseAndInWindows) {
  const Comparisons counted = count_comparisons(R"(
    %9 = pphlo.less %1, %8 : (tensor<20x1xf32>, tensor<20x1x!pphlo.secret<f32>>) -> tensor<20x1x!pphlo.secret<i1>>
    %10 = pphlo.multiply %9, %8 : (tensor<20x1x!pphlo.secret<i1>>, tensor<20x1x!pphlo.secret<f32>>) -> tensor<20x1x!pphlo.secret<f32>>
    %11 = pphlo.greater %2, %3 : (tensor<5xf32>, tensor<5xf32>) -> tensor<5xi1>
    %12 = pphlo.maximum %4, %5 : (tensor<2x3x!pphlo.secret<f32>>, tensor<2x3xf32>) -> tensor<2x3x!pphlo.secret<f32>>
    %17 = "pphlo.reduce_window"(%15, %16) <{window_dilations = array<i64: 1, 1, 1, 1>, window_dimensions = array<i64: 1, 2, 2, 1>, window_strides = array<i64: 1, 2, 2, 1>}> ({
    ^bb0(%arg5: tensor<!pphlo.secret<f32>>, %arg6: tensor<!pphlo.secret<f32>>):
      %18 = pphlo.less %arg6, %arg5 : (tensor<!pphlo.secret<f32>>, tensor<!pphlo.secret<f32>>) -> tensor<!pphlo.secret<i1>>
      %19 = pphlo.select %18, %arg5, %arg6 : (tensor<!pphlo.secret<i1>>, tensor<!pphlo.secret<f32>>, tensor<!pphlo.secret<f32>>) -> tensor<!pphlo.secret<f32>>
      pphlo.return %19 : tensor<!pphlo.secret<f32>>
    }) : (tensor<1x8x8x4x!pphlo.secret<f32>>, tensor<!pphlo.secret<f32>>) -> tensor<1x4x4x4x!pphlo.secret<f32>>
    %20 = pphlo.less %17, %16 : (tensor<!pphlo.secret<f32>>, tensor<!pphlo.secret<f32>>) -> tensor<!pphlo.secret<i1>>
)");
  EXPECT_EQ(counted.elementwise, 20 + 6 + 1);
  EXPECT_EQ(counted.in_windows, 3 * 64);
}

TEST(Compiled, CountsProductsOfTwoSecrets) {
  const Multiplications counted = count_multiplications(R"(
    %3 = pphlo.multiply %2, %2 : tensor<3x4x!pphlo.secret<f32>>
    %4 = pphlo.multiply %2, %arg1 : tensor<5x!pphlo.secret<f32>>
    %5 = pphlo.multiply %2, %arg1 : (tensor<1x7x!pphlo.secret<f32>>, tensor<1x7xf32>) -> tensor<1x7x!pphlo.secret<f32>>
    %6 = pphlo.multiply %4, %5 : (tensor<2x!pphlo.secret<f32>>, tensor<2x!pphlo.secret<f64>>) -> tensor<2x!pphlo.secret<f64>>
    %7 = pphlo.multiply %0, %0 : tensor<9xf32>
    %8 = pphlo.add %2, %2 : tensor<3x!pphlo.secret<f32>>
)");
  EXPECT_EQ(counted.squares, 12);
  EXPECT_EQ(counted.coefficients, 5 + 2);
}

const char* const kLog =
    "[info] [api.cc:172] [Profiling] SPU execution image-0 completed, input processing took 3.03e-06s, execution took "
    "0.029s, output processing took 2.3e-06s, total time 0.25s.\n"
    "[info] [api.cc:223] - pphlo.less, executed 1 times, duration 0.006s, send bytes 1120 recv bytes 1120, send "
    "actions 7, "
    "recv actions 7\n"
    "[info] [api.cc:233] Link details: total send bytes 17152, recv bytes 300, send actions 10, recv actions 4\n"
    "[info] [api.cc:172] [Profiling] SPU execution layer-0 completed, input processing took 3e-06s, execution took 1s, "
    "output processing took 2e-06s, total time 5e-05s.\n"
    "[info] [api.cc:233] Link details: total send bytes 0, recv bytes 0, send actions 0, recv actions 0\n";

TEST(EngineLog, GivesTheCostOfEachProgram) {
  const std::vector<RunCost> costs = read_run_costs(kLog, "log0");
  ASSERT_EQ(costs.size(), 2u);
  EXPECT_EQ(costs[0].name, "image-0");
  EXPECT_EQ(costs[0].seconds, 0.25);
  EXPECT_EQ(costs[0].sent, 17152);
  EXPECT_EQ(costs[0].received, 300);
  EXPECT_EQ(costs[0].messages_sent, 10);
  EXPECT_EQ(costs[0].messages_received, 4);
  EXPECT_EQ(costs[1].seconds, 5e-5);
}

TEST(EngineLog, RefusesALogThatEndsInTheMiddle) {
  const std::string log = kLog;
  EXPECT_NE(error_of([&] { read_run_costs(log.substr(0, log.rfind("[info]")), "log0"); }).find("log0: ends within"),
            std::string::npos);
  EXPECT_NE(error_of([&] { read_run_costs(log.substr(log.find("Link")), "log0"); }).find("by no program"),
            std::string::npos);
}

std::string messages(const std::vector<std::string>& keys) {
  std::string log;
  for (const std::string& key : keys) log += "[x] [trace] [spu link] key=" + key + ", tag=a->b, value=00\n";
  return log;
}
// As the engine logs what "@senet image-0;" is sent by.
const std::string kMark =
    "[x] [trace] [spu link] key=root:9:ALLGATHER, tag=\x01, value=4073656e657420696d6167652d303b\n";

TEST(Rounds, AreTheLongestChainOfMessagesThatWaitForEachOther) {
  const auto rounds = [](const std::vector<std::string>& first, const std::vector<std::string>& second) {
    return read_rounds(messages({"root:1:ALLGATHER"}) + kMark + messages(first),
                       messages({"root:1:ALLGATHER"}) + kMark + messages(second))
        .at("image-0")
        .count;
  };
  EXPECT_EQ(rounds({}, {}), 0);
  // Both at once, twice.
  EXPECT_EQ(rounds({"root:2:ALLGATHER", "root:3:ALLGATHER"}, {"root:2:ALLGATHER", "root:3:ALLGATHER"}), 2);
  // Three messages one way, one after the other without an answer: one round.
  EXPECT_EQ(rounds({"root:P2P-1:0->1", "root:P2P-2:0->1", "root:P2P-3:0->1"},
                   {"root:P2P-1:0->1", "root:P2P-2:0->1", "root:P2P-3:0->1"}),
            1);
  // There and back, and there again.
  EXPECT_EQ(rounds({"root:P2P-1:0->1", "root:P2P-1:1->0", "root:P2P-2:0->1"},
                   {"root:P2P-1:0->1", "root:P2P-1:1->0", "root:P2P-2:0->1"}),
            3);
  // An exchange written as two messages.
  EXPECT_EQ(rounds({"root:P2P-1:0->1", "root:P2P-1:1->0"}, {"root:P2P-1:1->0", "root:P2P-1:0->1"}), 1);
}

TEST(Rounds, OfThreadsAreThoseOfTheLongestWhateverTheyLogFirst) {
  const std::string ask = ":P2P-1:0->1", answer = ":P2P-1:1->0";
  const std::string one = "root-1", two = "root-2", main = "root:5:ALLGATHER";
  // Two threads ask and are answered, side by side: two rounds, and one more when both are done.
  for (const auto& client : std::vector<std::vector<std::string>>{
           {one + ask, one + answer, two + ask, two + answer, main},
           {one + ask, two + ask, two + answer, one + answer, main},
       }) {
    const auto found = read_rounds(kMark + messages(client),
                                   kMark + messages({two + ask, two + answer, one + ask, one + answer, main}));
    EXPECT_EQ(found.at("image-0").count, 3);
    EXPECT_EQ(found.at("image-0").unordered, 0);
    EXPECT_EQ(found.at("image-0").messages_sent[0], 3);
  }
}

TEST(Rounds, SayWhatNoOrderExplains) {
  // Each waits for what the other sends only afterwards.
  const auto found = read_rounds(kMark + messages({"root:P2P-1:1->0", "root:P2P-1:0->1"}),
                                 kMark + messages({"root:P2P-1:0->1", "root:P2P-1:1->0"}));
  EXPECT_EQ(found.at("image-0").count, 1);
  EXPECT_EQ(found.at("image-0").unordered, 1);
  EXPECT_NE(error_of([] { read_rounds(kMark, ""); }).find("second party has not logged"), std::string::npos);
}

TEST(Rounds, AreReadWhateverAMarksTagHolds) {
  std::string strange = kMark;
  strange.replace(strange.find('\x01'), 1, "\n\xff, key=\n\n");
  const auto rounds = read_rounds(strange + messages({"root:2:ALLGATHER"}), kMark + messages({"root:2:ALLGATHER"}));
  EXPECT_EQ(rounds.at("image-0").count, 1);
}

TEST(NetworkProfile, ComputesALatency) {
  const NetworkProfile lan{"LAN", 3000, 0.8};
  Traffic both_at_once;
  both_at_once.seconds = 1;
  both_at_once.sent[0] = both_at_once.sent[1] = 3'000'000;
  both_at_once.messages[0] = both_at_once.messages[1] = 10;
  both_at_once.rounds = 10;
  EXPECT_NEAR(latency(both_at_once, lan), 1 + 10 * 0.0004 + 0.008, 1e-12);
  Traffic in_turns = both_at_once;
  in_turns.in_turns = true;
  EXPECT_NEAR(latency(in_turns, lan), 1 + 10 * 0.0004 + 0.016, 1e-12);
}

TEST(NetworkProfile, IsReadStrictly) {
  const TemporaryFolder folder;
  const auto read = [&](const std::string& toml, Exit* exit = nullptr) {
    write_file(folder / "x.toml", toml);
    return error_of([&] { load_network_profile(folder / "x.toml"); }, exit);
  };
  write_file(folder / "lan.toml", "name = \"LAN\"\nbandwidth = 3000\nround_trip = 0.8\n");
  const NetworkProfile lan = load_network_profile(folder / "lan.toml");
  EXPECT_EQ(lan.name, "LAN");
  EXPECT_EQ(lan.bandwidth, 3000);
  EXPECT_EQ(lan.round_trip, 0.8);
  Exit exit{};
  EXPECT_NE(read("name = \"LAN\"\nbandwith = 3000\nround_trip = 1\n", &exit).find("did you mean 'bandwidth'?"),
            std::string::npos);
  EXPECT_EQ(exit, Exit::usage);
  EXPECT_NE(read("name = \"LAN\"\nround_trip = 1\n").find("needs"), std::string::npos);
}

TEST(NetworkProfile, TheShippedOnesAreSound) {
  for (const char* name : {"lan", "wan"}) {
    load_network_profile(testing::fs::path(SENET_TEST_SOURCE) / "experiments/costs" / (std::string(name) + ".toml"));
  }
}

}  // namespace
}  // namespace senet
