#include "kernels/piece_table.h"

#include "support/graphs.h"
#include "support/support.h"

namespace senet {
namespace {

TEST(PieceTable, IsWrittenWhenAddressesHaveChanged) {
  PieceTable table;
  const std::vector<int64_t> first = {1, 2, 3}, second = {4, 5};
  int a = 0, b = 0;
  const auto on = [&](const std::vector<const void*>& places, const std::vector<int64_t>& rows) {
    return static_cast<const int64_t*>(table.on(torch::kCPU, places, rows.data(), 8 * rows.size()));
  };
  const int64_t* memory = on({&a}, first);
  EXPECT_EQ(std::vector<int64_t>(memory, memory + 3), first);
  EXPECT_EQ(on({&a}, second), memory) << "the same addresses";
  EXPECT_EQ(std::vector<int64_t>(memory, memory + 3), first);
  memory = on({&b}, second);
  EXPECT_EQ(std::vector<int64_t>(memory, memory + 2), second);
}

TEST(PieceTable, OfARecordedStepIsItsOwnAndIsWrittenBeforeItIsReplayed) {
  PieceTable table;
  const std::vector<int64_t> plain = {1, 2, 3}, recorded = {4, 5};
  int a = 0;
  const auto on = [&](const std::vector<int64_t>& rows) {
    return static_cast<const int64_t*>(table.on(torch::kCPU, {&a}, rows.data(), 8 * rows.size()));
  };
  const int64_t* of_plain = on(plain);
  const int64_t* of_recorded = nullptr;
  testing::WatchedWork graph;
  graph.record([&] { of_recorded = on(recorded); });
  EXPECT_NE(of_recorded, of_plain);
  graph.replay();
  EXPECT_EQ(std::vector<int64_t>(of_recorded, of_recorded + 2), recorded);
  EXPECT_EQ(on(plain), of_plain);
  EXPECT_EQ(std::vector<int64_t>(of_plain, of_plain + 3), plain);
  const int64_t* again = nullptr;
  graph.record([&] { again = on(recorded); });
  EXPECT_EQ(again, of_recorded) << "memory from before the recording";
}

TEST(PieceTable, OfARecordedStepIsNotMadeInTheRecording) {
  PieceTable table;
  const std::vector<int64_t> small = {1}, large = {1, 2};
  int a = 0;
  const auto record = [&](const std::vector<int64_t>& rows) {
    testing::WatchedWork().record([&] { table.on(torch::kCPU, {&a}, rows.data(), 8 * rows.size()); });
  };
  EXPECT_THROW(record(small), Error);
  table.on(torch::kCPU, {&a}, small.data(), 8);
  record(small);
  EXPECT_THROW(record(large), Error);
}

}  // namespace
}  // namespace senet
